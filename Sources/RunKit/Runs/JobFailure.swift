import HandwrittenText

/// A job that failed after clips were made, which are kept.
public struct JobFailure: Error {
  /// What went wrong.
  public let underlying: any Error
  /// Where the run is kept.
  public let savedRun: String
  /// Clips that are complete.
  public let clips: Int
}

extension JobFailure: ExplainedError {
  private var cause: Explanation { Explanation(underlying) }

  package var sentence: String { cause.sentence }
  package var category: Explanation.Category { cause.category }
  package var remedy: String {
    [
      cause.remedy,
      "The run with \(counted(clips, "complete clip")) is kept in \(savedRun); --resume goes on",
    ].filter { !$0.isEmpty }.joined(separator: ". ")
  }
}
