import Synchronization
import TensorCore
import TestSupport
import Testing

/// Threads for what blocks.
@Suite(.timeLimit(.minutes(5)))
struct WorkerPoolTests {
  @Test("however much blocks, it is all at work at once, and Swift's own threads are free")
  func blocking() async {
    let gate = Gate()
    // One more than Swift has threads.
    let count = Processor.availableCount + 1
    let numbers = await withTaskGroup(of: Int.self) { group in
      for number in 0..<count {
        group.addTask {
          await WorkerPool.blocking.run {
            gate.wait()
            return number
          }
        }
      }
      await gate.arrivals(count)
      await Task { gate.open() }.value
      return await group.reduce(into: Set()) { $0.insert($1) }
    }
    #expect(numbers == Set(0..<count))
  }

  @Test("a pool does as much at once as it has threads, and no more")
  func limit() async {
    let pool = WorkerPool(threadCount: 2)
    let gate = Gate()
    let tally = Tally()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask(executorPreference: pool) {
          tally.begin()
          gate.wait()
          tally.end()
        }
      }
      await gate.arrivals(2)
      gate.open()
    }
    #expect(tally.most == 2 && tally.done == 8)
  }

  /// Counts what is at work at once.
  private final class Tally: Sendable {
    private let counts = Mutex((running: 0, most: 0, done: 0))

    var most: Int { counts.withLock { $0.most } }
    var done: Int { counts.withLock { $0.done } }

    func begin() {
      counts.withLock {
        $0.running += 1
        $0.most = max($0.most, $0.running)
      }
    }

    func end() {
      counts.withLock {
        $0.running -= 1
        $0.done += 1
      }
    }
  }

  @Test("what goes wrong is thrown to who asked")
  func failing() async {
    await #expect(throws: CancellationError.self) {
      try await WorkerPool.blocking.run { throw CancellationError() }
    }
  }

  @Test("threads may use a context one after the other")
  func turns() async throws {
    let context = try ComputeContext(threadCount: 1)
    let pool = WorkerPool(threadCount: 2)
    for value in 1...3 {
      let sum = try await pool.run {
        let tensor = try context.tensor([Float(value)], shape: [1])
        return try context.read(context.add(tensor, tensor))
      }
      #expect(sum == [Float(2 * value)])
    }
  }

  #if DEBUG
    @Test("a second thread that comes while the first is at work ends a debug build")
    func twoAtOnce() async {
      await #expect(processExitsWith: .failure) {
        let context = try ComputeContext(threadCount: 1)
        _ = context.operationStart
        let thread = WorkerPool(threadCount: 1)
        await thread.run { _ = context.operationStart }
      }
    }
  #endif
}
