import CKernels
import Glibc
import Synchronization

/// Calls `body(item, thread)` for every item on up to `threads` threads of the calling thread's team.
func share(
  _ items: Int, threads: Int, _ body: @escaping @Sendable (_ item: Int, _ thread: Int) -> Void
) {
  let work = SharedWork(body)
  withExtendedLifetime(work) {
    ck_parallel_for(
      items, Int32(threads), { SharedWork.of($0).body($1, Int($2)) },
      Unmanaged.passUnretained(work).toOpaque())
  }
}

/// A closure as C carries it along.
final class SharedWork: Sendable {
  let body: @Sendable (Int, Int) -> Void

  init(_ body: @escaping @Sendable (Int, Int) -> Void) { self.body = body }

  static func of(_ context: UnsafeMutableRawPointer?) -> SharedWork {
    Unmanaged<SharedWork>.fromOpaque(context!).takeUnretainedValue()
  }
}

/// Counts how often each item was done, and whether two threads had the same number at once.
final class ItemCount: Sendable {
  private let state: Mutex<(counts: [Int], busy: Set<Int>, clashes: Int, others: Int)>

  init(_ items: Int) { state = Mutex((Array(repeating: 0, count: items), [], 0, 0)) }

  /// How often each item was done.
  var counts: [Int] { state.withLock { $0.counts } }
  /// How often a thread began an item while another with its number was at one.
  var clashes: Int { state.withLock { $0.clashes } }
  /// Items that helpers did.
  var others: Int { state.withLock { $0.others } }

  func begin(_ item: Int, _ thread: Int) {
    state.withLock {
      $0.counts[item] += 1
      if !$0.busy.insert(thread).inserted { $0.clashes += 1 }
      if thread > 0 { $0.others += 1 }
    }
  }

  func end(_ thread: Int) { state.withLock { _ = $0.busy.remove(thread) } }
}

/// Has all teams call a closure at their moments; one at a time.
struct TeamWatch {
  private static let lock = Mutex(())
  private let watch: Watch

  init(_ call: @escaping @Sendable (_ moment: ck_team_moment, _ thread: Int) -> Void) {
    watch = Watch(call)
  }

  /// Lets threads lose time at random, from nothing to a millisecond, at every moment.
  static func delays(seed: UInt64) -> TeamWatch {
    let draws = Draws(seed)
    return TeamWatch { _, _ in
      var x = draws.next.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
      x = (x ^ (x >> 30)) &* 0xBF58_476D_1CE4_E5B9
      x = (x ^ (x >> 27)) &* 0x94D0_49BB_1331_11EB
      switch x % 64 {
      case 0: usleep(UInt32((x >> 8) % 1000))
      case 1..<4: sched_yield()
      case 4..<16: for _ in 0..<(x >> 8) % 500 { _ = draws.next.load(ordering: .relaxed) }
      default: break
      }
    }
  }

  func during(_ body: () throws -> Void) rethrows {
    // A helper may be on its way through a watcher that is no longer set: they are never freed.
    let watcher = UnsafeMutablePointer<ck_team_watcher>.allocate(capacity: 1)
    watcher.initialize(
      to: ck_team_watcher(
        call: { Unmanaged<Watch>.fromOpaque($0!).takeUnretainedValue().call($1, Int($2)) },
        context: Unmanaged.passRetained(watch).toOpaque()))
    try Self.lock.withLock { _ in
      ck_watch_teams(watcher)
      defer { ck_watch_teams(nil) }
      try body()
    }
  }

  private final class Watch: Sendable {
    let call: @Sendable (ck_team_moment, Int) -> Void
    init(_ call: @escaping @Sendable (ck_team_moment, Int) -> Void) { self.call = call }
  }

  private final class Draws: Sendable {
    let next: Atomic<UInt64>
    init(_ seed: UInt64) { next = Atomic(seed) }
  }
}
