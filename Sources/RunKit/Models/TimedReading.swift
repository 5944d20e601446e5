import Dispatch
import Foundation
import Synchronization
import VideoDiffusion

/// Reads what may be damaged or made with malice, on a thread of its own, without waiting for it longer
/// than a file is worth.
///
/// Parsers are bounded, but a file system may hang and a fault may be unknown yet. A thread that is
/// given up goes on until it is done or the process ends, and nobody waits for it. On a machine that others
/// use, a good file may have to wait for its processor: so what counts is time of the processor.
package enum TimedReading {
  /// The longest time between a wish to stop and its effect.
  private static let interval = DispatchTimeInterval.milliseconds(20)
  /// Bytes of the thread's stack; parsers nest up to a bound.
  private static let stackSize = 8 << 20

  /// What a piece of work gives.
  ///
  /// - Parameters:
  ///   - limit: Seconds of the processor that it may take; four times as many may pass, for what waits for a
  ///     file system takes none.
  ///   - stop: Ends the waiting at once.
  /// - Returns: `nil` if the time was up.
  /// - Throws: `CancellationError` if the wait was to end or the task was cancelled.
  package static func value<Value: Sendable>(
    within limit: Double, stop: StopSignal? = nil, _ work: @escaping @Sendable () -> Value
  ) throws -> Value? {
    try check(stop)
    let result = Slot<Value>()
    let thread = Thread {
      result.clock.withLock { _ = pthread_getcpuclockid(pthread_self(), &$0) }
      let value = work()
      result.value.withLock { $0 = value }
      result.isFull.signal()
    }
    thread.stackSize = stackSize
    thread.name = "reading"
    thread.start()
    let end = DispatchTime.now() + 4 * limit
    while result.isFull.wait(timeout: min(end, .now() + interval)) == .timedOut {
      try check(stop)
      guard .now() < end, result.processorTime < limit else { return nil }
    }
    return result.value.withLock { $0 }
  }

  /// - Throws: `CancellationError` if the work was to end or the task was cancelled.
  static func check(_ stop: StopSignal?) throws {
    if let stop, stop.moment != .never { throw CancellationError() }
    try Task.checkCancellation()
  }

  private final class Slot<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
    let isFull = DispatchSemaphore(value: 0)
    /// The clock of the thread's processor time, once it has begun.
    let clock = Mutex<clockid_t>(0)

    /// Seconds of the processor that the thread has had; 0 before it begins and after its end.
    var processorTime: Double {
      let clock = clock.withLock { $0 }
      var time = timespec()
      guard clock != 0, clock_gettime(clock, &time) == 0 else { return 0 }
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
  }
}
