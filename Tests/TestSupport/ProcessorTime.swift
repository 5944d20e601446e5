import Foundation

/// What a piece of work costs this thread alone, however long it waits for a processor.
public enum ProcessorTime {
  /// Seconds of the thread's processor time that a body takes.
  ///
  /// For telling work that grows with its input from work that grows with the square of it: by hundreds
  /// of times, so that no machine is too slow or too busy.
  public static func seconds(of body: () throws -> Void) rethrows -> Double {
    func now() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    let start = now()
    try body()
    return now() - start
  }
}
