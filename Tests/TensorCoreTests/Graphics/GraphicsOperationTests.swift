import Foundation
import TensorCore
import TestSupport
import Testing

/// Attention, normalisation, elementwise and moving operations of a graphics processor against the
/// processor's, at odd sizes.
struct GraphicsOperationTests {
  private static let stack = ImageStack(width: 6, heights: [4, 6, 2])

  // MARK: Attention

  @Test(
    "attention over tokens in several runs, for heads of any width",
    arguments: ElementType.kernelPrecisions, [(2, 6), (1, 32), (3, 48), (1, 64), (2, 90), (1, 128)])
  func attention(_ type: ElementType, _ size: (heads: Int, width: Int)) throws {
    let channels = 3 * size.heads * size.width
    let angles = (0..<(80 * size.width)).map { Float($0 % 97) * 0.07 }
    try GraphicsComparison.check(type) { context in
      var numbers = SeededNumbers(20)
      let x = try context.tensor(
        numbers.floats(2 * 90 * channels, scale: 2), shape: [2, 90, channels], as: type)
      let pieces = AttentionPattern(
        runs: [0..<40, 50..<51, 60..<90], sequences: 2, outerStride: 90)
      let halves = [0..<13, 13..<90].map {
        AttentionPattern(runs: [$0], sequences: 2, outerStride: 90)
      }
      let rotary = try context.prepareRotary(angles: angles, width: size.width)
      func attended(
        _ layout: HeadLayout, _ patterns: [AttentionPattern], _ rotary: RotaryTable? = nil
      ) throws -> Tensor {
        try context.attention(
          x, heads: size.heads, layout: layout, patterns, scale: 0.3, rotary: rotary)
      }
      return [
        ("pieces", try attended(.perHead, [pieces])),
        ("halves", try attended(.queryKeyValue, halves)),
        ("rotated", try attended(.queryKeyValue, [pieces], rotary)),
      ]
    }
  }

  @Test(
    "attention in each plane is one launch, with the bits of one plane after the other",
    arguments: ElementType.kernelPrecisions, [40, 60])
  func planesTogether(_ type: ElementType, _ width: Int) throws {
    let card = EmulatedCard()
    let context = ComputeContext(try card.open())
    var numbers = SeededNumbers(29)
    let shape = [2, 90, 3 * width]
    let x = try context.tensor(numbers.floats(2 * 90 * 3 * width), shape: shape, as: type)
    let planes = [0..<17, 18..<52, 53..<90].map {
      AttentionPattern(runs: [$0], sequences: 2, outerStride: 90)
    }
    func attended(_ patterns: [AttentionPattern]) throws -> [Float] {
      try context.read(
        context.attention(x, heads: 1, layout: .perHead, patterns, scale: 0.3))
    }
    let before = card.launchCount
    let together = try attended(planes)
    // Beside the attention, one that brings bfloat16 to the reader's precision.
    #expect(card.launchCount - before == (type == .float32 ? 1 : 2))
    var single = [Float](repeating: 0, count: together.count)
    for plane in planes {
      // The others' tokens are zeros.
      for (index, value) in try attended([plane]).enumerated() where value != 0 {
        single[index] = value
      }
    }
    #expect(together == single)
    // Few tokens have blocks of another kind, in a launch of their own.
    let few = AttentionPattern(runs: [0..<9], sequences: 2, outerStride: 90)
    let rest = AttentionPattern(runs: [9..<90], sequences: 2, outerStride: 90)
    let mixed = try attended([few, rest])
    let alone = try (attended([few]), attended([rest]))
    #expect(zip(mixed, zip(alone.0, alone.1)).allSatisfy { $0 == $1.0 + $1.1 })
  }

  @Test(
    "attention along each axis of a volume", arguments: ElementType.kernelPrecisions,
    [TokenVolume.Axis.depth, .height, .width])
  func volumes(_ type: ElementType, _ axis: TokenVolume.Axis) throws {
    let volume = TokenVolume(depth: 5, height: 3, width: 18)
    try GraphicsComparison.check(type) { context in
      var numbers = SeededNumbers(21)
      let x = try context.tensor(
        numbers.floats(volume.tokenCount * 72), shape: [volume.tokenCount, 72], as: type)
      return try [nil, 1].map { queries in
        let pattern = volume.sequences(along: axis, queryCount: queries)
        let attended = try context.attention(
          x, heads: 2, layout: .queryKeyValue, [pattern], scale: 0.25)
        // Of the others only the queries' tokens are set; those lie first along the depth.
        return (
          "attention", queries == nil ? attended : attended.slice(0..<(axis == .depth ? 54 : 1))
        )
      }
    }
  }

  // MARK: Normalisation

