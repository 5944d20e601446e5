import MediaIO

/// The frames of a run's video of samples.
public struct TrainingSample: Sendable, Codable {
  /// The video.
  public let path: String
  /// Frames a second.
  public let framesPerSecond: Double
  /// Its frames.
  public let images: [RGBImage]

  /// Frames that are read at most, and bytes that they take.
  private static let limit = 600
  private static let byteLimit = 1 << 28
  /// Frames a second of videos that say none.
  private static let usualRate = 16.0

  /// Frames in memory.
  public init(path: String, framesPerSecond: Double, images: [RGBImage]) {
    self.path = path
    self.framesPerSecond = framesPerSecond
    self.images = images
  }

  /// Reads a video.
  ///
  /// - Throws: `MediaError` if it cannot be read.
  public init(contentsOf path: String) throws {
    let reader = try VideoReader(path: path)
    var images: [RGBImage] = []
    let limit = min(Self.limit, max(1, Self.byteLimit / (reader.width * reader.height * 3)))
    while images.count < limit, let frame = try reader.nextFrame() { images.append(frame) }
    self.init(
      path: path, framesPerSecond: reader.frameRate?.framesPerSecond ?? Self.usualRate,
      images: images)
  }
}
