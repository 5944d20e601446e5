import Synchronization
import VideoDiffusion

/// Lines of events on standard output. When one cannot be written, nobody follows the work any more:
/// it is asked to stop, with what is complete kept, and ``check()`` says why.
final class EventOutput: Sendable {
  private let stop: StopSignal
  private let failure = Mutex<OutputError?>(nil)

  init(stop: StopSignal) { self.stop = stop }

  /// Whether a line could not be written.
  var hasFailed: Bool { failure.withLock { $0 != nil } }

  /// Writes a line of JSON, from any thread.
  func write(json line: String) {
    guard !hasFailed else { return }
    do {
      try writeToStandardOutput(ConsoleText(json: line))
    } catch {
      failure.withLock { $0 = $0 ?? error }
      stop.requestStop(.afterStep)
    }
  }

  /// - Throws: ``OutputError`` if a line could not be written.
  func check() throws {
    if let failure = failure.withLock({ $0 }) { throw failure }
  }
}
