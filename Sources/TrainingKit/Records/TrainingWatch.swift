import RunKit

/// A run at work, as it is watched.
public struct TrainingWatch: Sendable, Hashable, Codable {
  /// What it is doing.
  public enum Phase: Sendable, Hashable, Codable {
    /// Networks and data are opened.
    case starting
    /// Part of the preparation is done.
    case preparing(ItemProgress)
    /// Steps are taken.
    case training
  }

  /// The job of the queue.
  public let job: JobID
  /// The run, whose history grows.
  public private(set) var run: TrainingRunEntry
  /// What it is doing.
  public private(set) var phase = Phase.starting
  /// What is about to be done; `nil` before the steps begin.
  public private(set) var start: TrainingStart?
  /// The last line of the log.
  public private(set) var progress: TrainingProgress?
  /// The step of the newest checkpoint.
  public private(set) var checkpointStep: Int?
  /// What a person should know, the latest last.
  public private(set) var notes: [String] = []
  /// Whether a stop was asked for.
  public var isStopping = false

  private static let noteLimit = 20

  /// A run that is about to begin or go on.
  public init(job: JobID, run: TrainingRunEntry) {
    self.job = job
    self.run = run
    checkpointStep = run.finishedSteps > 0 ? run.finishedSteps : nil
  }

  /// Follows what the run reports.
  public mutating func take(_ event: TrainingEvent) {
    switch event {
    case .notes(let notes): self.notes = (self.notes + notes).suffix(Self.noteLimit)
    case .preparation(let progress): phase = .preparing(progress)
    case .began(let start):
      phase = .training
      self.start = start
      run.finishedSteps = start.finishedSteps
    case .progress(let progress):
      phase = .training
      self.progress = progress
      run.finishedSteps = progress.step
      run.history.add(TrainingHistory.Point(progress))
    case .samples(let samples):
      run.scores.add(TrainingHistory.Point(samples))
      run.samplePath = samples.videoPath
    case .checkpoint(let step, _): checkpointStep = step
    }
  }
}
