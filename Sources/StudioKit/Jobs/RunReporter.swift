import Foundation
import RunKit
import Synchronization
import TensorCore
import VideoDiffusion

/// Says how far a run is, at most ten times a second, and keeps what its parts took for later
/// estimates.
final class RunReporter: Sendable {
  private struct State {
    var progress: JobProgress
    var pace: RunPace
    var lastTold: ContinuousClock.Instant?
    /// Clips of the video before the job's next one, when sampling began.
    var clipsBefore = 0
    var isOver = false
    var averages: [TimingKey: TimingAverage] = [:]
  }
  private let state: Mutex<State>
  private let plan: GenerationPlan
  private let hub: EventHub
  private let timings: any TimingStore
  private let stop: StopSignal

  /// Steps of the runs that follow this one in the same job, and their clips.
  private let stepsAfterRun: (steps: Int, clips: Int)

  private static let interval = Duration.milliseconds(100)

  init(_ plan: GenerationPlan, _ workspace: Workspace, _ stop: StopSignal) {
    self.plan = plan
    hub = workspace.hub
    timings = SessionTimings(store: workspace.store, now: workspace.now)
    self.stop = stop
    stepsAfterRun = plan.stepsAfterRun
    var progress = JobProgress(
      job: plan.job, phase: .loading(0), clipCount: plan.clipCount)
    progress.finishedClips = plan.clipsBefore + plan.finishedClips
    state = Mutex(State(progress: progress, pace: RunPace(plan.request(after: 0))))
  }

  /// Sampling begins after some clips of the video.
  func begin(_ request: GenerationRequest, clipsBefore: Int) {
    state.withLock { state in
      state.pace = RunPace(request)
      state.clipsBefore = clipsBefore
    }
  }

  /// Notes what the engine reports.
  func note(_ event: GenerationEvent) { state.withLock { $0.pace.note(event) } }

  /// Notes what an operation of a network took, in seconds.
  func note(_ seconds: Double, _ operation: TimingKey.Operation, of file: NetworkFile) {
    let key = TimingKey(
      network: TimingKey.network(hash: nil, path: file.path),
      precision: plan.task.settings.precision, device: plan.task.settings.device,
      threadCount: plan.task.settings.timedThreadCount(of: Processor.availableCount),
      operation: operation)
    // What is stored is read outside the lock, and written between clips: a step must not wait for the
    // disk.
    let isKnown = state.withLock { $0.averages[key] != nil }
    let stored = isKnown ? nil : try? timings.timing(for: key)
    state.withLock { state in
      if operation == .decode { state.pace.noteDecoding(seconds: seconds) }
      if var average = state.averages[key] ?? stored {
        average.add(seconds)
        state.averages[key] = average
      } else {
        state.averages[key] = TimingAverage(seconds)
      }
    }
  }

  /// A clip is in the database.
  func clipIsDone() {
    state.withLock { $0.progress.finishedClips += 1 }
    keepTimings()
  }

  /// The run is over; previews that come later are not shown.
  func end() {
    state.withLock { $0.isOver = true }
    keepTimings()
  }

  /// Shows a look at the clip in progress.
  func show(_ preview: StepPreview, of autoencoder: NetworkFile) {
    if preview.mode == .linear { note(preview.seconds, .linearPreview, of: autoencoder) }
    let clip = state.withLock { state -> Int? in
      state.pace.notePreview(seconds: preview.seconds)
      let own = preview.clip - state.clipsBefore + plan.finishedClips
      return state.isOver ? nil : plan.clipsBefore + own
    }
    guard let clip else { return }
    hub.send(
      .preview(
        JobPreview(
          job: plan.job, clip: clip, step: preview.step, stepCount: preview.stepCount,
          mode: preview.mode, images: preview.images)))
  }

  /// Times are of use but not worth a failure.
  private func keepTimings() {
    for (key, average) in state.withLock({ $0.averages }) {
      try? timings.setTiming(average, for: key)
    }
  }

  /// Says what is done now. A new phase is told at once.
  func tell(_ phase: JobProgress.Phase) {
    let progress = state.withLock { state -> JobProgress? in
      let now = ContinuousClock.now
      let isDue = state.lastTold.map { now - $0 >= Self.interval } ?? true
      guard isDue || !phase.isSame(as: state.progress.phase) else { return nil }
      state.lastTold = now
      state.progress.phase = phase
      state.progress.step = state.pace.step
      state.progress.stepCount = state.pace.stepCount
      state.progress.secondsPerStep = state.pace.secondsPerStep
      state.progress.secondsLeft = state.pace.secondsLeft.map {
        $0 + state.pace.seconds(ofStepsAfterRun: stepsAfterRun)
      }
      state.progress.previewShare = state.pace.previewShare
      state.progress.residentBytes = MemoryUse.residentByteCount
      state.progress.isStopping = stop.moment > .never
      return state.progress
    }
    if let progress { hub.send(.progress(progress)) }
  }
}

extension JobProgress.Phase {
  /// Whether it is the same kind of work, however far.
  fileprivate func isSame(as other: Self) -> Bool {
    switch (self, other) {
    case (.loading, .loading): true
    default: self == other
    }
  }
}
