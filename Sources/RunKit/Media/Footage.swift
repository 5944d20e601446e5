import MediaIO

/// A user's video, cut and resized as the model will see it, to choose a window from.
public struct Footage: Sendable {
  /// The file or folder of frames.
  public let path: String
  /// Frames in it.
  public let frameCount: Int
  /// Frames a second.
  public let framesPerSecond: Double
  /// Its frames from the first on, square; fewer than `frameCount` if it is very long.
  public let images: [RGBImage]
  /// What there is to know of them, in sentences.
  public let notes: [String]

  /// A user's video.
  public init(
    path: String, frameCount: Int, framesPerSecond: Double, images: [RGBImage],
    notes: [String] = []
  ) {
    self.path = path
    self.frameCount = frameCount
    self.framesPerSecond = framesPerSecond
    self.images = images
    self.notes = notes
  }
}
