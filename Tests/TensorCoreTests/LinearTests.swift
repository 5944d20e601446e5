import TensorCore
import TestSupport
import Testing

/// Matrix products against sums in double precision.
@Suite(.onEveryDevice)
struct LinearTests {
  private static let sizes = [
    (rows: 1, inputs: 1, outputs: 1), (rows: 3, inputs: 5, outputs: 7),
    (rows: 17, inputs: 33, outputs: 65), (rows: 130, inputs: 96, outputs: 50),
  ]

  private struct Case {
    let context: ComputeContext
    let x: (tensor: Tensor, values: [Float])
    let weight: (weight: LinearWeight, values: [Float])
    let bias: [Float]?
    let size: (rows: Int, inputs: Int, outputs: Int)

    init(
      _ size: (rows: Int, inputs: Int, outputs: Int), _ type: ElementType, hasBias: Bool
    ) throws {
      self.size = size
      var numbers = SeededNumbers(UInt64(size.rows))
      context = try ComputeContext(threadCount: 2)
      x = try context.rounded(
        numbers.floats(size.rows * size.inputs), [size.rows, size.inputs], as: type)
      bias = hasBias ? numbers.floats(size.outputs) : nil
      weight = try context.linear(
        inputs: size.inputs, outputs: size.outputs, bias: bias, seed: 5, as: type)
    }

    var expected: [Double] {
      referenceLinear(
        x.values, weight.values, bias: bias, inputs: size.inputs, outputs: size.outputs)
    }
  }

  @Test(arguments: ElementType.kernelPrecisions, [true, false])
  func productsMatchTheReference(_ type: ElementType, hasBias: Bool) throws {
    for size in Self.sizes {
      let it = try Case(size, type, hasBias: hasBias)
      let result = try it.context.linear(it.x.tensor, it.weight.weight)
      #expect(result.elementType == type)
      #expect(deviation(try it.context.read(result), from: it.expected) < type.tolerance, "\(size)")
    }
  }

  @Test(arguments: ElementType.kernelPrecisions, [true, false])
  func aResidualIsAdded(_ type: ElementType, hasBias: Bool) throws {
    for size in Self.sizes {
      let it = try Case(size, type, hasBias: hasBias)
      var numbers = SeededNumbers(9)
      let residual = try it.context.rounded(
        numbers.floats(size.rows * size.outputs), [size.rows, size.outputs], as: type)
      let result = try it.context.linear(it.x.tensor, it.weight.weight, adding: residual.tensor)
      let expected = zip(it.expected, residual.values).map { $0 + Double($1) }
      #expect(deviation(try it.context.read(result), from: expected) < type.tolerance, "\(size)")
      #expect(
        try it.context.read(residual.tensor) == residual.values,
        "the residual itself must not change")
    }
  }

  @Test
  func bfloat16ProductsCanKeepTheirFloat32Sums() throws {
    for size in Self.sizes {
      let it = try Case(size, .bfloat16, hasBias: true)
      let result = try it.context.linear(it.x.tensor, it.weight.weight, outputType: .float32)
      #expect(result.elementType == .float32)
      #expect(
        deviation(try it.context.read(result), from: it.expected) < ElementType.float32.tolerance,
        "\(size)")
    }
  }

  @Test func leadingAxesAreKept() throws {
    let context = try ComputeContext(threadCount: 1)
    let weight = try context.linear(inputs: 4, outputs: 6, bias: nil, seed: 1, as: .float32)
    let x = try context.tensor([Float](repeating: 1, count: 24), shape: [2, 3, 4])
    #expect(try context.linear(x, weight.weight).shape == [2, 3, 6])
  }

  @Test func aPreparedWeightServesAnyNumberOfRows() throws {
    let context = try ComputeContext(threadCount: 2)
    let weight = try context.linear(inputs: 24, outputs: 40, bias: nil, seed: 2, as: .float32)
    for rows in [1, 2, 64, 1000] {
      var numbers = SeededNumbers(UInt64(rows))
      let x = try context.rounded(numbers.floats(rows * 24), [rows, 24], as: .float32)
      let result = try context.linear(x.tensor, weight.weight)
      let expected = referenceLinear(
        x.values, weight.values, bias: nil, inputs: 24, outputs: 40)
      #expect(deviation(try context.read(result), from: expected) < 1e-5, "\(rows) rows")
    }
  }
}
