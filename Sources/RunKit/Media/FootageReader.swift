import Foundation
import MediaIO
import VideoDiffusion

/// Reads a user's video or folder of frames for the frame picker, and cuts the window that was chosen.
public struct FootageReader: Sendable {
  /// The file or folder of frames.
  public let path: String
  /// Side of the model's frames in pixels.
  public let side: Int
  /// Frames of a clip.
  public let clipFrames: Int

  /// Frames that are kept for the picker at once; at 256 x 256 they take 118 MB.
  public static let frameLimit = 600

  /// Prepares to read.
  ///
  /// - Parameters:
  ///   - path: A video, a GIF, a picture or a folder of pictures.
  ///   - side: Side of the model's frames in pixels, at least 1.
  ///   - clipFrames: Frames of a clip.
  public init(path: String, side: Int, clipFrames: Int = 16) {
    self.path = path
    self.side = side
    self.clipFrames = clipFrames
  }

  /// The frames as the model would see them.
  ///
  /// - Parameters:
  ///   - firstFrame: The first of them, from 0; cut to one that a whole clip follows.
  ///   - limit: Frames to keep at most.
  ///   - onProgress: Called with the frames read so far and those that will be kept.
  /// - Throws: ``StudioError`` if there is nothing, latents, or less than a clip; `MediaError` if it
  ///   is no video; `CancellationError` if the task was cancelled.
  public func footage(
    from firstFrame: Int = 0, limit: Int = frameLimit,
    onProgress: (_ read: Int, _ total: Int) -> Void = { _, _ in }
  ) throws -> Footage {
    let reader = try reader()
    let most = max(limit, clipFrames)
    let first = firstFrame > 0 ? min(firstFrame, max(try reader.frameCount() - clipFrames, 0)) : 0
    if first > 0 { try reader.seek(toFrame: first) }
    let expected = min(max(try reader.estimatedFrameCount() - first, 0), most)
    let preparation = FramePreparation(resolution: side)
    var images: [RGBImage] = []
    images.reserveCapacity(expected)
    while images.count < most, let frame = try reader.nextFrame() {
      try Task.checkCancellation()
      images.append(preparation.prepared(frame))
      onProgress(images.count, max(expected, images.count))
    }
    guard images.count >= clipFrames else {
      throw StudioError(path, .tooShort(frames: images.count, needed: clipFrames))
    }
    return Footage(
      path: path,
      frameCount: images.count < most ? first + images.count : try reader.frameCount(),
      framesPerSecond: reader.frameRate?.framesPerSecond ?? Self.pictureRate, firstFrame: first,
      images: images, width: reader.width, height: reader.height,
      notes: reader.warnings.map(\.description))
  }

  /// The clip that begins at a frame, prepared for the autoencoder.
  ///
  /// - Parameter firstFrame: From 0; `nil` takes the last frames.
  /// - Returns: The clip, the number of its first frame, and the frames as `footage` shows them.
  /// - Throws: As `footage`, and ``StudioError`` if the video has no such frames.
  public func clip(
    at firstFrame: Int?
  ) throws -> (clip: PixelClip, firstFrame: Int, images: [RGBImage]) {
    if let firstFrame, !(0...1 << 40).contains(firstFrame) {
      throw StudioError(
        path,
        .option(name: "the first frame", found: "\(firstFrame)", expected: "a frame of the video"))
    }
    let preparation = FramePreparation(resolution: side)
    let (frames, first) = try Continuation.window(
      reader(), from: firstFrame, clipFrames,
      preparing: { (preparation.preparedValues($0), preparation.prepared($0)) })
    let clip = PixelClip(frames: frames.count, side: side, levels: frames.flatMap(\.0))
    return (clip, first, frames.map(\.1))
  }

  private func reader() throws -> VideoReader {
    guard case .video(let reader) = try ClipInput(path: path) else {
      throw StudioError(path, .noFrames)
    }
    return reader
  }

  /// Frames a second of pictures, which have no rate of their own.
  private static let pictureRate = 16.0
}
