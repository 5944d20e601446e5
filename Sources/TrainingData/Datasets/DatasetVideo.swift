/// The two parts of a set of videos.
public enum DatasetSplit: String, Sendable, Hashable, Codable, CaseIterable {
  /// For learning.
  case train
  /// Held out, for measuring.
  case test

  /// The part's name within a sentence.
  public var phrase: String { self == .train ? "training" : "test" }
}

/// One video of a set: a file, or a folder of frames.
public struct DatasetVideo: Sendable, Hashable, Codable {
  /// Path within the set's folder; `.` where the folder itself is the video.
  public let path: String
  /// Where it is.
  ///
  /// - Parameter root: The set's folder.
  public func place(in root: String) -> String { Self.place(of: path, in: root) }

  /// Where a path within a set's folder is.
  static func place(of path: String, in root: String) -> String {
    path == "." ? root : root + "/" + path
  }

  /// Frames, counted as `VideoReader.frameCount()` does.
  public let frameCount: Int
  /// Width in pixels, as frames are read.
  public let width: Int
  /// Height in pixels.
  public let height: Int
  /// Average frames a second; nil for pictures.
  public let framesPerSecond: Double?
  /// What the file was when it was looked at.
  public let stamp: FileStamp
  /// What is damaged or missing, though the rest can be used: a sentence that begins with the file's
  /// name; nil where nothing is.
  public let damage: String?
  /// The part that it belongs to.
  public internal(set) var split: DatasetSplit

  /// Describes a video.
  public init(
    path: String, frameCount: Int, width: Int, height: Int, framesPerSecond: Double?,
    stamp: FileStamp, split: DatasetSplit, damage: String? = nil
  ) {
    self.path = path
    self.frameCount = frameCount
    self.width = width
    self.height = height
    self.framesPerSecond = framesPerSecond
    self.stamp = stamp
    self.split = split
    self.damage = damage
  }
}

/// A video that cannot be used, and why.
public struct BrokenVideo: Sendable, Hashable, Codable {
  /// Path within the set's folder.
  public let path: String
  /// One sentence that begins with the file's name.
  public let reason: String

  /// Names a video and what is wrong with it.
  public init(path: String, reason: String) {
    self.path = path
    self.reason = reason
  }
}
