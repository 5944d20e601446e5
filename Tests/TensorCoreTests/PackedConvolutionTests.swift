import TensorCore
import TestSupport
import Testing

/// Convolutions of whole panels of 32 outputs, which the package's own kernels compute, against padded
/// convolutions of every image by itself.
struct PackedConvolutionTests {
  /// Stacks that weights are packed for: the first is best served by the implicit GEMM, the second by Winograd's
  /// method with tiles of 2x2, the third by tiles of 4x4.
  static let preparations = [
    ImageStack(width: 4, heights: [4, 2, 2]), ImageStack(width: 8, heights: [8, 4, 4]),
    ImageStack(width: 32, heights: [32, 16, 16]),
  ]
  private static let stacks = [
    ImageStack(width: 1, heights: [1]), ImageStack(width: 7, heights: [5]),
    ImageStack(width: 5, heights: [6, 3]), ImageStack(width: 8, heights: [8, 16, 16]),
    ImageStack(width: 3, heights: [4, 1, 2]),
  ]

  private func check(
    _ kernels: String, _ preparation: ImageStack, _ stack: ImageStack, batch: Int,
    inputs: Int, outputs: Int, _ type: ElementType, outputType: ElementType, hasResidual: Bool,
    tolerance: Double? = nil
  ) throws {
    let context = try ComputeContext(threadCount: 2)
    var numbers = SeededNumbers(3)
    let bias = numbers.floats(outputs)
    let weight = try context.convolution(
      inputs: inputs, outputs: outputs, bias: bias, on: preparation, seed: 4, as: type)
    let x = try context.rounded(
      stack.randomValues(batch: batch, channels: inputs, seed: 7),
      [batch, stack.tokenCount, inputs], as: type)
    let residual = try context.rounded(
      stack.randomValues(batch: batch, channels: outputs, seed: 8),
      [batch, stack.tokenCount, outputs], as: outputType)
    let result = try KernelSelection.withKernels(kernels) {
      try context.convolution(
        x.tensor, weight.weight, on: stack, adding: hasResidual ? residual.tensor : nil,
        outputType: outputType)
    }
    var expected = stack.expected(x.values, batch: batch, channels: inputs) {
      $0.convolved(weight.values, bias: bias)
    }
    if hasResidual {
      let added = stack.imageValues(of: residual.values, channels: outputs)
      expected = zip(expected, added).map { $0 + Double($1) }
    }
    #expect(result.shape == [batch, stack.tokenCount, outputs])
    #expect(
      deviation(stack.imageValues(of: try context.read(result), channels: outputs), from: expected)
        < tolerance ?? outputType.tolerance,
      "\(kernels), prepared for \(preparation), on \(stack), \(type) to \(outputType)")
  }

  @Test(arguments: KernelSelection.available, preparations)
  func everyMethodServesEveryStack(_ kernels: String, preparation: ImageStack) throws {
    for stack in Self.stacks {
      for type in ElementType.kernelPrecisions {
        // Rounded weights and a rounded result.
        try check(
          kernels, preparation, stack, batch: 2, inputs: 16, outputs: 64, type,
          outputType: type, hasResidual: true,
          tolerance: type == .bfloat16 ? 3 * type.tolerance : nil)
      }
      try check(
        kernels, preparation, stack, batch: 1, inputs: 272, outputs: 32, .float32,
        outputType: .float32, hasResidual: false)
    }
  }

  @Test(arguments: preparations)
  func manyTilesGoInRoundsAndInBlocks(_ preparation: ImageStack) throws {
    try check(
      "baseline", preparation, ImageStack(width: 32, heights: [32, 16, 16]), batch: 3, inputs: 16,
      outputs: 32, .float32, outputType: .float32, hasResidual: true)
  }

  @Test(
    arguments: preparations)
  func bfloat16ConvolutionsCanKeepTheirFloat32Sums(_ preparation: ImageStack) throws {
    // The weights for tiles of 2x2 are rounded to bfloat16 after their transform.
    let rounded = preparation != Self.preparations.last
    try check(
      "baseline", preparation, ImageStack(width: 5, heights: [6, 3]), batch: 2, inputs: 32,
      outputs: 32, .bfloat16, outputType: .float32, hasResidual: true,
      tolerance: rounded ? 2 * ElementType.bfloat16.tolerance : nil)
  }

  @Test(arguments: preparations)
  func aResidualMayBeOverwrittenAndTheSpaceBetweenImagesIsZero(_ preparation: ImageStack) throws {
    let context = try ComputeContext(threadCount: 2)
    let stack = ImageStack(width: 4, heights: [4, 2])
    let shape = [2, stack.tokenCount, 32]
    let weight = try context.convolution(
      inputs: 16, outputs: 32, bias: [Float](repeating: 0.5, count: 32), on: preparation, seed: 4,
      as: .float32
    ).weight
    let x = try context.tensor(
      stack.randomValues(batch: 2, channels: 16, seed: 7), shape: [2, stack.tokenCount, 16])
    // What stands between the images of the residual must not reach the result.
    let values = stack.randomValues(batch: 2, channels: 32, seed: 8, gap: 100)
    let kept = try context.tensor(values, shape: shape)
    let given = try context.tensor(values, shape: shape)
    let expected = try context.read(context.convolution(x, weight, on: stack, adding: kept))
    let result = try context.read(
      context.convolution(x, weight, on: stack, adding: given, overwriting: true))
    #expect(try context.read(kept) == values)
    #expect(result == expected)
    for (index, value) in result.enumerated() {
      let row = index / 32 / stack.width % stack.rowCount
      if row == 4 { #expect(value == 0) }
    }
  }

  @Test(arguments: preparations)
  func aSampleDoesNotDependOnTheBatchOrOnTheThreads(_ preparation: ImageStack) throws {
    let stack = ImageStack(width: 8, heights: [8, 16, 16])
    let values = stack.randomValues(batch: 5, channels: 16, seed: 7)
    func convolved(_ values: [Float], batch: Int, threads: Int) throws -> [Float] {
      let context = try ComputeContext(threadCount: threads)
      let weight = try context.convolution(
        inputs: 16, outputs: 32, bias: [Float](repeating: 0.5, count: 32), on: preparation,
        seed: 4, as: .float32
      ).weight
      let x = try context.tensor(values, shape: [batch, stack.tokenCount, 16])
      return try context.read(context.convolution(x, weight, on: stack))
    }
    let all = try convolved(values, batch: 5, threads: 2)
    let sample = stack.tokenCount * 16
    let last = try convolved(Array(values[(4 * sample)...]), batch: 1, threads: 1)
    #expect(Array(all.suffix(last.count)) == last)
  }
}
