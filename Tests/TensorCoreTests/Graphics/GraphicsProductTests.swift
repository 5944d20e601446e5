import TensorCore
import TestSupport
import Testing

/// Products and convolutions of a graphics processor against the processor's, at sizes that fill no tile.
struct GraphicsProductTests {
  private static let stack = ImageStack(width: 6, heights: [4, 6, 2])

  @Test(
    "convolutions with residuals, at odd and at whole numbers of channels",
    arguments: ElementType.kernelPrecisions, [(5, 9), (8, 3), (40, 70), (64, 130)])
  func convolution(_ type: ElementType, _ channels: (inputs: Int, outputs: Int)) throws {
    let stack = Self.stack
    try GraphicsComparison.check(type, on: stack) { context in
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
        ("to float32", try context.convolution(x, weight, on: stack, outputType: .float32)),
        (
          "over its residual",
          try context.convolution(
            x, weight, on: stack, adding: context.add(residual, residual), overwriting: true)
        ),
      ]
    }
  }

  @Test("convolutions of stride 2", arguments: ElementType.kernelPrecisions)
  func strided(_ type: ElementType) throws {
    let stack = Self.stack
    try GraphicsComparison.check(type, on: stack.halved) { context in
      var numbers = SeededNumbers(7)
      let weight = try context.convolution(
        inputs: 24, outputs: 33, bias: numbers.floats(33), stride: 2, on: stack, seed: 8, as: type
      ).weight
      let x = try context.tensor(
        stack.randomValues(batch: 3, channels: 24, seed: 9), shape: [3, stack.tokenCount, 24],
        as: type)
      return [("strided", try context.stridedConvolution(x, weight, on: stack))]
    }
  }

  @Test(
    "linear layers with and without bias and residual", arguments: ElementType.kernelPrecisions,
    [(1, 16, 48), (70, 33, 9), (65, 100, 129)])
  func linear(_ type: ElementType, _ size: (rows: Int, inputs: Int, outputs: Int)) throws {
    try GraphicsComparison.check(type) { context in
      var numbers = SeededNumbers(10)
      let biased = try context.linear(
        inputs: size.inputs, outputs: size.outputs, bias: numbers.floats(size.outputs), seed: 11,
        as: type
      ).weight
      let plain = try context.linear(
        inputs: size.inputs, outputs: size.outputs, bias: nil, seed: 12, as: type
      ).weight
      let x = try context.tensor(
        numbers.floats(size.rows * size.inputs), shape: [size.rows, size.inputs], as: type)
      let residual = try context.tensor(
        numbers.floats(size.rows * size.outputs), shape: [size.rows, size.outputs], as: type)
      return [
        ("biased", try context.linear(x, biased)), ("plain", try context.linear(x, plain)),
        ("with a residual", try context.linear(x, biased, adding: residual)),
        ("to float32", try context.linear(x, plain, outputType: .float32)),
      ]
    }
  }

  @Test(
    "products that are large enough for large tiles", arguments: ElementType.kernelPrecisions)
  func largeTiles(_ type: ElementType) throws {
    try GraphicsComparison.check(type) { context in
      var numbers = SeededNumbers(13)
      let weight = try context.linear(
        inputs: 24, outputs: 1100, bias: numbers.floats(1100), seed: 14, as: type
      ).weight
      let x = try context.tensor(numbers.floats(1500 * 24), shape: [1500, 24], as: type)
      return [("linear", try context.linear(x, weight))]
    }
  }

  @Test(
    "the gated feed-forward part", arguments: ElementType.kernelPrecisions,
    [(24, 36), (32, 100), (30, 7)])
  func gatedFeedForward(_ type: ElementType, _ size: (width: Int, hidden: Int)) throws {
    try GraphicsComparison.check(type) {
      try GraphicsComparison.gatedFeedForward(type, rows: 600, size, $0)
    }
  }

  /// The convolution has so few pixels that its sum is split.
  @Test(
    "a sample in a batch equals the one that is made alone, bit for bit, in any order of threads",
    arguments: ElementType.kernelPrecisions)
  func batches(_ type: ElementType) throws {
    let stack = Self.stack
    let size = stack.tokenCount * 64
    let values = stack.randomValues(batch: 3, channels: 64, seed: 18)
    func convolved(_ values: [Float], seed: UInt64) throws -> [Float] {
      try GraphicsComparison.card(seed: seed, on: stack) { context in
        let weight = try context.convolution(
          inputs: 64, outputs: 40, bias: Array(repeating: 0.5, count: 40), on: stack, seed: 19,
          as: type
        ).weight
        let x = try context.tensor(
          values, shape: [values.count / size, stack.tokenCount, 64], as: type)
        return [("convolution", try context.convolution(x, weight, on: stack))]
      }[0]
    }
    let together: [Float] = try convolved(values, seed: 1)
    var alone: [Float] = []
    for sample in 0..<3 {
      let part = Array(values[(sample * size)..<((sample + 1) * size)])
      alone += try convolved(part, seed: UInt64(sample + 2))
    }
    #expect(!together.contains { $0.isNaN })
    #expect(together == alone)
  }
}
