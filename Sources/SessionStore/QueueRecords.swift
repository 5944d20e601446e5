/// A job of the queue.
public struct JobRecord: NumberedRecord {
  public static let databaseTableName = "jobs"

  public var id: Int64?
  /// The video that it works on; `nil` if it works on none.
  public var video: Int64?
  /// Its place in the queue; lower ones come first.
  public var position: Int
  /// What is to be done and where it stands, as JSON.
  public var task: String
  public var state: String
  /// Clips that are complete.
  public var finishedClips: Int
  /// When it was asked for, began and ended, in seconds since 2001-01-01 00:00 UTC.
  public var created: Double
  public var started: Double?
  public var ended: Double?
  /// Seconds that it was at work, pauses left out; `nil` where no version kept count of them.
  public var worked: Double?

  /// A job that has not begun.
  public init(
    video: Int64?, position: Int, task: String, state: String, finishedClips: Int = 0,
    created: Double
  ) {
    self.video = video
    self.position = position
    self.task = task
    self.state = state
    self.finishedClips = finishedClips
    self.created = created
  }
}

/// A comparison of models or settings.
public struct ComparisonRecord: NumberedRecord {
  public static let databaseTableName = "comparisons"

  public var id: Int64?
  /// Its title, cells and axes as JSON.
  public var content: String
  /// When it was asked for, in seconds since 2001-01-01 00:00 UTC.
  public var created: Double

  /// A comparison.
  public init(content: String, created: Double) {
    self.content = content
    self.created = created
  }
}
