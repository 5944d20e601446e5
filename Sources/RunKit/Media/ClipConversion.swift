import Foundation
import MediaIO
import TensorCore
import VideoDiffusion

/// Moves whole inputs between frames and latents: what `encode`, `decode` and `reconstruct` do.
public struct ClipConversion {
  private let engine: VideoEngine
  private let configuration: AutoencoderConfiguration

  /// Loads a model's autoencoder.
  ///
  /// - Parameters:
  ///   - onShortage: Called with a sentence when less is done at a time because a card's memory is short.
  ///   - onProgress: Called with the weights packed and their total.
  /// - Throws: ``ModelError`` if the model has none or its file cannot be used.
  public init(
    _ model: ModelFiles, precision: Precision, device: DeviceChoice, threadCount: Int?,
    onShortage: @escaping @Sendable (String) -> Void,
    onProgress: @escaping @Sendable (_ loaded: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws {
    guard let file = model.autoencoder, case .autoencoder(let configuration) = file.network else {
      throw ModelError(.notLoaded(.autoencoder))
    }
    self.configuration = configuration
    engine = try VideoEngine(
      threadCount: threadCount, precision: precision.products, device: device,
      onShortage: onShortage)
    try await engine.load(file, onProgress: onProgress)
  }

  /// Frames of a clip.
  public var clipFrames: Int { configuration.frames }
  /// Side of the model's frames in pixels.
  public var side: Int { configuration.resolution }

  /// Visits an input's frames as whole clips, prepared to the model's resolution.
  ///
  /// - Parameters:
  ///   - firstFrame: Where to begin, from 0.
  ///   - limit: Clips at most; `nil` for all.
  ///   - stop: Ends the visit after the clip in progress.
  ///   - body: Called with each clip's number and frames; throwing ends the visit.
  /// - Returns: Frames at the end that are too few for a clip.
  /// - Throws: ``StudioError`` if there is not one whole clip, and what reading throws.
  public func visitClips(
    of reader: VideoReader, from firstFrame: Int = 0, limit: Int? = nil,
    stop: StopSignal = StopSignal(),
    _ body: (Int, PixelClip) async throws -> Void
  ) async throws -> Int {
    let places = 0...1 << 40
    guard places.contains(firstFrame) else {
      throw StudioError(
        reader.path,
        .option(
          name: "the first frame", found: "\(firstFrame)", expected: "0 to \(places.upperBound)"))
    }
    try reader.seek(toFrame: firstFrame)
    let preparation = FramePreparation(resolution: side)
    var clip = 0
    // Frames are prepared as they are read: sixteen of 8K would fill the memory.
    var (frames, levels): (Int, [Float]) = (0, [])
    while clip < limit ?? .max, stop.moment == .never, let image = try reader.nextFrame() {
      levels += preparation.preparedValues(image)
      frames += 1
      guard frames == clipFrames else { continue }
      try await body(clip, PixelClip(frames: frames, side: side, levels: levels))
      (frames, levels) = (0, [])
      clip += 1
    }
    guard clip > 0 || stop.moment > .never else {
      let total = try reader.frameCount()
      if firstFrame > 0, total - firstFrame < clipFrames {
        throw StudioError(
          reader.path,
          .noSuchFrame(first: firstFrame, last: firstFrame + clipFrames - 1, frames: total))
      }
      throw StudioError(reader.path, .tooShort(frames: frames, needed: clipFrames))
    }
    return frames
  }

  /// Writes a prepared clip as a latent.
  public func encode(_ clip: PixelClip) async throws -> Latent { try await engine.encode(clip) }

  /// Reads a latent back as frames.
  public func decode(_ latent: Latent) async throws -> PixelClip {
    try await engine.decode(latent)
  }
}

extension PixelClip {
  /// The frames as 8-bit pictures.
  public var images: [RGBImage] {
    let bytes = bytes
    let size = side * side * 3
    return (0..<frames).map {
      RGBImage(width: side, height: side, pixels: Array(bytes[($0 * size)..<(($0 + 1) * size)]))
    }
  }

  /// Prepares pictures for a model: centred square crop, then bilinear resize to `side`.
  public init(preparing images: [RGBImage], side: Int) {
    let preparation = FramePreparation(resolution: side)
    self.init(
      frames: images.count, side: side, levels: images.flatMap(preparation.preparedValues))
  }
}
