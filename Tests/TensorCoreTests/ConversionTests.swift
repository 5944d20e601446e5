import TensorCore
import TestSupport
import Testing

/// Conversion to and from bfloat16, and the search for numbers that are not finite.
@Suite(.onEveryDevice)
struct ConversionTests {
  /// float32 bits and the bfloat16 bits they round to.
  private static let rounding: [(float32: UInt32, bfloat16: UInt32)] = [
    (0x0000_0000, 0x0000), (0x8000_0000, 0x8000), (0x3f80_0000, 0x3f80), (0x3f80_7fff, 0x3f80),
    (0x3f80_8000, 0x3f80),  // a tie goes to the even neighbour below
    (0x3f80_8001, 0x3f81), (0x3f81_7fff, 0x3f81),
    (0x3f81_8000, 0x3f82),  // a tie goes to the even neighbour above
    (0xbf81_8000, 0xbf82), (0x3fff_ffff, 0x4000),  // the carry reaches the exponent
    (0x0000_8001, 0x0001), (0x0000_8000, 0x0000),  // subnormal numbers
    (0x7f7f_7fff, 0x7f7f), (0x7f7f_ffff, 0x7f80),  // too large: infinity
    (0x7f80_0000, 0x7f80), (0xff80_0000, 0xff80),
  ]

  @Test(arguments: KernelSelection.available)
  func bfloat16IsTheNearestValueAndTiesGoToEven(_ kernels: String) throws {
    let context = try ComputeContext(threadCount: 1)
    // Shifted, so that each case meets every lane of a vector and the rest after the last.
    for shift in 0..<17 {
      let cases = (0..<53).map { Self.rounding[($0 + shift) % Self.rounding.count] }
      let values = cases.map { Float(bitPattern: $0.float32) }
      let found = try KernelSelection.withKernels(kernels) {
        try context.read(context.tensor(values, shape: [53], as: .bfloat16))
      }
      #expect(found.map { $0.bitPattern >> 16 } == cases.map(\.bfloat16))
    }
  }

  @Test(arguments: KernelSelection.available)
  func notANumberStaysNotANumber(_ kernels: String) throws {
    let context = try ComputeContext(threadCount: 1)
    let found = try KernelSelection.withKernels(kernels) {
      try context.read(
        context.tensor([Float](repeating: .nan, count: 19), shape: [19], as: .bfloat16))
    }
    #expect(found.allSatisfy { $0.isNaN })
  }

  @Test(arguments: KernelSelection.available)
  func everyBfloat16ValueSurvivesARoundTrip(_ kernels: String) throws {
    let context = try ComputeContext(threadCount: 1)
    let values = (0..<UInt32(1 << 16)).map { Float(bitPattern: $0 << 16) }.filter { !$0.isNaN }
    let found = try KernelSelection.withKernels(kernels) {
      let narrow = try context.convert(
        context.tensor(values, shape: [values.count]), to: .bfloat16)
      return try context.read(context.convert(narrow, to: .float32))
    }
    #expect(found.map(\.bitPattern) == values.map(\.bitPattern))
  }

  @Test func convertingToTheSamePrecisionChangesNothing() throws {
    let context = try ComputeContext(threadCount: 1)
    let x = try context.tensor([1, 2.5, -3], shape: [3])
    #expect(try context.read(context.convert(x, to: .float32)) == [1, 2.5, -3])
  }

  @Test(
    arguments: KernelSelection.available,
    [Float.nan, -.nan, .signalingNaN, .infinity, -.infinity])
  func oneBadNumberIsFoundAnywhere(_ kernels: String, _ bad: Float) {
    KernelSelection.withKernels(kernels) {
      for count in [1, 16, 37] {
        for position in 0..<count {
          var values = [Float](repeating: -.greatestFiniteMagnitude, count: count)
          values[position] = bad
          #expect(!values.withUnsafeBufferPointer(allFinite), "place \(position) of \(count)")
        }
      }
    }
  }

  @Test(arguments: KernelSelection.available)
  func finiteNumbersOfAnySizePass(_ kernels: String) {
    let values: [Float] = [
      0, -0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude,
    ]
    KernelSelection.withKernels(kernels) {
      for count in 0..<40 {
        let some = (0..<count).map { values[$0 % values.count] }
        #expect(some.withUnsafeBufferPointer(allFinite), "\(count) numbers")
      }
    }
  }
}
