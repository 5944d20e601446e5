import TensorCore
import TestSupport
import Testing

/// Gradients of a graphics processor against the processor's, at sizes that fill no block. ``GradientTests`` has
/// them against differences.
struct GraphicsGradientTests {
  private typealias Input = GraphicsGradients.Input
  private static let stack = ImageStack(width: 6, heights: [4, 6, 2])

  // MARK: Products

  @Test(
    "linear layers with bias and residual", arguments: ElementType.trainingPrecisions,
    [(1, 16, 48), (70, 33, 9), (330, 72, 129)])
  func linear(_ type: ElementType, _ size: (rows: Int, inputs: Int, outputs: Int)) throws {
    try GraphicsGradients.check(
      type,
      [
        Input([size.rows, size.inputs], type), Input([size.outputs, size.inputs]),
        Input([size.outputs]), Input([size.rows, size.outputs], type),
      ]
    ) {
      try $1.linear(
        $0[0], $1.trainedLinear($0[1], bias: $0[2], elementType: type), adding: $0[3])
    }
  }

  @Test(
    "convolutions over stacked images", arguments: ElementType.trainingPrecisions,
    [(5, 9), (40, 72)])
  func convolution(_ type: ElementType, _ channels: (inputs: Int, outputs: Int)) throws {
    let stack = Self.stack
    try GraphicsGradients.check(
      type,
      [
        .feature(channels.inputs, on: stack, type),
        Input([channels.outputs, channels.inputs, 3, 3]), Input([channels.outputs]),
        .feature(channels.outputs, on: stack, type),
      ], on: stack, resultStack: stack
    ) {
      let weight = try $1.trainedConvolution($0[1], bias: $0[2], on: stack, elementType: type)
      return try $1.convolution($0[0], weight, on: stack, adding: $0[3])
    }
  }

  @Test("convolutions of stride 2 over stacked images", arguments: ElementType.trainingPrecisions)
  func strided(_ type: ElementType) throws {
    let stack = Self.stack
    try GraphicsGradients.check(
      type, [.feature(24, on: stack, batch: 3, type), Input([33, 24, 3, 3]), Input([33])],
      on: stack, resultStack: stack.halved
    ) {
      let weight = try $1.trainedConvolution(
        $0[1], bias: $0[2], stride: 2, on: stack, elementType: type)
      return try $1.stridedConvolution($0[0], weight, on: stack)
    }
  }

  @Test(
    "convolutions over images and volumes", arguments: ElementType.trainingPrecisions,
    [[5, 8], [3, 5, 4]])
  func spatial(_ type: ElementType, _ sides: [Int]) throws {
    for stride in [1, 2] {
      try GraphicsGradients.check(
        type,
        [
          Input([2] + sides + [3], type), Input([10, 3] + sides.map { _ in 4 }), Input([10]),
        ]
      ) {
        try $1.convolution(
          $0[0],
          $1.trainedKernelConvolution(
            $0[1], bias: $0[2], stride: stride, padding: 2, elementType: type))
      }
    }
  }

  @Test("a weight follows its numbers", arguments: ElementType.trainingPrecisions)
  func changedWeight(_ type: ElementType) throws {
    try GraphicsComparison.check(type) { context in
      var numbers = SeededNumbers(50)
      let x = try context.tensor(numbers.floats(5 * 12), shape: [5, 12], as: type)
      let parameter = try Parameter(
        name: "weight", shape: [9, 12], values: numbers.floats(108), context)
      let layer = try context.trainedLinear(parameter.tensor, bias: nil, elementType: type)
      let before = try context.linear(x, layer)
      numbers.floats(108).withUnsafeBufferPointer(parameter.setValues)
      return [("before", before), ("after", try context.linear(x, layer))]
    }
  }

  // MARK: Attention

  @Test(
    "attention over tokens in several runs, for heads of any width",
    arguments: ElementType.kernelPrecisions, [(2, 6), (1, 32), (1, 48), (1, 90), (1, 128)])
  func attention(_ type: ElementType, _ size: (heads: Int, width: Int)) throws {
    let channels = 3 * size.heads * size.width
    let angles = (0..<(80 * size.width)).map { Float($0 % 97) * 0.07 }
    let pieces = AttentionPattern(runs: [0..<40, 50..<51, 60..<90], sequences: 2, outerStride: 90)
    let x = Input([2, 90, channels], type)
    try GraphicsGradients.check(type, [x]) {
      try $1.attention($0[0], heads: size.heads, layout: .perHead, [pieces], scale: 0.2)
    }
    try GraphicsGradients.check(type, [x]) {
      try $1.attention(
        $0[0], heads: size.heads, layout: .queryKeyValue, [pieces], scale: 0.2,
        rotary: $1.prepareRotary(angles: angles, width: size.width))
    }
  }

