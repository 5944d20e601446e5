import TensorCore
import TestSupport
import Testing

/// Sums and rearrangements, with every instruction set.
@Suite(.onEveryDevice)
struct ElementwiseTests {
  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func tensorsAreAddedElementByElement(_ kernels: String, _ type: ElementType) throws {
    let context = try ComputeContext(threadCount: 2)
    // More than a chunk of 8,192 elements, and not a whole number of vectors.
    for count in [1, 31, 20_003] {
      var numbers = SeededNumbers(UInt64(count))
      let a = try context.rounded(numbers.floats(count), [count], as: type)
      let b = try context.rounded(numbers.floats(count), [count], as: type)
      let sum = try KernelSelection.withKernels(kernels) { try context.add(a.tensor, b.tensor) }
      let expected = zip(a.values, b.values).map { Double($0) + Double($1) }
      #expect(
        deviation(try context.read(sum), from: expected) < type.tolerance, "\(count) elements")
    }
  }

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func eachSampleGetsItsOwnRow(_ kernels: String, _ type: ElementType) throws {
    let context = try ComputeContext(threadCount: 2)
    for (batch, rows, channels) in [(1, 1, 1), (2, 33, 35), (3, 16, 32)] {
      var numbers = SeededNumbers(UInt64(channels))
      let x = try context.rounded(
        numbers.floats(batch * rows * channels), [batch, rows, channels], as: type)
      let added = numbers.floats(batch * channels)
      let row = try context.tensor(added, shape: [batch, channels])
      let result = try KernelSelection.withKernels(kernels) { try context.addRows(x.tensor, row) }
      let expected = x.values.enumerated().map { index, value in
        let sample = index / (rows * channels)
        return Double(value) + Double(added[sample * channels + index % channels])
      }
      #expect(
        deviation(try context.read(result), from: expected) < type.tolerance,
        "\(batch) x \(rows) x \(channels)")
    }
  }

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func channelsAreJoinedRowByRow(_ kernels: String, _ type: ElementType) throws {
    let context = try ComputeContext(threadCount: 2)
    for (first, second) in [(1, 1), (3, 40), (64, 32)] {
      var numbers = SeededNumbers(4)
      let a = try context.rounded(numbers.floats(2 * 19 * first), [2, 19, first], as: type)
      let b = try context.rounded(numbers.floats(2 * 19 * second), [2, 19, second], as: type)
      let result = try KernelSelection.withKernels(kernels) {
        try context.concatenateChannels(a.tensor, b.tensor)
      }
      var expected: [Float] = []
      for row in 0..<38 {
        expected += a.values[(row * first)..<(row * first + first)]
        expected += b.values[(row * second)..<(row * second + second)]
      }
      #expect(result.shape == [2, 19, first + second])
      #expect(try context.read(result) == expected)
    }
  }

  @Test(arguments: ElementType.kernelPrecisions)
  func theFirstTokenOfEachSequenceIsTaken(_ type: ElementType) throws {
    let context = try ComputeContext(threadCount: 1)
    let x = try context.tensor((0..<60).map { Float($0) }, shape: [4, 5, 3], as: type)
    let result = try context.firstTokens(x)
    #expect(result.shape == [4, 3])
    #expect(try context.read(result) == [0, 1, 2, 15, 16, 17, 30, 31, 32, 45, 46, 47])
  }

  @Test func operationsLeaveTheirInputsAlone() throws {
    let context = try ComputeContext(threadCount: 2)
    var numbers = SeededNumbers(5)
    let values = numbers.floats(64)
    let x = try context.tensor(values, shape: [2, 4, 8])
    _ = try context.gelu(x)
    _ = try context.silu(x)
    _ = try context.tanh(x)
    _ = try context.add(x, x)
    #expect(try context.read(x) == values)
  }

  @Test func slicesAndShapesShareTheTensorsMemory() throws {
    let context = try ComputeContext(threadCount: 1)
    let x = try context.tensor((0..<24).map { Float($0) }, shape: [4, 2, 3])
    let slice = x.slice(1..<3)
    #expect(slice.shape == [2, 2, 3])
    #expect(try context.read(slice) == (6..<18).map { Float($0) })
    #expect(try context.read(slice.reshaped([12]).slice(3..<5)) == [9, 10])
    #expect(x.rows == 8 && x.channels == 3)
  }
}
