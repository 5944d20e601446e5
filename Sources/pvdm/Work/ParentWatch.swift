import Dispatch
import Glibc

/// Stops this process, as SIGTERM does, when the worker that started it has ended: what it makes would
/// come too late, and its processor is wanted.
enum ParentWatch {
  /// Begins to watch where a worker started this process.
  static func begin(environment: [String: String]) {
    guard let worker = environment[ItemProcess.parentVariable].flatMap({ pid_t($0) }) else {
      return
    }
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.schedule(deadline: .now(), repeating: .seconds(1))
    timer.setEventHandler {
      guard getppid() != worker else { return }
      timer.cancel()
      kill(getpid(), SIGTERM)
    }
    timer.resume()
  }
}
