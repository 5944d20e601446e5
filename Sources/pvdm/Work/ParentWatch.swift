import Dispatch
import Glibc

/// Stops this process, as SIGTERM does, when the worker that started it has ended: what it makes would
/// come too late, and its processor is wanted.
enum ParentWatch {
  /// Begins to watch where a worker started this process.
  static func begin() {
    guard let variable = getenv(ItemProcess.parentVariable),
      let worker = pid_t(String(cString: variable))
    else { return }
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
