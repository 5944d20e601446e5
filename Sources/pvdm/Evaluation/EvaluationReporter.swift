import Glibc
import StudioKit
import Synchronization

/// Shows how far an evaluation is, on standard error where that is a terminal.
final class EvaluationReporter: Sendable {
  private struct State {
    var stage = ""
    var start = ContinuousClock.now
  }
  private let state = Mutex(State())
  private let isQuiet: Bool
  private let isTerminal = isatty(2) != 0

  init(isQuiet: Bool) { self.isQuiet = isQuiet }

  /// Notes an event, from any thread.
  func report(_ event: EvaluationEvent) {
    guard !isQuiet else { return }
    switch event {
    case .notes(let notes):
      end()
      for note in notes { writeToStandardError("note: \(note)\n") }
    case .progress(let progress):
      guard isTerminal else { return }
      let seconds = state.withLock { state in
        if state.stage != progress.stage {
          state = State(stage: progress.stage, start: .now)
        }
        return (ContinuousClock.now - state.start) / .seconds(1)
      }
      writeToStandardError("\r\u{1B}[K" + Self.line(progress, seconds: seconds))
    }
  }

  /// Clears the line.
  func end() {
    if isTerminal, !isQuiet { writeToStandardError("\r\u{1B}[K") }
  }

  /// What is done, the speed and the time left, from what was done in `seconds`.
  static func line(_ progress: EvaluationProgress, seconds: Double) -> String {
    var parts = ["\(progress.stage) \(progress.done)/\(progress.total)"]
    let made = progress.done - progress.resumed
    if made > 0, seconds > 0.5 {
      let each = seconds / Double(made)
      parts.append(each < 1 ? "\(Int(1 / each)) a second" : "\(ProgressText.time(each)) each")
      let left = each * Double(progress.total - progress.done)
      parts.append("\(ProgressText.time(left)) left")
    }
    return parts.joined(separator: "  ")
  }
}
