import StudioKit
import TerminalUI
import TrainingKit

/// A run on the Train screen: its folder, its job, and what is seen of it at work.
package struct TrainRow: Sendable, Hashable, Identifiable {
  /// Where a run stands.
  package enum State: Sendable, Hashable {
    case running, stopping, waiting, stopped, complete, elsewhere
    case failed(String, remedy: String)
    case damaged(String)
  }

  /// The run's folder, which tells runs apart.
  package let id: String
  /// The run; `nil` while a new one waits for its turn.
  package let run: TrainingRunEntry?
  /// The job of the queue that it last had.
  package let job: Job?
  /// What is seen of it, while it is at work.
  package let watch: TrainingWatch?

  package var name: String { id.fileName }

  package var stage: TrainingStage {
    run?.stage ?? job?.training?.request?.stage ?? .autoencoder
  }

  package var state: State {
    switch job?.state {
    case .running: return watch?.isStopping == true ? .stopping : .running
    case .waiting: return .waiting
    case .failed(let sentence, let remedy): return .failed(sentence, remedy: remedy)
    default: break
    }
    guard let run else { return .stopped }
    if let problem = run.problem { return .damaged(problem) }
    if run.isElsewhere { return .elsewhere }
    return run.isComplete ? .complete : .stopped
  }

  /// Where it stands, in a word.
  package var stateText: String {
    switch state {
    case .running: watch?.progress == nil ? "starting" : percentage
    case .stopping: "stopping"
    case .waiting: "waiting"
    case .stopped: run == nil ? "not begun" : percentage
    case .complete: "done"
    case .elsewhere: "elsewhere"
    case .failed: "failed"
    case .damaged: "damaged"
    }
  }

  private var percentage: String {
    guard let run, run.steps > 0 else { return "0%" }
    return "\(min(run.finishedSteps, run.steps) * 100 / run.steps)%"
  }

  package var role: Role {
    switch state {
    case .running, .stopping: .accent
    case .waiting: .text
    case .stopped: .warning
    case .complete: .success
    case .elsewhere: .secondary
    case .failed, .damaged: .error
    }
  }
}

extension AppState {
  /// Every run: those of the queue that have no folder yet first, then by their beginning.
  package var trainingRows: [TrainRow] {
    // Of several jobs of a run, the first of the queue's order is the one to know about: what is open
    // comes before what is over, and that with the latest first.
    var jobs: [String: Job] = [:]
    var order: [String] = []
    for job in self.jobs {
      guard let folder = job.training?.runFolder, jobs[folder] == nil else { continue }
      jobs[folder] = job
      order.append(folder)
    }
    let known = Set(trainingRuns.map(\.path))
    let new = order.filter { !known.contains($0) && jobs[$0]?.state.isOver == false }
    let failed = order.filter { folder in
      guard !known.contains(folder), case .failed = jobs[folder]?.state else { return false }
      return true
    }
    return (new + failed).map { row($0, nil, jobs[$0]) }
      + trainingRuns.map { row($0.path, $0, jobs[$0.path]) }
  }

  private func row(_ folder: String, _ run: TrainingRunEntry?, _ job: Job?) -> TrainRow {
    let watch = training.flatMap { $0.job == job?.id ? $0 : nil }
    return TrainRow(id: folder, run: watch?.run ?? run, job: job, watch: watch)
  }
}
