import TensorCore
import TestSupport
import Testing

/// The gated feed-forward part, whose rows go through in chunks of 512.
@Suite(.onEveryDevice)
struct FeedForwardTests {
  /// Widths of products that belong to the library, and of whole panels, where the gate is part of
  /// the first product.
  private static let widths = [24, 32]
  private static let hidden = 96

  private func deviationFromReference(rows: Int, width: Int, _ type: ElementType) throws -> Double {
    let context = try ComputeContext(threadCount: 2)
    var numbers = SeededNumbers(UInt64(rows))
    let x = try context.rounded(numbers.floats(rows * width), [rows, width], as: type)
    let scale = numbers.floats(width, scale: 0.3, around: 1)
    let shift = numbers.floats(width, scale: 0.3)
    let expandBias = numbers.floats(2 * Self.hidden)
    let contractBias = numbers.floats(width)
    let expand = try context.linear(
      inputs: width, outputs: 2 * Self.hidden, bias: expandBias, seed: 2, as: type)
    let contract = try context.linear(
      inputs: Self.hidden, outputs: width, bias: contractBias, seed: 3, as: type)
    let result = try context.gatedFeedForward(
      x.tensor, context.prepareNormalization(weight: scale, bias: shift), expand: expand.weight,
      contract: contract.weight)

    let normalized = ReferenceNormalization.layerNorm(x.values, weight: scale, bias: shift)
    let wide = referenceLinear(
      normalized.map(Float.init), expand.values, bias: expandBias, inputs: width,
      outputs: 2 * Self.hidden)
    let gated = referenceGatedGELU(wide, width: Self.hidden)
    let narrow = referenceLinear(
      gated.map(Float.init), contract.values, bias: contractBias, inputs: Self.hidden,
      outputs: width)
    return deviation(
      try context.read(result), from: zip(x.values, narrow).map { Double($0) + $1 })
  }

  @Test(arguments: [1, 511, 512, 513, 1300], widths)
  func everyChunkOfRowsMatchesTheReference(rows: Int, width: Int) throws {
    #expect(try deviationFromReference(rows: rows, width: width, .float32) < 1e-5)
  }

  @Test(arguments: KernelSelection.available, widths)
  func everyInstructionSetMatchesTheReference(_ kernels: String, width: Int) throws {
    let deviation = try KernelSelection.withKernels(kernels) {
      try deviationFromReference(rows: 130, width: width, .float32)
    }
    #expect(deviation < 1e-5)
  }

  @Test(
    arguments: widths)
  func bfloat16RoundsThreeTimesOnTheWay(width: Int) throws {
    // The norm, the expanded values and the gated ones are each stored in bfloat16.
    #expect(
      try deviationFromReference(rows: 700, width: width, .bfloat16)
        < 8 * ElementType.bfloat16.tolerance)
  }

  @Test func theInputIsNotChanged() throws {
    let context = try ComputeContext(threadCount: 1)
    let values = (0..<24).map { Float($0) }
    let x = try context.tensor(values, shape: [1, 24])
    let ones = [Float](repeating: 1, count: 24)
    _ = try context.gatedFeedForward(
      x, context.prepareNormalization(weight: ones, bias: ones),
      expand: context.linear(inputs: 24, outputs: 16, bias: nil, seed: 1, as: .float32).weight,
      contract: context.linear(inputs: 8, outputs: 24, bias: nil, seed: 1, as: .float32).weight)
    #expect(try context.read(x) == values)
  }
}
