/// What changed in a ``Workspace``.
public enum WorkspaceEvent: Sendable {
  /// The models that were found.
  case models([ModelEntry])
  /// Whether models are being looked for.
  case modelSearch(isRunning: Bool)
  /// The presets.
  case presets([Preset])
  /// The videos, the one last changed first; trashed ones included.
  case videos([VideoSummary])
  /// A video's tree.
  case tree(ClipTree)
  /// A clip is complete; its frames come along.
  case clipFinished(Clip, ClipFrames)
  /// The queue: what is to be done in its order, then what is over, the latest first.
  case jobs([Job])
  /// The running job went on.
  case progress(JobProgress)
  /// There is something to see of the running job.
  case preview(JobPreview)
  /// The comparisons, the latest first.
  case comparisons([Comparison])
  /// The stored scores, the latest first.
  case evaluations([StoredEvaluation])
  /// The training runs in the data folder, the latest first.
  case trainingRuns([TrainingRunEntry])
  /// The training at work went on.
  case training(TrainingWatch)
  /// Something that a person should read.
  case notice(Notice)
}

/// Something that a person should read.
public struct Notice: Sendable, Hashable {
  /// How much it matters.
  public enum Level: Sendable, Hashable { case information, success, warning, error }

  /// How much it matters.
  public var level: Level
  /// One sentence, without a full stop.
  public var sentence: String
  /// What to do about it; empty if nothing is.
  public var remedy: String

  /// Something to read.
  public init(_ level: Level, _ sentence: String, remedy: String = "") {
    self.level = level
    self.sentence = sentence
    self.remedy = remedy
  }

  /// An error, in words.
  public init(_ error: any Error) {
    let explanation = Explanation(error)
    self.init(.error, explanation.sentence, remedy: explanation.remedyWithoutOptions)
  }
}

/// What a run would take.
public struct RunEstimate: Sendable, Hashable {
  /// Time in seconds, loading and decoding included.
  public var seconds: Double
  /// Memory in bytes.
  public var bytes: Int
  /// Whether it rests on runs of this model on this machine, or on arithmetic alone.
  public var isMeasured: Bool

  /// What a run would take.
  public init(seconds: Double, bytes: Int, isMeasured: Bool) {
    self.seconds = seconds
    self.bytes = bytes
    self.isMeasured = isMeasured
  }
}
