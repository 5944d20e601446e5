import EvaluationKit
import Glibc
import RunKit
import StudioKit
import Synchronization

/// Shows how far an evaluation is, on standard error where that is a terminal.
final class EvaluationReporter: Sendable {
  private let pace = Mutex(EvaluationPace())
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
      let pace = pace.withLock { pace in
        pace.note(progress, at: .now)
        return pace
      }
      writeToStandardError("\(ConsoleText.emptyLine)\(Self.line(progress, pace))")
    }
  }

  /// Clears the line.
  func end() {
    if isTerminal, !isQuiet { writeToStandardError(.emptyLine) }
  }

  /// What is done, the speed and the time left.
  private static func line(_ progress: ItemProgress, _ pace: EvaluationPace) -> String {
    var parts = ["\(progress.stage) \(progress.done)/\(progress.total)"]
    if let each = pace.secondsEach, let left = pace.secondsLeft {
      parts.append(each < 1 ? "\(Int(1 / each)) a second" : "\(PaceText.time(each)) each")
      parts.append("\(PaceText.time(left)) left")
    }
    return parts.joined(separator: "  ")
  }
}
