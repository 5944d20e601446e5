import EvaluationKit
import RunKit
import StudioKit

/// What the queue holds for one video: the one job that a person would want to know about.
package enum VideoActivity: Sendable, Hashable {
  /// No job, or only ones that are done.
  case none
  /// Clips are being made now.
  case running(Job)
  /// A job waits for its turn.
  case waiting(Job)
  /// A job is held back by the user, or was cut off when the program ended.
  case held(Job)
  /// The last job failed: a sentence, and what to do about it.
  case failed(Job, sentence: String, remedy: String)
  /// The last job was cancelled before its turn.
  case cancelled(Job)

  /// What the queue holds for a video.
  package init(of video: VideoID, _ app: AppState) {
    let jobs = app.jobs.filter { $0.generation?.video == video }
    if let job = jobs.first(where: { $0.state == .running }) {
      self = .running(job)
    } else if let job = jobs.first(where: { $0.state == .paused || $0.state == .interrupted }) {
      self = .held(job)
    } else if let job = jobs.first(where: { $0.state == .waiting }) {
      self = .waiting(job)
    } else {
      // Of what is over, the latest comes first.
      switch jobs.first?.state {
      case .failed(let sentence, let remedy):
        self = .failed(jobs[0], sentence: sentence, remedy: remedy)
      case .cancelled: self = .cancelled(jobs[0])
      default: self = .none
      }
    }
  }

  /// The job, if there is one to do something about.
  package var job: Job? {
    switch self {
    case .none: nil
    case .running(let job), .waiting(let job), .held(let job), .failed(let job, _, _),
      .cancelled(let job):
      job
    }
  }
}

extension Job {
  /// What it makes, if it makes clips.
  package var generation: GenerateTask? {
    if case .generate(let task) = task { task } else { nil }
  }

  /// What it measures, if it measures something.
  package var evaluation: EvaluateTask? {
    if case .evaluate(let task) = task { task } else { nil }
  }

  /// What it trains, if it trains something.
  package var training: TrainTask? {
    if case .train(let task) = task { task } else { nil }
  }
}

extension AppState {
  /// How far a job is, if it is the one that runs.
  package func progress(of job: Job) -> JobProgress? {
    progress?.job == job.id ? progress : nil
  }
}
