import TensorCore
import TestSupport
import Testing

/// A volume's planes and sequences against indices written out.
@Suite(.onEveryDevice)
struct VolumeTests {
  private static let volume = TokenVolume(depth: 3, height: 4, width: 5)

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func threePlanesAreSpreadAndSummed(_ kernels: String, _ type: ElementType) throws {
    let volume = Self.volume
    let context = try ComputeContext(threadCount: 2)
    for channels in [1, 16, 35] {
      var numbers = SeededNumbers(UInt64(channels))
      func plane(_ tokens: Int) throws -> (tensor: Tensor, values: [Float]) {
        try context.rounded(numbers.floats(tokens * channels), [tokens, channels], as: type)
      }
      let front = try plane(volume.height * volume.width)
      let side = try plane(volume.depth * volume.width)
      let top = try plane(volume.depth * volume.height)
      let result = try KernelSelection.withKernels(kernels) {
        try context.sumPlanes(
          front: front.tensor, side: side.tensor, top: top.tensor, over: volume)
      }
      var expected: [Double] = []
      for d in 0..<volume.depth {
        for h in 0..<volume.height {
          for w in 0..<volume.width {
            for c in 0..<channels {
              let a = Double(front.values[(h * volume.width + w) * channels + c])
              let b = Double(side.values[(d * volume.width + w) * channels + c])
              expected.append(a + b + Double(top.values[(d * volume.height + h) * channels + c]))
            }
          }
        }
      }
      #expect(result.shape == [volume.tokenCount, channels])
      #expect(
        deviation(try context.read(result), from: expected) < type.tolerance, "\(channels) channels"
      )
    }
  }

  @Test(
    arguments: KernelSelection.available, [TokenVolume.Axis.depth, .height, .width])
  func sequencesEndWithTheTokenAndCarryPositions(
    _ kernels: String, _ axis: TokenVolume.Axis
  ) throws {
    let context = try ComputeContext(threadCount: 2)
    for (channels, type) in [(1, ElementType.float32), (35, .float32), (35, .bfloat16)] {
      var numbers = SeededNumbers(UInt64(channels))
      let x = try context.rounded(
        numbers.floats(Self.volume.tokenCount * channels), [Self.volume.tokenCount, channels],
        as: type)
      let token = numbers.floats(channels)
      let positions = numbers.floats(7 * channels)
      let result = try KernelSelection.withKernels(kernels) {
        try context.gatherSequences(
          x.tensor, of: Self.volume, along: axis,
          token: context.tensor(token, shape: [channels]),
          positions: context.tensor(positions, shape: [7, channels]))
      }
      let sequences = Self.volume.tokenSequences(along: axis)
      let expected = sequences.flatMap { tokens in
        let rows = tokens.map { Array(x.values[($0 * channels)..<($0 * channels + channels)]) }
        return (rows + [token]).flatMap { $0 }.enumerated().map {
          Double($0.element) + Double(positions[$0.offset])
        }
      }
      #expect(result.shape == [sequences.count, Self.volume.extent(axis) + 1, channels])
      #expect(
        deviation(try context.read(result), from: expected) < type.tolerance, "\(channels) channels"
      )
    }
  }

  @Test func extentsAndCountsFollowTheAxes() {
    let volume = Self.volume
    #expect(volume.tokenCount == 60)
    #expect([TokenVolume.Axis.depth, .height, .width].map(volume.extent) == [3, 4, 5])
    for axis in [TokenVolume.Axis.depth, .height, .width] {
      let pattern = volume.sequences(along: axis)
      #expect(pattern.length == volume.extent(axis))
      #expect(pattern.sequences * pattern.length == volume.tokenCount)
      #expect(pattern.queryCount == nil)
    }
    #expect(volume.sequences(along: .height, queryCount: 1).queryCount == 1)
  }

  @Test(arguments: [TokenVolume.Axis.depth, .height, .width])
  func patternsNameTheTokensOfEachSequence(_ axis: TokenVolume.Axis) {
    let pattern = Self.volume.sequences(along: axis)
    let found = (0..<pattern.sequences).map { s in
      let start =
        s / pattern.inner * pattern.outerStride + s % pattern.inner * pattern.innerStride
      return pattern.runs.flatMap { $0.map { start + $0 * pattern.tokenStep } }
    }
    #expect(found == Self.volume.tokenSequences(along: axis))
  }
}
