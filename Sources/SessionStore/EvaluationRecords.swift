/// A score with everything that it depends on.
public struct EvaluationRecord: NumberedRecord {
  public static let databaseTableName = "evaluations"

  public var id: Int64?
  /// What was measured, for example `fvd`.
  public var metric: String
  /// What was judged: a model's name, or a folder's.
  public var source: String
  /// The report as JSON, as it lies in its folder.
  public var content: String
  /// The folder that the report was written to.
  public var folder: String
  /// When it was finished, in seconds since 2001-01-01 00:00 UTC.
  public var measured: Double

  /// A score.
  public init(metric: String, source: String, content: String, folder: String, measured: Double) {
    self.metric = metric
    self.source = source
    self.content = content
    self.folder = folder
    self.measured = measured
  }
}
