import Foundation
import RunKit
import StudioKit
import Synchronization

/// Says when a worker ends: when it was unwatched and idle for a time, or when somebody wants it to.
final class WorkerLife: Sendable {
  private struct State {
    var census = StudioServer.Census()
    var jobs: [Job] = []
    var progress: JobProgress?
    var hasBegun = false
    var idle: Task<Void, Never>?
    /// Once it ends: whether after the clip in progress rather than after the step.
    var finishesClip: Bool?
    var waiting: CheckedContinuation<Bool, Never>?

    /// Whether anybody or anything needs the worker.
    var isNeeded: Bool {
      census.connections > 0 || jobs.contains { $0.state == .running || $0.state == .waiting }
    }
  }
  private let state = Mutex(State())
  private let since = Date()
  private let idleTime: Duration

  init(idleTime: Duration) { self.idleTime = idleTime }

  func note(_ census: StudioServer.Census) { change { $0.census = census } }
  func note(_ jobs: [Job]) { change { $0.jobs = jobs } }
  func note(_ progress: JobProgress) { state.withLock { $0.progress = progress } }

  /// Screens can come now; if none does, it ends after its time.
  func begin() { change { $0.hasBegun = true } }

  /// How the worker stands.
  var status: WorkerStatus {
    state.withLock { state in
      let running = state.jobs.filter { $0.state == .running }
      return WorkerStatus(
        since: since, screens: state.census.screens,
        running: running.map { job in
          let progress = state.progress.flatMap { $0.job == job.id ? $0 : nil }
          return "job \(job.id.rawValue): \(job.task.phrase)\(progress?.phrase ?? "")"
        }, waiting: state.jobs.count { $0.state == .waiting }, isEnding: state.finishesClip != nil)
    }
  }

  /// Ends it.
  func end(finishesClip: Bool) {
    let waiting = state.withLock { state -> CheckedContinuation<Bool, Never>? in
      // Who asks later may be in more of a hurry, but by then it is ending.
      guard state.finishesClip == nil else { return nil }
      state.finishesClip = finishesClip
      state.idle?.cancel()
      defer { state.waiting = nil }
      return state.waiting
    }
    waiting?.resume(returning: finishesClip)
  }

  /// Waits for the end.
  ///
  /// - Returns: Whether the clip in progress is to be finished.
  func untilEnd() async -> Bool {
    await withCheckedContinuation { continuation in
      let end = state.withLock { state -> Bool? in
        if let end = state.finishesClip { return end }
        state.waiting = continuation
        return nil
      }
      if let end { continuation.resume(returning: end) }
    }
  }

  private func change(_ body: (inout State) -> Void) {
    state.withLock { state in
      body(&state)
      guard state.hasBegun, state.finishesClip == nil else { return }
      if state.isNeeded {
        state.idle?.cancel()
        state.idle = nil
      } else if state.idle == nil {
        state.idle = Task { [weak self, idleTime] in
          guard (try? await Task.sleep(for: idleTime)) != nil else { return }
          self?.endIfIdle()
        }
      }
    }
  }

  private func endIfIdle() {
    guard state.withLock({ !$0.isNeeded && $0.idle != nil }) else { return }
    end(finishesClip: false)
  }
}

extension JobTask {
  /// What it does, in a few words.
  fileprivate var phrase: String {
    switch self {
    case .generate(let task): "clips of video \(task.video.rawValue) with \(task.model.name)"
    case .export(let task):
      "writing \(task.paths.map { URL(filePath: $0).lastPathComponent }.joined(separator: ", "))"
    case .evaluate(let task): "\(task.metric.title) of \(task.sourceName)"
    case .train(let task): "training \(URL(filePath: task.runFolder).lastPathComponent)"
    }
  }
}

extension JobProgress {
  /// How far it is.
  fileprivate var phrase: String {
    let clip = clipCount.map { ", clip \(min(finishedClips + 1, $0)) of \($0)" } ?? ""
    return clip + (stepCount > 0 ? ", step \(step) of \(stepCount)" : "")
  }
}
