import TensorCore
import TestSupport
import Testing

/// Layer normalisation against two-pass statistics in double precision.
@Suite(.onEveryDevice)
struct LayerNormTests {
  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func eachRowIsNormalizedByItself(_ kernels: String, _ type: ElementType) throws {
    let context = try ComputeContext(threadCount: 2)
    for channels in [2, 3, 15, 16, 17, 33, 384] {
      for rows in [1, 31, 65] {
        var numbers = SeededNumbers(UInt64(channels))
        let weight = numbers.floats(channels, scale: 0.5, around: 1)
        let bias = numbers.floats(channels)
        let x = try context.rounded(
          numbers.floats(rows * channels, scale: 2, around: 1), [rows, channels], as: type)
        let parameters = try context.prepareNormalization(weight: weight, bias: bias)
        let result = try KernelSelection.withKernels(kernels) {
          try context.layerNorm(x.tensor, parameters)
        }
        let expected = ReferenceNormalization.layerNorm(x.values, weight: weight, bias: bias)
        #expect(
          deviation(try context.read(result), from: expected) < type.tolerance,
          "\(rows) rows of \(channels)")
      }
    }
  }

  @Test(arguments: KernelSelection.available)
  func aLargeCommonOffsetLeavesTheVariance(_ kernels: String) throws {
    let context = try ComputeContext(threadCount: 2)
    var numbers = SeededNumbers(2)
    let ones = [Float](repeating: 1, count: 100)
    let zeros = [Float](repeating: 0, count: 100)
    let x = numbers.floats(400, around: 1e4)
    let result = try KernelSelection.withKernels(kernels) {
      try context.layerNorm(
        context.tensor(x, shape: [4, 100]),
        context.prepareNormalization(weight: ones, bias: zeros))
    }
    let expected = ReferenceNormalization.layerNorm(x, weight: ones, bias: zeros)
    // The mean is rounded to float32, 1e4 / 2^24.
    #expect(deviation(try context.read(result), from: expected) < 5e-3)
  }

  @Test(arguments: KernelSelection.available)
  func aConstantRowBecomesTheBias(_ kernels: String) throws {
    let context = try ComputeContext(threadCount: 1)
    let bias = (0..<19).map { Float($0) }
    let parameters = try context.prepareNormalization(
      weight: [Float](repeating: 1, count: 19), bias: bias)
    let x = try context.tensor([Float](repeating: 0.5, count: 19), shape: [1, 19])
    let result = try KernelSelection.withKernels(kernels) {
      try context.layerNorm(x, parameters)
    }
    #expect(try context.read(result) == bias)
  }
}