  @Test(
    "group normalisation, modulated and activated, of each image and of all",
    arguments: ElementType.kernelPrecisions, [(15, 3), (48, 48), (64, 2), (1040, 2)])
  func groupNorm(_ type: ElementType, _ size: (channels: Int, groups: Int)) throws {
    let stack = Self.stack
    let channels = size.channels
    try GraphicsComparison.check(type) { context in
      var numbers = SeededNumbers(22)
      let norm = try context.prepareNormalization(
        weight: numbers.floats(channels, scale: 0.4, around: 1), bias: numbers.floats(channels))
      let modulation = try context.tensor(
        numbers.floats(4 * channels), shape: [2, 2 * channels])
      // What stands between images is no number, and must come out as 0.
      let values = stack.randomValues(
        batch: 2, channels: channels, seed: 23, scale: 3, around: 5, gap: .nan)
      let x = try context.tensor(values, shape: [2, stack.tokenCount, channels], as: type)
      func normalized(
        _ statistics: ComputeContext.GroupStatistics, _ modulation: Tensor?, activated: Bool
      ) throws -> Tensor {
        try context.groupNorm(
          x, norm, groups: size.groups, on: stack, statistics: statistics, modulation: modulation,
          activated: activated)
      }
      return [
        ("per image", try normalized(.perImage, nil, activated: false)),
        ("modulated", try normalized(.perImage, modulation, activated: true)),
        ("joint", try normalized(.joint, nil, activated: true)),
      ]
    }
  }

  @Test(
    "layer normalisation", arguments: ElementType.kernelPrecisions, [(1, 7), (9, 48), (30, 100)])
  func layerNorm(_ type: ElementType, _ size: (rows: Int, channels: Int)) throws {
    try GraphicsComparison.check(type) { context in
      var numbers = SeededNumbers(24)
      let norm = try context.prepareNormalization(
        weight: numbers.floats(size.channels, around: 1), bias: numbers.floats(size.channels))
      let x = try context.tensor(
        numbers.floats(size.rows * size.channels, scale: 2, around: 3),
        shape: [size.rows, size.channels], as: type)
      return [("layerNorm", try context.layerNorm(x, norm))]
    }
  }

  // MARK: Elementwise and movement

  @Test("elementwise operations", arguments: ElementType.kernelPrecisions)
  func elementwise(_ type: ElementType) throws {
    try GraphicsComparison.check(type) { context in
      var numbers = SeededNumbers(25)
      let shape = [3, 37, 22]
      let x = try context.tensor(numbers.floats(3 * 37 * 22, scale: 4), shape: shape, as: type)
      let y = try context.tensor(numbers.floats(3 * 37 * 22), shape: shape, as: type)
      let row = try context.tensor(numbers.floats(3 * 22), shape: [3, 22])
      let other: ElementType = type == .float32 ? .bfloat16 : .float32
      return [
        ("gelu", try context.gelu(x)), ("gatedGELU", try context.gatedGELU(x)),
        ("add", try context.add(x, y)), ("addRows", try context.addRows(x, row)),
        ("leakyReLU", try context.leakyReLU(x, slope: 0.2)),
        ("convert", try context.convert(x, to: other)),
        ("concatenate", try context.concatenateChannels(x, y)),
        ("transpose", try context.transpose(x, outer: 3, first: 37, second: 11, to: shape)),
        ("firstTokens", try context.firstTokens(x)),
      ]
    }
  }

  /// The processor's hyperbolic tangent keeps fewer digits of small numbers.
  @Test(
    "functions have the digits of float32 for small numbers and for large ones",
    arguments: [Float(1e-3), 1, 100])
  func functions(_ scale: Float) throws {
    var numbers = SeededNumbers(26)
    let values = numbers.floats(1030, scale: scale)
    let found = try GraphicsComparison.card { context in
      let x = try context.tensor(values, shape: [1030])
      return [
        ("silu", try context.silu(x)), ("gelu", try context.gelu(x)),
        ("tanh", try context.tanh(x)), ("scaled tanh", try context.tanh(x, scale: 0.5)),
      ]
    }
    let expected: [(Double) -> Double] = [
      { $0 / (1 + exp(-$0)) }, { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) }, { tanh($0) },
      { tanh(0.5 * $0) },
    ]
    for (found, function) in zip(found, expected) {
      let exact = values.map { Float(function(Double($0))) }
      #expect(relativeError(found, from: exact) < 1e-6)
    }
  }

  @Test("resampling of stacked images", arguments: ElementType.kernelPrecisions)
  func resampling(_ type: ElementType) throws {
    let stack = Self.stack
    try GraphicsComparison.check(type) { context in
      let values = stack.randomValues(batch: 2, channels: 13, seed: 27, gap: .nan)
      let x = try context.tensor(values, shape: [2, stack.tokenCount, 13], as: type)
      return [
        ("averagePool", try context.averagePool(x, on: stack)),
        ("upsample", try context.upsample(x, on: stack)),
      ]
    }
  }

  @Test("planes and sequences of a volume", arguments: ElementType.kernelPrecisions)
  func planes(_ type: ElementType) throws {
    let volume = TokenVolume(depth: 4, height: 5, width: 3)
    try GraphicsComparison.check(type) { context in
      var numbers = SeededNumbers(28)
      func tensor(_ rows: Int, _ type: ElementType) throws -> Tensor {
        try context.tensor(numbers.floats(rows * 11), shape: [rows, 11], as: type)
      }
      let sum = try context.sumPlanes(
        front: tensor(15, type), side: tensor(12, type), top: tensor(20, type), over: volume)
      let token = try tensor(1, .float32).reshaped([11])
      let positions = try tensor(7, .float32)
      let sequences = try [TokenVolume.Axis.depth, .height, .width].map { axis in
        (
          "\(axis)",
          try context.gatherSequences(
            sum, of: volume, along: axis, token: token, positions: positions)
        )
      }
      return [("sumPlanes", sum)] + sequences
    }
  }
}
