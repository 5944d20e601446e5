import TensorCore
import TestSupport
import Testing

/// Repeated work allocates nothing after the first time.
struct BufferReuseTests {
  @Test(arguments: ElementType.kernelPrecisions)
  func aSecondRunTakesNoFurtherMemory(_ type: ElementType) throws {
    let context = try ComputeContext(threadCount: 2)
    let sequence = try OperationSequence(context, type)
    _ = try sequence.run()
    let afterFirst = context.reusableByteCount
    #expect(afterFirst > 0)
    for _ in 0..<3 {
      _ = try sequence.run()
      #expect(context.reusableByteCount == afterFirst)
    }
  }

  @Test func memoryComesBackWithTheLastTensor() throws {
    let context = try ComputeContext(threadCount: 1)
    var tensor: Tensor? = try context.tensor([1, 2, 3], shape: [3])
    var slice = tensor?.slice(1..<2)
    tensor = nil
    #expect(context.reusableByteCount == 0)
    #expect(try context.read(#require(slice)) == [2])
    slice = nil
    #expect(context.reusableByteCount > 0)
  }

  @Test func unusedMemoryCanBeReleased() throws {
    let context = try ComputeContext(threadCount: 1)
    // A small buffer from the heap and a large one that is mapped by itself.
    for count in [100, 1 << 20] {
      _ = try context.tensor([Float](repeating: 1, count: count), shape: [count])
    }
    #expect(context.reusableByteCount > 4 << 20)
    context.releaseUnusedMemory()
    #expect(context.reusableByteCount == 0)
  }

  @Test func releasedMemoryCanBeTakenAgain() throws {
    let context = try ComputeContext(threadCount: 1)
    let sequence = try OperationSequence(context, .float32)
    let before = try sequence.run()
    context.releaseUnusedMemory()
    #expect(try sequence.run().map(\.values) == before.map(\.values))
  }
}