  @Test("attention in each plane", arguments: ElementType.kernelPrecisions)
  func planes(_ type: ElementType) throws {
    let planes = [0..<13, 14..<54, 56..<90].map {
      AttentionPattern(runs: [$0], sequences: 2, outerStride: 90)
    }
    try GraphicsGradients.check(type, [Input([2, 90, 3 * 2 * 20], type)]) {
      try $1.attention($0[0], heads: 2, layout: .queryKeyValue, planes, scale: 0.2)
    }
  }

  @Test(
    "attention along each axis of a volume", arguments: ElementType.kernelPrecisions,
    [TokenVolume.Axis.depth, .height, .width])
  func volumes(_ type: ElementType, _ axis: TokenVolume.Axis) throws {
    let volume = TokenVolume(depth: 5, height: 3, width: 18)
    let pattern = volume.sequences(along: axis)
    try GraphicsGradients.check(type, [Input([volume.tokenCount, 72], type)]) {
      try $1.attention($0[0], heads: 2, layout: .queryKeyValue, [pattern], scale: 0.25)
    }
    // Where one position asks, what stands at the others' places has no meaning.
    let first = AttentionPattern(runs: [0..<7], sequences: 3, outerStride: 7, queryCount: 1)
    try GraphicsGradients.check(type, [Input([3, 7, 72], type)]) {
      try $1.firstTokens(
        $1.attention($0[0], heads: 2, layout: .queryKeyValue, [first], scale: 0.25))
    }
  }

  // MARK: Normalisation

  @Test(
    "group normalisation, modulated and activated, of each image and of all",
    arguments: ElementType.kernelPrecisions, [(15, 3), (48, 48), (64, 2), (1040, 2)])
  func groupNorm(_ type: ElementType, _ size: (channels: Int, groups: Int)) throws {
    let stack = Self.stack
    let channels = size.channels
    for (statistics, activated, modulated) in [
      (ComputeContext.GroupStatistics.perImage, false, false), (.perImage, true, true),
      (.joint, true, false),
    ] {
      let inputs: [Input] = [
        .feature(channels, on: stack, type), Input([channels], scale: 0.4, around: 1),
        Input([channels]),
      ]
      try GraphicsGradients.check(
        type, inputs + (modulated ? [Input([2, 2 * channels], scale: 0.5)] : []), on: stack,
        resultStack: stack
      ) {
        try $1.groupNorm(
          $0[0], NormalizationWeight(weight: $0[1], bias: $0[2]), groups: size.groups, on: stack,
          statistics: statistics, modulation: modulated ? $0[3] : nil, activated: activated)
      }
    }
  }

  @Test(
    "layer normalisation", arguments: ElementType.kernelPrecisions, [(1, 7), (9, 48), (300, 100)])
  func layerNorm(_ type: ElementType, _ size: (rows: Int, channels: Int)) throws {
    try GraphicsGradients.check(
      type,
      [
        Input([size.rows, size.channels], type, scale: 2, around: 3),
        Input([size.channels], around: 1), Input([size.channels]),
      ]
    ) {
      try $1.layerNorm($0[0], NormalizationWeight(weight: $0[1], bias: $0[2]))
    }
  }

  @Test(
    "in whatever order threads and blocks come, gradients have the same bits",
    arguments: ElementType.kernelPrecisions)
  func order(_ type: ElementType) throws {
    let stack = Self.stack
    func gradients(seed: UInt64) throws -> [[Float]] {
      try GraphicsComparison.card(seed: seed, on: stack) { context in
        try GraphicsGradients.gradients(
          [
            .feature(20, on: stack, type), Input([60, 20, 3, 3]), Input([60]),
            Input([60], around: 1), Input([60]),
          ], resultStack: stack, context
        ) {
          let weight = try $1.trainedConvolution($0[1], bias: $0[2], on: stack, elementType: type)
          let x = try $1.groupNorm(
            $1.convolution($0[0], weight, on: stack),
            NormalizationWeight(weight: $0[3], bias: $0[4]), groups: 4, on: stack,
            statistics: .perImage, activated: true)
          let planes = stack.heights.indices.map {
            AttentionPattern(
              runs: [stack.tokens(of: $0)], sequences: 2, outerStride: stack.tokenCount)
          }
          return try $1.attention(x, heads: 2, layout: .perHead, planes, scale: 0.3)
        }
      }
    }
    #expect(try gradients(seed: 1) == gradients(seed: 2))
  }
}
