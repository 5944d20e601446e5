import Foundation
import RunKit
import StudioKit

/// The progress of a job in words and numbers, as every screen writes them.
package enum ProgressNotes {
  /// The share of the clip in progress that is done, 0 to 1; `nil` where that is not known.
  package static func fraction(_ progress: JobProgress) -> Double? {
    switch progress.phase {
    case .loading(let share): share
    case .sampling, .evaluating, .training:
      progress.stepCount > 0 ? Double(progress.step) / Double(progress.stepCount) : 0
    case .decoding, .writing: 1
    case .encoding: nil
    }
  }

  /// `37%`, or what is done where it has no share: `encoding`.
  package static func short(_ progress: JobProgress?) -> String {
    guard let progress else { return "starting" }
    return switch progress.phase {
    case .loading: "loading"
    case .encoding: "encoding"
    case .decoding: "decoding"
    case .writing: "writing"
    case .sampling, .evaluating, .training:
      progress.stepCount > 0 ? "\(progress.step * 100 / progress.stepCount)%" : "0%"
    }
  }

  /// What stands after a bar, the most important first.
  package static func notes(_ progress: JobProgress) -> [String] {
    var notes = [short(progress)]
    if let left = progress.secondsLeft { notes.append("\(PaceText.time(left)) left") }
    if progress.stepCount > 0 { notes.append("step \(progress.step)/\(progress.stepCount)") }
    if let seconds = progress.secondsPerStep { notes.append(PaceText.speed(seconds)) }
    return notes
  }

  /// `clip 2/4`, or `clip 2` of a run that goes on until it is stopped.
  package static func clip(_ progress: JobProgress) -> String {
    let number = progress.finishedClips + 1
    return progress.clipCount.map { "clip \(min(number, $0))/\($0)" } ?? "clip \(number)"
  }
}
