import MediaIO

/// A user's video, cut and resized as the model will see it, to choose a window from.
public struct Footage: Sendable, Codable {
  /// The file or folder of frames.
  public let path: String
  /// Frames in it.
  public let frameCount: Int
  /// Frames a second.
  public let framesPerSecond: Double
  /// The first of the frames that are held, from 0.
  public let firstFrame: Int
  /// Its frames from that one on, square; fewer than `frameCount` if it is very long.
  public let images: [RGBImage]
  /// Width and height of the whole frames, of which the model sees the middle square.
  public let width: Int
  public let height: Int
  /// What there is to know of them, in sentences.
  public let notes: [String]

  /// A user's video.
  public init(
    path: String, frameCount: Int, framesPerSecond: Double, firstFrame: Int = 0,
    images: [RGBImage], width: Int = 0, height: Int = 0, notes: [String] = []
  ) {
    self.path = path
    self.frameCount = frameCount
    self.framesPerSecond = framesPerSecond
    self.firstFrame = firstFrame
    self.images = images
    self.width = width
    self.height = height
    self.notes = notes
  }

  /// What of each frame the model sees: `middle 720x720 of 1280x720`; empty for all of it.
  package var cropText: String {
    let side = min(width, height)
    return width == height ? "" : "middle \(side)x\(side) of \(width)x\(height)"
  }
}
