import TensorCore
import TestSupport
import Testing

/// Products on a card's tensor cores, in TF32 and in bfloat16, against the same card's multiply-adds in float32.
struct GraphicsTensorCoreTests {
  private typealias Input = GraphicsGradients.Input
  private static let stack = ImageStack(width: 6, heights: [4, 6, 2])
  private static let precisions: [ProductPrecision] = [.tensorFloat32, .bfloat16]

  private func context(_ precision: ProductPrecision, seed: UInt64 = 1) throws -> ComputeContext {
    let device = try TestDevice.openGraphics(seed: seed)
    #expect(device.prepare(for: precision))
    return ComputeContext(device)
  }

  /// Compares results with those of float32. Rounding has to show, and no more than that: 10 bits behind the point
  /// leave some 3e-4 of a sum's size, 7 bits some 2e-3.
  private func check(
    _ precision: ProductPrecision, on stack: ImageStack? = nil,
    sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (ComputeContext, ElementType) throws -> [(name: String, result: Tensor)]
  ) throws {
    func values(_ precision: ProductPrecision) throws -> [(name: String, values: [Float])] {
      let context = try context(precision)
      return try body(context, precision.elementType).map { name, result in
        let values = try context.read(result)
        let belongs = result.shape.count == 3 && result.shape[1] == stack?.tokenCount
        let kept = belongs ? stack?.imageValues(of: values, channels: result.channels) : nil
        return (name, kept ?? values)
      }
    }
    let limits = precision == .bfloat16 ? 1e-4...1e-2 : 1e-5...1e-3
    for (found, exact) in try zip(values(precision), values(.float32)) {
      let error = relativeError(found.values, from: exact.values)
      #expect(
        limits.contains(error), "\(found.name) differs by \(error)", sourceLocation: sourceLocation)
    }
  }

  @Test(
    "convolutions, at odd and at whole numbers of channels", arguments: precisions,
    [(5, 9), (8, 3), (40, 70), (64, 130)])
  func convolution(
    _ precision: ProductPrecision, _ channels: (inputs: Int, outputs: Int)
  ) throws {
    let stack = Self.stack
    try check(precision, on: stack) { context, type in
      var numbers = SeededNumbers(3)
      let weight = try context.convolution(
        inputs: channels.inputs, outputs: channels.outputs, bias: numbers.floats(channels.outputs),
        on: stack, seed: 4, as: type
      ).weight
      let x = try context.tensor(
        stack.randomValues(batch: 2, channels: channels.inputs, seed: 5),
        shape: [2, stack.tokenCount, channels.inputs], as: type)
      let residual = try context.tensor(
        stack.randomValues(batch: 2, channels: channels.outputs, seed: 6),
        shape: [2, stack.tokenCount, channels.outputs], as: type)
      return [
        ("plain", try context.convolution(x, weight, on: stack)),
        ("with a residual", try context.convolution(x, weight, on: stack, adding: residual)),
      ]
    }
  }

  @Test("linear layers, small and large", arguments: precisions, [(70, 33, 9), (1500, 24, 1100)])
  func linear(
    _ precision: ProductPrecision, _ size: (rows: Int, inputs: Int, outputs: Int)
  ) throws {
    try check(precision) { context, type in
      var numbers = SeededNumbers(10)
      let weight = try context.linear(
        inputs: size.inputs, outputs: size.outputs, bias: numbers.floats(size.outputs), seed: 11,
        as: type
      ).weight
      let x = try context.tensor(
        numbers.floats(size.rows * size.inputs), shape: [size.rows, size.inputs], as: type)
      return [("linear", try context.linear(x, weight))]
    }
  }

  @Test("the gated feed-forward part", arguments: precisions, [(24, 36), (30, 7)])
  func gatedFeedForward(_ precision: ProductPrecision, _ size: (width: Int, hidden: Int)) throws {
    try check(precision) { context, type in
      try GraphicsComparison.gatedFeedForward(type, rows: 200, size, context)
    }
  }

  @Test(
    "attention for heads of any width, of many positions and of few", arguments: precisions,
    [(2, 6), (1, 32), (3, 48), (1, 64), (2, 90), (1, 128)])
  func attention(_ precision: ProductPrecision, _ size: (heads: Int, width: Int)) throws {
    let channels = 3 * size.heads * size.width
    let angles = (0..<(80 * size.width)).map { Float($0 % 97) * 0.07 }
    try check(precision) { context, type in
      var numbers = SeededNumbers(20)
      let x = try context.tensor(
        numbers.floats(2 * 90 * channels), shape: [2, 90, channels], as: type)
      let pieces = AttentionPattern(
        runs: [0..<40, 50..<51, 60..<90], sequences: 2, outerStride: 90)
      let few = AttentionPattern(runs: [0..<9], sequences: 20, outerStride: 9)
      let rotary = try context.prepareRotary(angles: angles, width: size.width)
      func attended(
        _ layout: HeadLayout, _ pattern: AttentionPattern, _ rotary: RotaryTable? = nil
      ) throws -> Tensor {
        try context.attention(
          x, heads: size.heads, layout: layout, [pattern], scale: 0.3, rotary: rotary)
      }
      return [
        ("pieces", try attended(.perHead, pieces)), ("few", try attended(.perHead, few)),
        ("rotated", try attended(.queryKeyValue, pieces, rotary)),
      ]
    }
  }

  /// The gradients of an operation's inputs but for the last, a bias, which is no product.
  private func products(
    _ inputs: [Input], on stack: ImageStack? = nil, _ context: ComputeContext,
    _ operation: ([Tensor], ComputeContext) throws -> Tensor
  ) throws -> [(name: String, result: Tensor)] {
    Array(
      try GraphicsGradients.gradients(inputs, resultStack: stack, context, operation).dropLast())
  }

  @Test("gradients of linear layers and of convolutions", arguments: precisions)
  func gradients(_ precision: ProductPrecision) throws {
    let stack = Self.stack
    try check(precision) { context, type in
      try products(
        [Input([330, 72], type), Input([129, 72]), Input([129])], context
      ) { try $1.linear($0[0], $1.trainedLinear($0[1], bias: $0[2], elementType: type)) }
    }
    try check(precision, on: stack) { context, type in
      try products(
        [.feature(40, on: stack, type), Input([72, 40, 3, 3]), Input([72])], on: stack, context
      ) {
        let weight = try $1.trainedConvolution($0[1], bias: $0[2], on: stack, elementType: type)
        return try $1.convolution($0[0], weight, on: stack)
      }
    }
    try check(precision) { context, type in
      try products(
        [Input([2, 5, 8, 3], type), Input([10, 3, 4, 4]), Input([10])], context
      ) {
        try $1.convolution(
          $0[0],
          $1.trainedKernelConvolution(
            $0[1], bias: $0[2], stride: 2, padding: 2, elementType: type))
      }
    }
  }

  /// The convolution has so few pixels that its sum is split.
  @Test("in TF32 a sample in a batch equals the one that is made alone, in any order of threads")
  func batches() throws {
    let stack = Self.stack
    let size = stack.tokenCount * 64
    let values = stack.randomValues(batch: 2, channels: 64, seed: 18)
    func convolved(_ values: [Float], seed: UInt64) throws -> [Float] {
      let context = try context(.tensorFloat32, seed: seed)
      let weight = try context.convolution(
        inputs: 64, outputs: 40, bias: Array(repeating: 0.5, count: 40), on: stack, seed: 19,
        as: .float32
      ).weight
      let x = try context.tensor(values, shape: [values.count / size, stack.tokenCount, 64])
      let found = try context.read(context.convolution(x, weight, on: stack))
      return stack.imageValues(of: found, channels: 40)
    }
    let together: [Float] = try convolved(values, seed: 1)
    var alone: [Float] = []
    for sample in 0..<2 {
      let part = Array(values[(sample * size)..<((sample + 1) * size)])
      alone += try convolved(part, seed: UInt64(sample + 2))
    }
    #expect(!together.contains { $0.isNaN })
    #expect(together == alone)
  }

  @Test("a processor computes in float32 alone, and says so")
  func processor() throws {
    #expect(try Device.open(threadCount: 1).prepare(for: .float32))
    #expect(try !Device.open(threadCount: 1).prepare(for: .tensorFloat32))
  }
}
