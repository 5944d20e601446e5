import Synchronization
import TensorCore
import TestSupport
import Testing

/// Teams of more threads than there are processors, told from the pieces of regions.
@Suite struct TeamSimulationTests {
  /// Simulates a region of pieces that take some time, after it ran once.
  private func simulation(_ items: Int, threads: Int) -> TeamSimulation {
    let body: @Sendable (Int, Int) -> Void = { _, _ in
      let end = ContinuousClock.now + .microseconds(20)
      while ContinuousClock.now < end {}
    }
    return TeamSimulation.run {
      share(items, threads: threads, body)
      return TeamSimulation { share(items, threads: threads, body) }
    }
  }

  @Test("every piece is done once, by the calling thread", arguments: [1, 2, 64])
  func pieces(threads: Int) {
    let count = ItemCount(40)
    let simulation = TeamSimulation.run {
      TeamSimulation {
        share(40, threads: threads) { item, thread in
          count.begin(item, thread)
          count.end(thread)
        }
      }
    }
    #expect(count.counts == Array(repeating: 1, count: 40))
    #expect(count.others == 0)
    #expect(simulation.regionCount == 1)
    #expect(simulation.pieceCount == 40)
  }

  @Test("one thread takes as long as all pieces")
  func oneThread() {
    let simulation = simulation(16, threads: 1)
    #expect(abs(simulation.regionSeconds / simulation.pieceSeconds - 1) < 1e-6)
  }

  @Test(
    "a team is never faster than its threads allow, nor slower than one",
    arguments: [2, 4, 16, 64])
  func bounds(threads: Int) {
    let simulation = simulation(64, threads: threads)
    #expect(simulation.regionSeconds >= simulation.pieceSeconds / Double(threads))
    #expect(simulation.regionSeconds <= simulation.pieceSeconds)
  }

  @Test("more threads than pieces bring no more")
  func morethreads() {
    let simulation = simulation(2, threads: 64)
    #expect(simulation.regionSeconds >= simulation.pieceSeconds / 2)
  }

  @Test("a region within a piece is its thread's own")
  func nested() {
    let done = Atomic(0)
    let simulation = TeamSimulation.run {
      TeamSimulation {
        share(3, threads: 4) { _, _ in
          share(5, threads: 4) { _, thread in
            done.wrappingAdd(thread == 0 ? 1 : 100, ordering: .relaxed)
          }
        }
      }
    }
    #expect(done.load(ordering: .relaxed) == 15)
    #expect(simulation.regionCount == 1 && simulation.pieceCount == 3)
  }

  @Test(
    "networks compute the same bits in a simulation, whatever its threads", arguments: [1, 7, 64])
  func sameBits(threads: Int) throws {
    let alone = try OperationSequence(ComputeContext(threadCount: 1), .float32).run()
    let simulated = try TeamSimulation.run {
      try OperationSequence(ComputeContext(threadCount: threads), .float32).run()
    }
    for (a, b) in zip(alone, simulated) where !a.isProduct {
      #expect(a.values.map(\.bitPattern) == b.values.map(\.bitPattern), "\(a.name)")
    }
  }
}
