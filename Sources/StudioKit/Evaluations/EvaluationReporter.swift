import EvaluationKit
import RunKit
import Synchronization
import VideoDiffusion

/// Says how far an evaluation of the queue is, at most ten times a second.
final class EvaluationReporter: Sendable {
  private struct State {
    var progress: JobProgress
    var pace = EvaluationPace()
    var lastTold: ContinuousClock.Instant?

    /// Takes over how far a stage is.
    ///
    /// - Returns: What to tell; `nil` if something was told a moment ago.
    mutating func took(
      _ stage: ItemProgress, _ stop: StopSignal, _ interval: Duration
    ) -> JobProgress? {
      let now = ContinuousClock.now
      pace.note(stage, at: now)
      let phase = JobProgress.Phase.evaluating(stage.stage)
      let isDue = lastTold.map { now - $0 >= interval } ?? true
      guard isDue || phase != progress.phase || stage.done == stage.total else { return nil }
      lastTold = now
      progress.phase = phase
      progress.step = stage.done
      progress.stepCount = stage.total
      progress.secondsPerStep = pace.secondsEach
      progress.secondsLeft = pace.secondsLeft
      progress.residentBytes = MemoryUse.residentByteCount
      progress.isStopping = stop.moment > .never
      return progress
    }
  }
  private let state: Mutex<State>
  private let hub: EventHub
  private let stop: StopSignal

  private static let interval = Duration.milliseconds(100)

  init(_ job: JobID, _ hub: EventHub, _ stop: StopSignal) {
    state = Mutex(
      State(progress: JobProgress(job: job, phase: .evaluating("files"), clipCount: nil)))
    self.hub = hub
    self.stop = stop
  }

  /// Notes what the evaluation reports. A new stage, and the end of one, is told at once.
  func note(_ event: EvaluationEvent) {
    switch event {
    case .notes(let notes): for note in notes { hub.send(.notice(Notice(.information, note))) }
    case .progress(let progress):
      if let told = state.withLock({ $0.took(progress, stop, Self.interval) }) {
        hub.send(.progress(told))
      }
    }
  }
}
