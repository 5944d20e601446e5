import CKernels
import Glibc
import Synchronization
import TensorCore
import TestSupport
import Testing

/// What oneDNN calls in place of libgomp.
@Suite(.serialized, .timeLimit(.minutes(5)))
struct LibraryThreadsTests {
  /// What a region saw: how often each number came, and numbers before and behind a barrier.
  private final class Region: Sendable {
    let counts: Mutex<[Int]>
    let arrived = Atomic(0)
    let early = Atomic(0)
    let wrong = Atomic(0)
    let size: Int

    init(size: Int) {
      self.size = size
      counts = Mutex(Array(repeating: 0, count: size))
    }

    static func of(_ data: UnsafeMutableRawPointer?) -> Region {
      Unmanaged<Region>.fromOpaque(data!).takeUnretainedValue()
    }

    func enter() {
      if ck_openmp_thread_count() != size || ck_openmp_is_parallel() == 0 {
        wrong.wrappingAdd(1, ordering: .relaxed)
      }
      counts.withLock { $0[Int(ck_openmp_thread_number())] += 1 }
    }

    func run(_ function: @convention(c) (UnsafeMutableRawPointer?) -> Void) {
      withExtendedLifetime(self) {
        ck_openmp_parallel(function, Unmanaged.passUnretained(self).toOpaque(), UInt32(size), 0)
      }
    }
  }

  private func inLibrary(threads: Int, _ body: () -> Void) {
    ck_begin_library(Int32(threads))
    body()
    ck_end_library()
  }

  @Test("each number of a region comes once", arguments: [2, 3, 5, 16])
  func numbers(threads: Int) {
    inLibrary(threads: threads) {
      #expect(ck_openmp_most_threads() == threads && ck_openmp_is_parallel() == 0)
      for size in 2...threads {
        let region = Region(size: size)
        region.run { Region.of($0).enter() }
        #expect(region.counts.withLock { $0 } == Array(repeating: 1, count: size))
        #expect(region.wrong.load(ordering: .relaxed) == 0)
      }
      #expect(ck_openmp_thread_number() == 0 && ck_openmp_thread_count() == 1)
    }
  }

  @Test("nobody passes a barrier before all have come, also when they lose time at random")
  func barriers() {
    TeamWatch.delays(seed: 3).during {
      inLibrary(threads: 3) {
        for _ in 0..<100 {
          let region = Region(size: 3)
          region.run {
            let region = Region.of($0)
            region.enter()
            for round in 1...3 {
              region.arrived.wrappingAdd(1, ordering: .sequentiallyConsistent)
              ck_openmp_barrier()
              if region.arrived.load(ordering: .sequentiallyConsistent) < 3 * round {
                region.early.wrappingAdd(1, ordering: .relaxed)
              }
              ck_openmp_barrier()
            }
          }
          #expect(region.early.load(ordering: .relaxed) == 0)
          #expect(region.counts.withLock { $0 } == [1, 1, 1])
        }
      }
    }
  }

  @Test("a region within a region has one thread")
  func nested() {
    inLibrary(threads: 2) {
      let region = Region(size: 2)
      region.run {
        let region = Region.of($0)
        region.enter()
        let number = ck_openmp_thread_number()
        let inner = Region(size: 1)
        ck_openmp_parallel(
          { data in
            if ck_openmp_thread_count() != 1 || ck_openmp_thread_number() != 0 {
              Region.of(data).wrong.wrappingAdd(1, ordering: .relaxed)
            }
            Region.of(data).arrived.wrappingAdd(1, ordering: .relaxed)
          }, Unmanaged.passUnretained(inner).toOpaque(), 2, 0)
        if inner.arrived.load(ordering: .relaxed) != 1
          || inner.wrong.load(ordering: .relaxed) != 0 || ck_openmp_thread_number() != number
        {
          region.wrong.wrappingAdd(1, ordering: .relaxed)
        }
      }
      #expect(region.wrong.load(ordering: .relaxed) == 0)
    }
  }

  @Test("oneDNN's work is done by the team of the thread that calls it")
  func library() throws {
    #expect(ck_is_library_bound())
    let context = try ComputeContext(threadCount: 2)
    let x = try context.tensor([Float](repeating: 1, count: 512 * 120), shape: [512, 120])
    let weight = try context.linear(
      inputs: 120, outputs: 70, bias: nil, seed: 1, as: .float32
    ).weight
    let claims = Atomic(0)
    try TeamWatch { moment, _ in
      if moment == CK_TEAM_CLAIMED { claims.wrappingAdd(1, ordering: .relaxed) }
    }.during {
      _ = try context.read(context.linear(x, weight))
    }
    #expect(claims.load(ordering: .relaxed) > 1)
  }
}
