import RunKit
import Synchronization
import TrainingKit
import VideoDiffusion

/// Says how far a training of the queue is: the watched run, and the job's progress as every job has it.
final class TrainingReporter: Sendable {
  private struct State {
    var watch: TrainingWatch
    var progress: JobProgress
  }
  private let state: Mutex<State>
  private let hub: EventHub
  private let stop: StopSignal

  init(_ job: JobID, _ run: TrainingRunEntry, _ hub: EventHub, _ stop: StopSignal) {
    var progress = JobProgress(job: job, phase: .training("files"), clipCount: nil)
    progress.step = run.finishedSteps
    progress.stepCount = run.steps
    state = Mutex(State(watch: TrainingWatch(job: job, run: run), progress: progress))
    self.hub = hub
    self.stop = stop
    hub.send(.training(TrainingWatch(job: job, run: run)))
  }

  /// Notes what the run reports.
  func note(_ event: TrainingEvent) {
    let isStopping = stop.moment > .never
    let (watch, progress) = state.withLock { state in
      state.watch.take(event)
      state.watch.isStopping = isStopping
      state.progress.take(event)
      state.progress.isStopping = isStopping
      return (state.watch, state.progress)
    }
    hub.send(.training(watch))
    hub.send(.progress(progress))
    switch event {
    case .notes(let notes): for note in notes { hub.send(.notice(Notice(.information, note))) }
    default: break
    }
  }
}

extension JobProgress {
  /// Follows what a training reports.
  fileprivate mutating func take(_ event: TrainingEvent) {
    switch event {
    case .preparation(let part):
      phase = .training(part.stage)
      step = part.done
      stepCount = part.total
    case .began(let start):
      phase = .training("steps")
      step = start.finishedSteps
      stepCount = start.steps
    case .progress(let progress):
      phase = .training("steps")
      step = progress.step
      stepCount = progress.steps
      secondsPerStep = progress.secondsPerStep
      secondsLeft = progress.secondsLeft
      residentBytes = progress.residentBytes
    case .notes, .samples, .checkpoint: break
    }
  }
}
