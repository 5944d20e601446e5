import RunKit

/// What happens during an evaluation.
public enum EvaluationEvent: Sendable, Hashable {
  /// Things a person should see.
  case notes([String])
  /// Part of a stage is done.
  case progress(ItemProgress)
}

/// An evaluation that was stopped, with what is kept of it.
public struct EvaluationStopped: Error, Sendable, Hashable {
  /// What was being done.
  public let stage: String
  /// Items that are saved.
  public let saved: Int
  /// Items in all.
  public let total: Int
}
