/// A clip held in memory: frames of one size, their rate and the settings they were made with.
///
/// For videos too long to hold, use ``VideoReader`` and ``VideoWriter``.
public struct Video: Sendable, Hashable {
  /// The frames in order.
  public var frames: [RGBImage]
  /// Frames a second.
  public var frameRate: FrameRate
  /// The embedded text, see ``MediaMetadata``.
  public var settings: String?

  /// A clip of the given frames.
  public init(frames: [RGBImage], frameRate: FrameRate, settings: String? = nil) {
    self.frames = frames
    self.frameRate = frameRate
    self.settings = settings
  }

  /// Reads a file or folder from frame `start` on, at most `limit` frames.
  ///
  /// `frameRate` stands in where there is none, as in a folder of pictures. Throws ``MediaError``.
  public static func read(
    _ path: String, from start: Int = 0, limit: Int = .max,
    frameRate: FrameRate = FrameRate(25)
  ) throws -> Video {
    let reader = try VideoReader(path: path)
    try reader.seek(toFrame: start)
    var frames: [RGBImage] = []
    while frames.count < limit, let frame = try reader.nextFrame() { frames.append(frame) }
    return Video(
      frames: frames, frameRate: reader.frameRate ?? frameRate,
      settings: try MediaMetadata.read(path))
  }

  /// Writes the clip; its rate and settings take the place of those in `options`. Throws
  /// ``MediaError``.
  public func write(to path: String, options: OutputOptions = OutputOptions()) throws {
    var options = options
    options.frameRate = frameRate
    options.settings = settings
    let writer = try VideoWriter(path: path, options: options)
    for frame in frames { try writer.append(frame) }
    try writer.finish()
  }
}
