/// What happens during an evaluation.
public enum EvaluationEvent: Sendable, Hashable {
  /// Things a person should see.
  case notes([String])
  /// Part of a stage is done.
  case progress(EvaluationProgress)
}

/// How far a stage of an evaluation is.
public struct EvaluationProgress: Sendable, Hashable {
  /// What is done, as a phrase: `generated clips`.
  public var stage: String
  /// Items done, those of an earlier run included.
  public var done: Int
  /// Items in all.
  public var total: Int
  /// Items that an earlier run had done already.
  public var resumed: Int

  /// Describes a stage.
  public init(_ stage: String, done: Int, total: Int, resumed: Int = 0) {
    self.stage = stage
    self.done = done
    self.total = total
    self.resumed = resumed
  }
}

/// An evaluation that was stopped, with what is kept of it.
public struct EvaluationStopped: Error, Sendable, Hashable {
  /// What was being done.
  public let stage: String
  /// Items that are kept.
  public let kept: Int
  /// Items in all.
  public let total: Int
}
