import RunKit
import StudioKit
import TerminalUI

/// What the studio tells outside of its screen.
extension StudioModel {
  /// The title of the terminal's window: how far the run is, for whoever has another window in front.
  package var title: String {
    guard let job = app.runningJob, let progress = app.progress(of: job) else {
      return "PVDM Studio"
    }
    let share = ProgressNotes.fraction(progress).map { "\(Int($0 * 100)) % " } ?? ""
    let part = job.generation == nil ? job.title(app) : ProgressNotes.clip(progress)
    return "\(share)\(part) - PVDM Studio"
  }

  /// Seconds from which a run counts as one that nobody waits for in front of the screen.
  private static let longRun = 30.0

  /// Tells the end of a long run, unless somebody looks: where the terminal does not say so, whoever pressed a
  /// key since the run began.
  mutating func announce(_ job: Job) -> [Errand] {
    let isSeen = isWatched ?? attended.contains(job.id)
    attended.remove(job.id)
    guard announces, !isSeen, !isHungUp, let seconds = job.secondsTaken, seconds >= Self.longRun
    else { return [] }
    let end: String
    switch job.state {
    case .failed(let sentence, _): end = "failed: \(sentence)"
    case .cancelled: end = "was cancelled"
    default: end = "is done after \(PaceText.time(seconds))"
    }
    return [.terminal(.signal(.announce("PVDM Studio: \(job.title(app)) \(end)")))]
  }
}
