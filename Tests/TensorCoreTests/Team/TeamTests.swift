import CKernels
import Foundation
import Synchronization
import TensorCore
import TestSupport
import Testing

/// The threads that share work: everything is done once, whoever comes and however late.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct TeamTests {
  private static let threadCounts = [1, 2, 3, 5, 16]

  private func expectEachOnce(_ items: Int, threads: Int) {
    let count = ItemCount(items)
    share(items, threads: threads) { item, thread in
      precondition((0..<threads).contains(thread))
      count.begin(item, thread)
      count.end(thread)
    }
    #expect(count.counts.allSatisfy { $0 == 1 }, "\(items) items, \(threads) threads")
    #expect(count.clashes == 0)
  }

  @Test("each item is done once, whatever the number of threads", arguments: threadCounts)
  func eachOnce(threads: Int) {
    for items in [0, 1, 2, 3, 7, 64, 1000] { expectEachOnce(items, threads: threads) }
  }

  @Test("each item is done once when threads lose time at random", arguments: threadCounts)
  func delays(threads: Int) {
    TeamWatch.delays(seed: UInt64(threads)).during {
      for round in 0..<60 { expectEachOnce([2, 5, 33, 200][round % 4], threads: threads) }
    }
  }

  @Test("operations give the same bits when threads lose time at random", arguments: [2, 3, 5, 16])
  func sameBits(threads: Int) throws {
    let alone = try OperationSequence(ComputeContext(threadCount: 1), .float32).run()
    try TeamWatch.delays(seed: 7).during {
      let sequence = try OperationSequence(ComputeContext(threadCount: threads), .float32)
      let first = try sequence.run()
      let second = try sequence.run()
      for (a, (b, c)) in zip(alone, zip(first, second)) {
        #expect(b.values.map(\.bitPattern) == c.values.map(\.bitPattern), "\(b.name)")
        guard !a.isProduct else { continue }
        #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern), "\(a.name)")
      }
    }
  }

  @Test("a million short regions lose no wake")
  func million() {
    let total = Atomic(0)
    // While it is watched, a team shares what is too short to share.
    TeamWatch { _, _ in }.during {
      for _ in 0..<1_000_000 {
        share(2, threads: 2) { item, _ in total.wrappingAdd(item + 1, ordering: .relaxed) }
      }
    }
    #expect(total.load(ordering: .relaxed) == 3_000_000)
  }

  @Test(
    "a region whose helpers never come is finished by its caller, and they disturb no later one")
  func nobodyComes() {
    let gate = Gate()
    let isHeld = Atomic(true)
    TeamWatch { moment, _ in
      if moment == CK_TEAM_CLAIMS, isHeld.load(ordering: .acquiring) { gate.wait() }
    }.during {
      for _ in 0..<100 {
        let count = ItemCount(50)
        share(50, threads: 3) { item, thread in
          count.begin(item, thread)
          count.end(thread)
        }
        #expect(count.counts.allSatisfy { $0 == 1 } && count.others == 0)
      }
      // Those that were held go on with what they saw of a region that is long over.
      isHeld.store(false, ordering: .releasing)
      gate.open()
      for _ in 0..<1000 { expectEachOnce(20, threads: 3) }
    }
  }

  @Test("a call within an item runs on the item's thread")
  func nested() {
    let inner = Atomic(0)
    let strangers = Atomic(0)
    share(20, threads: 3) { _, _ in
      let thread = pthread_self()
      share(10, threads: 3) { _, number in
        inner.wrappingAdd(1, ordering: .relaxed)
        if number != 0 || pthread_self() != thread {
          strangers.wrappingAdd(1, ordering: .relaxed)
        }
      }
    }
    #expect(inner.load(ordering: .relaxed) == 200)
    #expect(strangers.load(ordering: .relaxed) == 0)
  }

  @Test("several threads share work at once, each with a team of its own, which ends with it")
  func severalCallers() {
    let done = DispatchSemaphore(value: 0)
    let items = Atomic(0)
    for caller in 0..<4 {
      Thread.detachNewThread {
        for round in 0..<300 {
          share(round % 9, threads: 2 + caller % 3) { _, _ in
            items.wrappingAdd(1, ordering: .relaxed)
          }
        }
        done.signal()
      }
    }
    for _ in 0..<4 { done.wait() }
    #expect(items.load(ordering: .relaxed) == 4 * (0..<300).reduce(0) { $0 + $1 % 9 })
  }

  @Test("a process ends while its helpers sleep or look for work")
  func exits() async {
    await #expect(processExitsWith: .success) {
      for _ in 0..<50 { share(8, threads: 4) { _, _ in sched_yield() } }
    }
  }

  @Test("where the system gives no threads, the caller does everything, and oneDNN says so")
  func noThreads() async {
    await #expect(processExitsWith: .success) {
      let context = try ComputeContext(threadCount: 64)
      let x = try context.tensor([Float](repeating: 1, count: 24), shape: [2, 12])
      let weight = try [Float](repeating: 0.5, count: 12 * 7).withUnsafeBufferPointer {
        try context.prepareLinear($0, bias: nil, inputs: 12, outputs: 7, elementType: .float32)
      }
      // A thread that has no team yet.
      let done = DispatchSemaphore(value: 0)
      Thread.detachNewThread {
        let limit = MemoryLimit(beyondPresentUse: 4 << 20)
        let count = ItemCount(100)
        share(100, threads: 64) { item, thread in
          count.begin(item, thread)
          count.end(thread)
        }
        let error = #expect(throws: TensorError.self) { try context.linear(x, weight) }
        limit.lift()
        #expect(count.counts.allSatisfy { $0 == 1 } && count.others == 0)
        #expect(error?.operation == "pthread_create")
        done.signal()
      }
      done.wait()
    }
  }
}

/// Holds the process to the memory that it uses, and some more.
private struct MemoryLimit {
  private let former: rlimit

  init(beyondPresentUse byteCount: Int) {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
    former = limit
    let pages = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)
      .split(separator: " ")[0]
    limit.rlim_cur =
      (pages.flatMap { rlim_t($0) } ?? 0) * rlim_t(getpagesize()) + rlim_t(byteCount)
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  }

  func lift() {
    var limit = former
    setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
  }
}
