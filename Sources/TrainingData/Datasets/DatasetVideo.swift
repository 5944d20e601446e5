import Glibc

/// The two parts of a set of videos.
public enum DatasetSplit: String, Sendable, Hashable, Codable, CaseIterable {
  /// For learning.
  case train
  /// Held out, for measuring.
  case test

  /// The part's name within a sentence.
  public var phrase: String { self == .train ? "training" : "test" }
}

/// What tells whether a file or folder of frames has changed since it was looked at.
public struct FileStamp: Sendable, Hashable, Codable {
  /// Bytes of a file, or pictures in a folder.
  public let size: Int
  /// Last modification, in nanoseconds since 1970; of a folder, the last time that a picture was
  /// added, removed or renamed.
  public let modified: Int

  /// Asks the system about a file, or a folder of `pictures` frames; nil if there is none.
  init?(path: String, pictures: Int? = nil) {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    size = pictures ?? Int(status.st_size)
    modified = Int(status.st_mtim.tv_sec) * 1_000_000_000 + Int(status.st_mtim.tv_nsec)
  }
}

/// One video of a set: a file, or a folder of frames.
public struct DatasetVideo: Sendable, Hashable, Codable {
  /// Path within the set's folder; `.` where the folder itself is the video.
  public let path: String
  /// Frames, counted by reading the file's packets.
  public let frameCount: Int
  /// Width in pixels, as frames are read.
  public let width: Int
  /// Height in pixels.
  public let height: Int
  /// Average frames a second; nil for pictures.
  public let framesPerSecond: Double?
  /// The file's size and date when it was looked at.
  public let stamp: FileStamp
  /// The part that it belongs to.
  public internal(set) var split: DatasetSplit

  /// Describes a video.
  public init(
    path: String, frameCount: Int, width: Int, height: Int, framesPerSecond: Double?,
    stamp: FileStamp, split: DatasetSplit
  ) {
    self.path = path
    self.frameCount = frameCount
    self.width = width
    self.height = height
    self.framesPerSecond = framesPerSecond
    self.stamp = stamp
    self.split = split
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
