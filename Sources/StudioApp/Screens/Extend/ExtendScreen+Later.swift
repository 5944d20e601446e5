import RunKit
import StudioKit

/// Clips that are asked for while the clip that they continue is still being made.
extension ExtendScreen {
  /// Whether a run is about to add to the tip, or is asked to.
  func isTipGrowing(_ app: AppState) -> Bool { isAsked || !tipJobs(app).isEmpty }

  /// The jobs that add to the tip of the branch.
  private func tipJobs(_ app: AppState) -> [Job] {
    guard let tree else { return [] }
    let newest = tree.clips.keys.max()
    return app.openJobs.filter { job in
      guard let task = job.generation, task.video == tree.video else { return false }
      if job.finishedClips > 0 { return newest == tree.tip }
      return switch task.origin {
      case .nothing, .footage: tree.tip == nil
      case .clip(let clip): clip == tree.tip
      }
    }
  }

  /// Remembers a run until the tip has grown.
  mutating func extendLater(count: Int?, _ app: AppState) -> [StudioEffect] {
    switch (laterRun, count) {
    case (.untilStopped, _), (_, nil): laterRun = .untilStopped
    case (.clips(let before), .some(let more)): laterRun = .clips(before + more)
    case (nil, .some(let more)): laterRun = .clips(more)
    }
    return [.notify(Notice(.information, laterText, remedy: "\(app.keys[.stop]) stops"))]
  }

  /// What is to come, in words.
  var laterText: String {
    switch laterRun {
    case nil: ""
    case .clips(let count): count == 1 ? "one more clip follows" : "\(count) more clips follow"
    case .untilStopped: "more clips follow until stopped"
    }
  }

  /// Whether the last run of a video ended before it was done, as the user wanted: by Ctrl-C, or on a
  /// screen that knows nothing of what was to follow.
  private func wasStopped(_ video: VideoID, _ app: AppState) -> Bool {
    guard let last = app.jobs.first(where: { $0.generation?.video == video }) else {
      return false
    }
    return app.isStopping(last.id)
      || last.clipCount.map { last.finishedClips < $0 } ?? true
  }

  /// Begins the run that was put off once nothing adds to the tip any more; one that
  /// failed or is held takes it along.
  mutating func beginLaterRun(_ app: AppState) -> [StudioEffect] {
    guard let tree else { return [] }
    let jobs = tipJobs(app)
    if !jobs.isEmpty { isAsked = false }
    guard let run = laterRun, !isAsked, jobs.isEmpty else { return [] }
    switch VideoActivity(of: tree.video, app) {
    // The last clip of a run is there before the queue says that the run is over.
    case .running, .waiting: return []
    case .held, .failed, .cancelled:
      laterRun = nil
      return []
    case .none: break
    }
    laterRun = nil
    guard !wasStopped(tree.video, app) else { return [] }
    switch run {
    case .clips(let count): return extend(count: count, app)
    case .untilStopped: return extend(count: nil, app)
    }
  }
}
