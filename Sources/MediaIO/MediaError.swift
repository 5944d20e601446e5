/// Why a picture or video could not be read or written.
///
/// The description is a sentence that begins with the file's name, such as
/// `talk.mp4 holds no video stream (1 audio stream); give a video`.
public struct MediaError: Error, Sendable, Hashable, CustomStringConvertible {
  /// What went wrong, for callers that choose a remedy.
  public enum Kind: String, Sendable, Hashable {
    /// No file or folder has this path.
    case notFound
    /// The file or folder exists but the system refuses to open or read it.
    case unreadable
    /// The file holds nothing: no bytes, no frames, or no pictures in a folder.
    case empty
    /// The bytes are of no known picture or video format, or are damaged beyond use.
    case notMedia
    /// A media file without a video stream, such as a recording of sound.
    case noVideoStream
    /// Frames that must agree in size do not.
    case sizeMismatch
    /// Understood, but beyond what this module reads or writes.
    case unsupported
    /// The output exists already and may not be replaced.
    case alreadyExists
    /// Another output appeared under this one's name, which is complete and kept under another name.
    case nameTaken
    /// The output could not be created, written or renamed, for example on a full disk.
    case cannotWrite
    /// The installed FFmpeg lacks an encoder, muxer or filter that is needed.
    case missingComponent
    /// A setting lies outside its range.
    case invalidSetting
    /// The writer was finished, cancelled or has failed, and takes no more frames.
    case closed
  }

  /// The class of the problem.
  public let kind: Kind
  /// The path of the file or folder concerned, as it was given.
  public let file: String
  /// What was found, as the predicate of a sentence about the file.
  public let found: String
  /// What was expected instead, or what to give; empty when `found` says it all.
  public let expected: String

  /// An error about `file`; see the properties for the wording of `found` and `expected`.
  package init(_ kind: Kind, file: String, found: String, expected: String = "") {
    self.kind = kind
    self.file = file
    self.found = found
    self.expected = expected
  }

  /// One sentence: file name, what was found, what was expected.
  public var description: String {
    let name = FileSystem.lastComponent(of: file)
    return expected.isEmpty ? "\(name) \(found)" : "\(name) \(found); \(expected)"
  }
}

/// Something one should know of what a reader gives: frames that it passed over, or pictures that are
/// not as one might take them to be.
public struct MediaWarning: Sendable, Hashable, CustomStringConvertible {
  /// What there is to know.
  public enum Kind: Sendable, Hashable {
    /// The file ends before its last frame.
    case truncated
    /// This many frames or packets were damaged and are missing or partly wrong.
    case damagedFrames(Int)
    /// Light is coded in high dynamic range (PQ or HLG) and not toned down.
    case highDynamicRange
    /// Frames consist of two fields, which are not taken apart.
    case interlaced
    /// This many pictures of a folder are of another kind than its frames and were left out.
    case otherPictures(Int)
  }

  /// What there is to know.
  public let kind: Kind
  /// The path of the file concerned.
  public let file: String
  /// What was found, as the predicate of a sentence about the file.
  public let found: String

  /// One sentence about the file.
  public var description: String { "\(FileSystem.lastComponent(of: file)) \(found)" }

  /// Whether frames are missing or partly wrong.
  public var isDamage: Bool {
    switch kind {
    case .truncated, .damagedFrames: true
    case .highDynamicRange, .interlaced, .otherPictures: false
    }
  }

  /// The warning about `count` damaged frames; nil for none.
  static func damage(_ count: Int, file: String) -> MediaWarning? {
    guard count > 0 else { return nil }
    return MediaWarning(
      kind: .damagedFrames(count), file: file,
      found: "holds \(count) damaged frame\(count == 1 ? "" : "s")")
  }
}
