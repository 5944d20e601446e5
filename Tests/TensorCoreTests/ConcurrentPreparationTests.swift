import Dispatch
import Synchronization
import TensorCore
import TestSupport
import Testing

/// Contexts of different threads share nothing, though oneDNN 2.6 keeps a variable for all of them.
struct ConcurrentPreparationTests {
  /// Odd, so that the weights of the two precisions have different strides in memory.
  private static let channels = (inputs: 3, outputs: 5)

  /// Prepares weights over and over until the other thread is done.
  private static func prepare(_ type: ElementType, until isDone: borrowing Atomic<Bool>) throws {
    let context = try ComputeContext(threadCount: 1)
    let stack = ImageStack(width: 4, heights: [4])
    let bias = [Float](repeating: 0, count: channels.outputs)
    // Bounded, for the case that the two do not run at once.
    for _ in 0..<20_000 where !isDone.load(ordering: .relaxed) {
      _ = try context.convolution(
        inputs: channels.inputs, outputs: channels.outputs, bias: bias, on: stack, seed: 4,
        as: type)
    }
  }

  /// The largest deviation of convolutions of sizes that were not seen before.
  private static func convolve(_ type: ElementType) throws -> Double {
    let context = try ComputeContext(threadCount: 1)
    var numbers = SeededNumbers(3)
    let bias = numbers.floats(channels.outputs)
    var largest = 0.0
    for size in 0..<400 {
      let stack = ImageStack(width: 2 + size % 20, heights: [1 + size / 20])
      let weight = try context.convolution(
        inputs: channels.inputs, outputs: channels.outputs, bias: bias, on: stack, seed: 4,
        as: type)
      let x = try context.rounded(
        stack.randomValues(batch: 1, channels: channels.inputs, seed: 7),
        [1, stack.tokenCount, channels.inputs], as: type)
      let result = try context.convolution(x.tensor, weight.weight, on: stack)
      let expected = stack.expected(x.values, batch: 1, channels: channels.inputs) {
        $0.convolved(weight.values, bias: bias)
      }
      largest = max(
        largest,
        deviation(
          stack.imageValues(of: try context.read(result), channels: channels.outputs),
          from: expected))
    }
    return largest
  }

  @Test(
    arguments: [ElementType.float32, .bfloat16])
  func preparingInOnePrecisionLeavesTheOtherAlone(_ type: ElementType) throws {
    let isDone = Atomic(false)
    let results = Mutex<[Result<Double, any Error>]>([])
    DispatchQueue.concurrentPerform(iterations: 2) { index in
      if index == 0 {
        let result = Result { try Self.convolve(type) }
        results.withLock { $0.append(result) }
        isDone.store(true, ordering: .relaxed)
      } else {
        let result = Result {
          try Self.prepare(type == .float32 ? .bfloat16 : .float32, until: isDone)
          return 0.0
        }
        results.withLock { $0.append(result) }
      }
    }
    for result in results.withLock({ $0 }) { #expect(try result.get() < type.tolerance) }
  }
}
