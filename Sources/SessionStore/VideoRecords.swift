/// A video: its tree's state, without the clips.
public struct VideoRecord: NumberedRecord {
  public static let databaseTableName = "videos"

  public var id: Int64?
  /// What people call it.
  public var title: String
  /// Name of the model that made its last clip; empty before there is one.
  public var modelName: String
  /// Frames a second.
  public var framesPerSecond: Double
  /// Whether the user marked it.
  public var isMarked = false
  /// Whether it is in the trash.
  public var isTrashed = false
  /// Whether the user made a cell of a comparison a video of its own.
  public var isKept = false
  /// The clip where the user stands.
  public var position: Int64?
  /// The tree's dropped clips, and its edits that can be undone and redone, as JSON.
  public var dropped: String
  public var edits: String
  public var undoneEdits: String
  /// Whether the user gave it a star; nil, as below, in databases from before there were any.
  public var isStarred: Bool?
  /// The clips that the user gave one, as JSON.
  public var starredClips: String?
  /// When it was begun and last changed, in seconds since 2001-01-01 00:00 UTC.
  public var created: Double
  public var modified: Double

  /// A video without clips.
  public init(
    title: String, modelName: String, framesPerSecond: Double, created: Double
  ) {
    self.title = title
    self.modelName = modelName
    self.framesPerSecond = framesPerSecond
    self.created = created
    modified = created
    dropped = "[]"
    edits = "[]"
    undoneEdits = "[]"
  }
}

/// A clip whose latent and frames are on the disk.
public struct ClipRecord: NumberedRecord {
  public static let databaseTableName = "clips"

  public var id: Int64?
  /// The video it belongs to.
  public var video: Int64
  /// The clip it continues.
  public var parent: Int64?
  /// Which of its parent's continuations it belongs to.
  public var fork: Int
  /// The job that made it, while that is known.
  public var job: Int64?
  /// Where it came from, its settings and its model, as JSON.
  public var source: String
  public var settings: String
  public var model: String
  /// Seed of the run, the bits of an unsigned number.
  public var seed: Int64
  /// Clips before it, from the start of the video.
  public var index: Int
  /// Steps that were run.
  public var steps: Int
  /// When it was complete, in seconds since 2001-01-01 00:00 UTC.
  public var created: Double
  /// How long sampling took, in seconds.
  public var seconds: Double

  /// A clip.
  public init(
    id: Int64, video: Int64, parent: Int64?, fork: Int, job: Int64?, source: String,
    settings: String, model: String, seed: UInt64, index: Int, steps: Int, created: Double,
    seconds: Double
  ) {
    self.id = id
    self.video = video
    self.parent = parent
    self.fork = fork
    self.job = job
    self.source = source
    self.settings = settings
    self.model = model
    self.seed = Int64(bitPattern: seed)
    self.index = index
    self.steps = steps
    self.created = created
    self.seconds = seconds
  }
}

/// A file that was written of a video.
public struct ExportRecord: NumberedRecord {
  public static let databaseTableName = "exports"

  public var id: Int64?
  /// The video.
  public var video: Int64
  /// The file or folder.
  public var path: String
  /// When it was written, in seconds since 2001-01-01 00:00 UTC.
  public var created: Double

  /// A file that was written.
  public init(video: Int64, path: String, created: Double) {
    self.video = video
    self.path = path
    self.created = created
  }
}
