import Foundation
import Synchronization
import VideoDiffusion

/// Says how far a run is, at most ten times a second, and keeps what its parts took for later
/// estimates.
final class RunReporter: Sendable {
  private struct State {
    var progress: JobProgress
    var pace: RunPace
    var lastTold: ContinuousClock.Instant?
    var averages: [TimingKey: TimingAverage] = [:]
  }
  private let state: Mutex<State>
  private let settings: GenerationSettings
  private let hub: EventHub
  private let timings: any TimingStore
  private let stop: StopSignal

  private static let interval = Duration.milliseconds(100)

  init(_ plan: GenerationPlan, _ workspace: Workspace, _ stop: StopSignal) {
    settings = plan.task.settings
    hub = workspace.hub
    timings = SessionTimings(store: workspace.store, now: workspace.now)
    self.stop = stop
    var progress = JobProgress(
      job: plan.job, phase: .loading(0), clipCount: plan.task.settings.clipCount)
    progress.finishedClips = plan.finishedClips
    state = Mutex(State(progress: progress, pace: RunPace(plan.request(after: 0))))
  }

  /// Sampling begins.
  func begin(_ request: GenerationRequest) {
    state.withLock { $0.pace = RunPace(request) }
  }

  /// Notes what the engine reports.
  func note(_ event: GenerationEvent) { state.withLock { $0.pace.note(event) } }

  /// Notes what a preview took, in seconds.
  func notePreview(seconds: Double) { state.withLock { $0.pace.notePreview(seconds: seconds) } }

  /// Notes what an operation of a network took, in seconds.
  func note(_ seconds: Double, _ operation: TimingKey.Operation, of file: NetworkFile) {
    let key = TimingKey(
      network: TimingKey.network(hash: nil, path: file.path), precision: settings.precision,
      threadCount: settings.usedThreadCount, operation: operation)
    state.withLock { state in
      if operation == .decode { state.pace.noteDecoding(seconds: seconds) }
      // Averages are stored between clips: a step must not wait for the disk.
      if var average = state.averages[key] ?? (try? timings.timing(for: key)) {
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

  /// The run is over.
  func end() { keepTimings() }

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
      state.progress.secondsLeft = state.pace.secondsLeft
      state.progress.previewShare = state.pace.previewShare
      state.progress.residentBytes = ProcessMemory.residentBytes
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
