import MediaIO
import VideoDiffusion

/// Reads windows of a set's videos as prepared clips.
public struct ClipReader: Sendable {
  /// The set's folder.
  public let root: String
  /// Height and width of prepared frames in pixels.
  public let side: Int
  private let cache: FrameCache?

  /// Prepares frames for a model: centred square crop, then bilinear resize to `side`.
  ///
  /// - Parameter cache: Holds the frames of videos that need no preparation; nil decodes every time.
  public init(root: String, side: Int, cache: FrameCache? = nil) {
    self.root = root
    self.side = side
    self.cache = cache
  }

  /// Reads a window.
  ///
  /// - Throws: `MediaError` if the video cannot be read or ends before the window does.
  public func clip(_ window: ClipWindow) throws -> TrainingClip {
    let frames = try frames(of: window)
    let frameSize = side * side * 3
    var levels = [Float](repeating: 0, count: window.paddedFrames * frameSize)
    levels.reserveCapacity(window.frames * frameSize)
    while let frame = try frames.next() { levels.append(contentsOf: frame) }
    return TrainingClip(
      window: window, pixels: PixelClip(frames: window.frames, side: side, levels: levels))
  }

  /// Opens a window to read it frame by frame, without the padded ones.
  ///
  /// - Throws: `MediaError` if the video cannot be read.
  func frames(of window: ClipWindow) throws -> PreparedFrames {
    let path = window.video.place(in: root)
    let held = cache?.frames(of: window.video, path: path, side: side)
    return try PreparedFrames(window, path: path, side: side, held: held)
  }
}

/// The frames of a window, one at a time, so that large pictures take little memory.
final class PreparedFrames {
  /// All frames of the video, where they are in memory.
  private let held: [RGBImage]
  private let reader: VideoReader?
  private let path: String
  private let window: ClipWindow
  private let preparation: FramePreparation
  private var number: Int
  private let end: Int

  init(_ window: ClipWindow, path: String, side: Int, held: [RGBImage]?) throws {
    self.window = window
    self.path = path
    self.held = held ?? []
    preparation = FramePreparation(resolution: side)
    number = window.start
    end = window.start + window.frames - window.paddedFrames
    reader = held == nil ? try VideoReader(path: path) : nil
    try reader?.seek(toFrame: window.start)
  }

  /// The next frame, `[side, side, 3]` in 0 ... 255; nil after the window's last.
  ///
  /// - Throws: `MediaError` if the video cannot be read or ends too early.
  func next() throws -> [Float]? {
    guard number < end else { return nil }
    guard let image = try image(number) else {
      throw MediaError(
        .notMedia, file: path, found: "ends before frame \(number)",
        expected: "it should have \(window.video.frameCount) frames")
    }
    number += 1
    let values = preparation.preparedValues(image)
    return window.isMirrored ? mirrored(values) : values
  }

  private func image(_ number: Int) throws -> RGBImage? {
    guard let reader else { return held.indices.contains(number) ? held[number] : nil }
    return reader.position == number ? try reader.nextFrame() : nil
  }

  private func mirrored(_ values: [Float]) -> [Float] {
    let side = preparation.resolution
    var result: [Float] = []
    result.reserveCapacity(values.count)
    for row in 0..<side {
      for column in (0..<side).reversed() {
        let place = (row * side + column) * 3
        result.append(contentsOf: values[place..<place + 3])
      }
    }
    return result
  }
}
