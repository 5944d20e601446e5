import HandwrittenText
import RunKit
import StudioKit

/// What the keys of Make and Queue do about a job.
extension Job {
  /// Stops it: after the clip first, after the step when asked again. What is complete is kept.
  package func stop(_ app: AppState) -> [StudioEffect] {
    switch state {
    case .running where generation != nil:
      return [.job(.finish(id, atOnce: app.isStopping(id)))]
    case .running: return [.job(.finish(id, atOnce: true))]
    case .waiting: return [.job(.cancel(id))]
    case .paused where evaluation != nil, .interrupted where evaluation != nil:
      return [
        .confirm(
          title: "End job \(id.rawValue)?",
          lines: ["What was computed is kept: the same evaluation would begin with it."],
          confirmed: [.job(.cancel(id))])
      ]
    case .paused where training != nil, .interrupted where training != nil:
      return [
        .confirm(
          title: "Take job \(id.rawValue) from the queue?",
          lines: ["The run stays as it is; \(app.keys[.run]) on Train lets it go on."],
          confirmed: [.job(.cancel(id))])
      ]
    case .paused, .interrupted:
      let kept =
        finishedClips == 0
        ? "No clip of it is complete."
        : "\(counted(finishedClips, "complete clip")) \(finishedClips == 1 ? "is" : "are") kept."
      return [
        .confirm(
          title: "End job \(id.rawValue)?", lines: ["\(kept) The clip in progress is given up."],
          confirmed: [.job(.cancel(id))])
      ]
    case .finished, .cancelled, .failed:
      return [.notify(Notice(.information, "job \(id.rawValue) is over"))]
    }
  }

  /// Holds it back, or lets it go on.
  package func pauseOrResume() -> [StudioEffect] {
    switch state {
    case .running, .waiting: [.job(.pause(id))]
    case .paused, .interrupted, .failed: [.job(.resume(id))]
    case .finished, .cancelled:
      [.notify(Notice(.information, "job \(id.rawValue) is over"))]
    }
  }

  /// What the key that holds a job back does to this one, in a word or two.
  package var pauseName: String {
    switch state {
    case .paused, .interrupted: "go on"
    case .failed: "try again"
    case .waiting, .running, .finished, .cancelled: "pause"
    }
  }
}
