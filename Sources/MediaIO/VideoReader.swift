/// Frames by number, whatever they are stored in.
protocol FrameSource: AnyObject {
  var width: Int { get }
  var height: Int { get }
  var frameRate: FrameRate? { get }
  var warnings: [MediaWarning] { get }
  var position: Int { get }
  func next() throws -> RGBImage?
  func seek(toFrame target: Int) throws
  func frameCount() throws -> Int
  func estimatedFrameCount() throws -> Int
}

/// Reads the frames of a video, of an animated GIF, PNG or WebP, of a single picture, or of a folder
/// of numbered pictures. What a file is, its content says, not its name.
///
/// Frames come one at a time and none is kept, so a video of any length can be read; a single one is
/// at most as large as ``PictureLimits`` says. They are upright (rotation metadata is applied), have
/// square pixels (another sample aspect ratio scales the width) and full-range RGB values converted by
/// the stream's own colour space and range; pictures that hold RGB keep their values as stored,
/// whatever gamma or profile they name. Transparency is laid over white, on the stored values, whatever
/// the format. Interlaced and HDR video is read as it is stored and shows in ``warnings``. Variable
/// frame rates are read as frames in order. Frames are numbered from 0 in the order in which they are
/// shown, by what decoding the file from its start gives: packets that give none have no number. A
/// reader belongs to one task at a time.
public final class VideoReader {
  /// The file or folder, as given.
  public let path: String
  private let source: any FrameSource

  /// Opens a file or folder. Throws ``MediaError`` naming what was found instead of frames.
  public convenience init(path: String) throws {
    try self.init(path: path, decodingLimit: FrameCount.usualDecodingLimit)
  }

  /// Opens a file or folder.
  ///
  /// - Parameter decodingLimit: Pixels of a video that are decoded to reach or count frames, even
  ///   where its container is known to tell the same sooner.
  package init(path: String, decodingLimit: Int) throws {
    self.path = path
    switch try FileSystem.kind(of: path) {
    case .folder:
      source = try FrameFolder(path: path)
    case .file:
      switch try PictureFormat(of: InputFile(path: path)) {
      case .png: source = try FrameFolder(picture: path)
      case .animatedWebP: source = try WebPSource(path: path)
      default: source = try StreamSource(path: path, decodingLimit: decodingLimit)
      }
    case let kind:
      throw MediaError(
        .unreadable, file: path, found: "is \(kind.words)",
        expected: "give a video or a folder of frames")
    }
  }

  /// Endings of names, in lower case and without the dot, that pictures in a folder of frames may have.
  package static var pictureEndings: Set<String> { FrameFolder.endings }

  /// Endings of names, in small letters, that videos have: what a folder of many files is looked through
  /// for. Any file that FFmpeg knows can be read by itself.
  package static let videoEndings: Set<String> = [
    "3gp", "asf", "avi", "flv", "gif", "m2v", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ogv",
    "ts", "webm", "wmv",
  ]

  /// Width of every frame in pixels.
  public var width: Int { source.width }

  /// Height of every frame in pixels.
  public var height: Int { source.height }

  /// The average rate; nil for pictures, which have none.
  public var frameRate: FrameRate? { source.frameRate }

  /// The number, from 0, of the frame that ``nextFrame()`` gives.
  public var position: Int { source.position }

  /// What was passed over, and what there is to know of the pictures, so far; complete once the last
  /// frame was read.
  public var warnings: [MediaWarning] { source.warnings }

  /// The next frame, nil after the last. Throws ``MediaError``; damaged frames of a video do not
  /// throw but show in ``warnings``.
  public func nextFrame() throws -> RGBImage? { try source.next() }

  /// Makes frame `number` (from 0) the next; past the end, there is none. Frames are reached by
  /// decoding; those far into a long video by its container's index, where every packet of it is
  /// known to be a frame. Throws ``MediaError``.
  public func seek(toFrame number: Int) throws {
    precondition(number >= 0, "frames are numbered from 0")
    try source.seek(toFrame: number)
  }

  /// Frames `start ..< start + count`; fewer where the video ends. Throws ``MediaError``.
  public func frames(from start: Int, count: Int) throws -> [RGBImage] {
    try frames(from: start, count: count) { $0 }
  }

  /// Frames `start ..< start + count`, each prepared as soon as it is read, so that only one is ever
  /// held in full; fewer where the video ends. Throws ``MediaError`` and what `prepare` throws.
  public func frames<Prepared>(
    from start: Int, count: Int, preparing prepare: (RGBImage) throws -> Prepared
  ) throws -> [Prepared] {
    precondition(count >= 0, "a number of frames is not negative")
    try seek(toFrame: start)
    var frames: [Prepared] = []
    while frames.count < count, source.position == start + frames.count,
      let frame = try source.next()
    {
      frames.append(try prepare(frame))
    }
    return frames
  }

  /// All frames there are, by decoding a video once; a long one's are counted by its packets, where
  /// its container lets every packet be known to be a frame. Throws ``MediaError``, or
  /// `CancellationError` when the task is cancelled.
  public func frameCount() throws -> Int { try source.frameCount() }

  /// About how many frames there are, without decoding any: a video's packets, some of which may give
  /// no frame. For showing progress. Throws ``MediaError``.
  public func estimatedFrameCount() throws -> Int { try source.estimatedFrameCount() }
}

/// The frames of a file or folder as an asynchronous sequence, opened when iteration begins.
///
/// Each iteration reads from the first frame. Throws ``MediaError``, or `CancellationError` when
/// the task is cancelled.
public struct VideoFrames: AsyncSequence, Sendable {
  /// The file or folder to read.
  public let path: String

  /// The frames of `path`; what a ``VideoReader`` opens.
  public init(path: String) { self.path = path }

  /// Starts reading at the first frame.
  public func makeAsyncIterator() -> Iterator { Iterator(path: path) }

  /// Reads one frame a step.
  public struct Iterator: AsyncIteratorProtocol {
    private let path: String
    private var reader: VideoReader?

    fileprivate init(path: String) { self.path = path }

    /// The next frame, nil after the last; decoded where the caller runs.
    public mutating func next(
      isolation actor: isolated (any Actor)? = #isolation
    ) async throws -> RGBImage? {
      try Task.checkCancellation()
      let reader = try reader ?? VideoReader(path: path)
      self.reader = reader
      return try reader.nextFrame()
    }
  }
}
