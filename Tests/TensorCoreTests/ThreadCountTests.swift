import TensorCore
import TestSupport
import Testing

/// A result must not depend on how many threads shared the work.
struct ThreadCountTests {
  private func results(threads: Int, _ type: ElementType) throws -> [OperationSequence.Result] {
    try OperationSequence(ComputeContext(threadCount: threads), type).run()
  }

  @Test(arguments: ElementType.kernelPrecisions, [2, 3, 5, 16])
  func ownKernelsGiveTheSameBits(_ type: ElementType, threads: Int) throws {
    let alone = try results(threads: 1, type)
    let shared = try results(threads: threads, type)
    for (a, b) in zip(alone, shared) where !a.isProduct {
      #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern), "\(a.name)")
    }
  }

  /// oneDNN may cut its sums up differently for another number of threads.
  @Test(arguments: ElementType.kernelPrecisions, [2, 3])
  func productsAgreeToTheirPrecision(_ type: ElementType, threads: Int) throws {
    let alone = try results(threads: 1, type)
    let shared = try results(threads: threads, type)
    for (a, b) in zip(alone, shared) where a.isProduct {
      #expect(deviation(a.values, from: b.values.map(Double.init)) < type.tolerance, "\(a.name)")
    }
  }

  @Test(arguments: ElementType.kernelPrecisions)
  func aSecondRunGivesTheSameBits(_ type: ElementType) throws {
    let sequence = try OperationSequence(ComputeContext(threadCount: 2), type)
    let first = try sequence.run()
    let second = try sequence.run()
    for (a, b) in zip(first, second) {
      #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern), "\(a.name)")
    }
  }

  @Test func aContextHasAtLeastOneThread() throws {
    #expect(try ComputeContext(threadCount: 0).threadCount == 1)
    #expect(try ComputeContext().threadCount == Processor.availableCount)
  }
}
