import TensorCore
import TestSupport
import Testing

/// Products of whole panels of 32 outputs, which the package's own kernels compute, against sums in
/// double precision.
struct PackedLinearTests {
  /// Rows beyond a block of registers, beyond a work item, and inputs beyond what is multiplied at a
  /// time.
  private static let sizes = [
    (rows: 1, inputs: 16, outputs: 32), (rows: 15, inputs: 272, outputs: 64),
    (rows: 29, inputs: 48, outputs: 96), (rows: 260, inputs: 32, outputs: 32),
  ]

  @Test(arguments: KernelSelection.available)
  func productsMatchTheReference(_ kernels: String) throws {
    try expectProducts(kernels, (.float32, .float32))
  }

  @Test(
    arguments: KernelSelection.available, [ElementType.bfloat16, .float32])
  func productsInBFloat16MatchTheReference(_ kernels: String, _ output: ElementType) throws {
    try expectProducts(kernels, (.bfloat16, output))
  }

  private func expectProducts(
    _ kernels: String, _ types: (input: ElementType, output: ElementType)
  ) throws {
    for size in Self.sizes {
      for (hasBias, hasResidual) in [(false, false), (true, false), (true, true)] {
        let context = try ComputeContext(threadCount: 2)
        var numbers = SeededNumbers(UInt64(size.rows))
        let x = try context.rounded(
          numbers.floats(size.rows * size.inputs), [size.rows, size.inputs], as: types.input)
        let bias = hasBias ? numbers.floats(size.outputs) : nil
        let weight = try context.linear(
          inputs: size.inputs, outputs: size.outputs, bias: bias, seed: 5, as: types.input)
        let residual = try context.rounded(
          numbers.floats(size.rows * size.outputs), [size.rows, size.outputs], as: types.output)
        let result = try KernelSelection.withKernels(kernels) {
          try context.linear(
            x.tensor, weight.weight, adding: hasResidual ? residual.tensor : nil,
            outputType: types.output)
        }
        var expected = referenceLinear(
          x.values, weight.values, bias: bias, inputs: size.inputs, outputs: size.outputs)
        if hasResidual { expected = zip(expected, residual.values).map { $0 + Double($1) } }
        #expect(result.elementType == types.output)
        #expect(
          deviation(try context.read(result), from: expected) < types.output.tolerance,
          "\(size), bias \(hasBias), residual \(hasResidual)")
      }
    }
  }

  @Test func aRowDoesNotDependOnTheOthersOrOnTheThreads() throws {
    var numbers = SeededNumbers(8)
    let rows = 131
    let values = numbers.floats(rows * 48)
    func product(_ range: Range<Int>, threads: Int) throws -> [Float] {
      let context = try ComputeContext(threadCount: threads)
      let weight = try context.linear(
        inputs: 48, outputs: 64, bias: nil, seed: 5, as: .float32
      ).weight
      let x = try context.tensor(
        values[(range.lowerBound * 48)..<(range.upperBound * 48)], shape: [range.count, 48])
      return try context.read(context.linear(x, weight))
    }
    let all = try product(0..<rows, threads: 2)
    #expect(try product(0..<rows, threads: 1) == all)
    #expect(try product(70..<71, threads: 1) == Array(all[(70 * 64)..<(71 * 64)]))
  }
}
