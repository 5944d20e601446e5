import ArgumentParser
import Foundation
import HandwrittenText
import RunKit

/// A count of clips on standard error, where that is a terminal.
final class ClipProgress {
  private let verb: String
  private let isShown = isatty(2) != 0
  private var clips = 0
  private let start = ContinuousClock.now

  init(_ verb: String) { self.verb = verb }

  func show(_ clips: Int, of total: Int? = nil) {
    self.clips = clips
    guard isShown else { return }
    let count = total.map { "\(clips)/\($0)" } ?? "\(clips)"
    let seconds = (ContinuousClock.now - start) / .seconds(1) / Double(clips)
    var line = String(format: "%@ clip %@  %.2f s/clip", verb, count, seconds)
    if let total { line += String(format: "  %.0f s left", seconds * Double(total - clips)) }
    writeToStandardError("\(ConsoleText.emptyLine)\(line)")
  }

  func end() {
    if isShown { writeToStandardError(.emptyLine) }
  }

  /// Says what was kept of work that was stopped.
  ///
  /// - Throws: The exit status of an interruption, if it was.
  func checkNotStopped(_ stop: StopSignalSource, _ outputs: [String]) throws {
    guard stop.signal.moment > .never else { return }
    let places = clips > 0 && !outputs.isEmpty ? " in \(outputs.joined(separator: ", "))" : ""
    writeToStandardError("stopped; kept \(counted(clips, "complete clip"))\(places)\n")
    throw ExitCode(Explanation.Category.interrupted.rawValue)
  }
}
