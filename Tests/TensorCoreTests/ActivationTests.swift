import Foundation
import TensorCore
import TestSupport
import Testing

/// Activations against the functions of the mathematics library in double precision.
@Suite(.onEveryDevice)
struct ActivationTests {
  /// Every 1/256 from -12 to 12, not a whole number of vectors, and then far values.
  private static let arguments: [Float] =
    (-3072...3072).map { Float($0) / 256 } + [-1e30, -1000, -88, -50, 50, 88, 1000, 1e30]

  private func apply(
    _ type: ElementType, kernels: String, _ operation: (ComputeContext, Tensor) throws -> Tensor
  ) throws -> (results: [Float], arguments: [Double]) {
    let context = try ComputeContext(threadCount: 2)
    let x = try context.rounded(Self.arguments, [1, Self.arguments.count], as: type)
    let result = try KernelSelection.withKernels(kernels) { try operation(context, x.tensor) }
    #expect(result.elementType == type)
    return (try context.read(result), x.values.map(Double.init))
  }

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func geluMatchesTheErrorFunction(_ kernels: String, _ type: ElementType) throws {
    let found = try apply(type, kernels: kernels) { try $0.gelu($1) }
    let tolerance = type == .float32 ? 1e-6 : type.tolerance
    #expect(deviation(found.results, from: found.arguments.map(referenceGELU)) < tolerance)
  }

  @Test(arguments: KernelSelection.available)
  func siluMatchesTheExponential(_ kernels: String) throws {
    let found = try apply(.float32, kernels: kernels) { try $0.silu($1) }
    #expect(deviation(found.results, from: found.arguments.map(referenceSiLU)) < 1e-6)
  }

  @Test(arguments: KernelSelection.available, [1, 0.5])
  func tanhMatchesTheLibraryAtEachScale(_ kernels: String, scale: Float) throws {
    let found = try apply(.float32, kernels: kernels) { try $0.tanh($1, scale: scale) }
    let expected = found.arguments.map { tanh(Double(scale) * $0) }
    #expect(deviation(found.results, from: expected) < 1e-6)
  }

  @Test(arguments: KernelSelection.available)
  func tanhStaysWithinOne(_ kernels: String) throws {
    let found = try apply(.float32, kernels: kernels) { try $0.tanh($1) }
    #expect(found.results.allSatisfy { abs($0) <= 1 })
  }

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func theSecondHalfOfTheChannelsGatesTheFirst(_ kernels: String, _ type: ElementType) throws {
    let context = try ComputeContext(threadCount: 2)
    for (rows, width) in [(1, 1), (17, 16), (33, 37)] {
      var numbers = SeededNumbers(UInt64(width))
      let x = try context.rounded(
        numbers.floats(rows * 2 * width, scale: 4), [rows, 2 * width], as: type)
      let result = try KernelSelection.withKernels(kernels) { try context.gatedGELU(x.tensor) }
      let expected = referenceGatedGELU(x.values.map(Double.init), width: width)
      #expect(result.shape == [rows, width])
      #expect(
        deviation(try context.read(result), from: expected) < type.tolerance, "\(rows) x \(width)")
    }
  }
}
