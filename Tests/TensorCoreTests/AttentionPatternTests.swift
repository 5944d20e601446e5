import TensorCore
import TestSupport
import Testing

/// Which tokens attend to each other: runs of several pieces and sequences along a volume's axes.
@Suite(.onEveryDevice)
struct AttentionPatternTests {
  private static let reference = ReferenceAttention(
    heads: 2, width: 6, layout: .perHead, scale: 0.4, angles: nil)
  private static let channels = 36

  /// Runs patterns over random tokens.
  private func attend(
    _ patterns: [AttentionPattern], tokens: Int, kernels: String
  ) throws -> (result: [Float], x: [Float]) {
    let context = try ComputeContext(threadCount: 2)
    var numbers = SeededNumbers(UInt64(tokens))
    let x = numbers.floats(tokens * Self.channels, scale: 2)
    let tensor = try context.tensor(x, shape: [tokens, Self.channels])
    let result = try KernelSelection.withKernels(kernels) {
      try context.attention(
        tensor, heads: 2, layout: .perHead, patterns, scale: Float(Self.reference.scale))
    }
    return (try context.read(result), x)
  }

  @Test(arguments: KernelSelection.available)
  func runsOfSeveralPiecesMakeOneSequence(_ kernels: String) throws {
    // Two samples of 60 tokens, of which three pieces take part; one piece is a single token.
    let runs = [0..<20, 25..<26, 30..<57]
    let found = try attend(
      [AttentionPattern(runs: runs, sequences: 2, outerStride: 60)], tokens: 120,
      kernels: kernels)
    let sequences = [0, 60].map { start in runs.flatMap { $0.map { start + $0 } } }
    #expect(deviation(found.result, from: Self.reference(found.x, sequences: sequences)) < 1e-5)
  }

  @Test(arguments: KernelSelection.available)
  func tokensInNoSequenceBecomeZero(_ kernels: String) throws {
    let found = try attend(
      [AttentionPattern(runs: [2..<5], sequences: 1, outerStride: 9)], tokens: 9,
      kernels: kernels)
    let outside = Array(found.result[..<24]) + Array(found.result[60...])
    #expect(outside.allSatisfy { $0 == 0 })
  }

  @Test(arguments: KernelSelection.available)
  func severalPatternsShareOneTensor(_ kernels: String) throws {
    // As the attention inside planes: each plane of each sample by itself.
    let planes = [0..<16, 20..<28, 32..<40]
    let found = try attend(
      planes.map { AttentionPattern(runs: [$0], sequences: 2, outerStride: 40) }, tokens: 80,
      kernels: kernels)
    let sequences = [0, 40].flatMap { start in planes.map { $0.map { start + $0 } } }
    #expect(deviation(found.result, from: Self.reference(found.x, sequences: sequences)) < 1e-5)
  }

  @Test(arguments: KernelSelection.available, [TokenVolume.Axis.depth, .height, .width])
  func volumesAreReadAlongEachAxis(_ kernels: String, _ axis: TokenVolume.Axis) throws {
    let volume = TokenVolume(depth: 3, height: 4, width: 5)
    let found = try attend(
      [volume.sequences(along: axis)], tokens: volume.tokenCount, kernels: kernels)
    let expected = Self.reference(found.x, sequences: volume.tokenSequences(along: axis))
    #expect(deviation(found.result, from: expected) < 1e-5)
  }

  @Test(arguments: KernelSelection.available, [TokenVolume.Axis.depth, .height, .width])
  func aQueryCountLeavesTheFirstTokensOfEachSequence(
    _ kernels: String, _ axis: TokenVolume.Axis
  ) throws {
    let volume = TokenVolume(depth: 3, height: 4, width: 5)
    let found = try attend(
      [volume.sequences(along: axis, queryCount: 2)], tokens: volume.tokenCount,
      kernels: kernels)
    let sequences = volume.tokenSequences(along: axis)
    let expected = Self.reference(found.x, sequences: sequences)
    let asked = sequences.flatMap { $0.prefix(2) }
    #expect(
      deviation(
        asked.flatMap { found.result[($0 * 12)..<($0 * 12 + 12)] },
        from: asked.flatMap { expected[($0 * 12)..<($0 * 12 + 12)] }) < 1e-5)
  }
}

extension TokenVolume {
  /// The tokens of every sequence along an axis, written out one by one.
  func tokenSequences(along axis: Axis) -> [[Int]] {
    func token(_ d: Int, _ h: Int, _ w: Int) -> Int { (d * height + h) * width + w }
    switch axis {
    case .depth:
      return (0..<height).flatMap { h in
        (0..<width).map { w in (0..<depth).map { token($0, h, w) } }
      }
    case .height:
      return (0..<depth).flatMap { d in
        (0..<width).map { w in (0..<height).map { token(d, $0, w) } }
      }
    case .width:
      return (0..<depth).flatMap { d in
        (0..<height).map { h in (0..<width).map { token(d, h, $0) } }
      }
    }
  }
}
