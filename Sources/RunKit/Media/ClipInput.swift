import CheckpointIO
import Foundation
import MediaIO
import VideoDiffusion

/// What a command was given to work on: a video or pictures, or latents.
public enum ClipInput {
  /// A video, a GIF, a picture or a folder of pictures.
  case video(VideoReader)
  /// Latents, one for each clip.
  case latents(LatentFile, path: String)

  /// Opens an input, told by its content.
  ///
  /// - Throws: ``StudioError`` if there is nothing, else what the reader finds wrong.
  public init(path: String) throws {
    guard FileManager.default.fileExists(atPath: path) else {
      throw StudioError(path, .noSuchFile)
    }
    if Self.isCheckpoint(path) || OutputSet.isLatents(path) {
      self = .latents(try LatentFile(contentsOf: path), path: path)
    } else {
      self = .video(try VideoReader(path: path))
    }
  }

  private static func isCheckpoint(_ path: String) -> Bool {
    (try? Checkpoint(contentsOf: path)) != nil
  }

  /// The path, as it was given.
  public var path: String {
    switch self {
    case .video(let reader): reader.path
    case .latents(_, let path): path
    }
  }

  /// Frames a second, where the input says it.
  public var framesPerSecond: Double? {
    switch self {
    case .video(let reader): reader.frameRate?.framesPerSecond
    case .latents(let file, _): OutputSet.storedRate(file.metadata)
    }
  }

  /// What made latents, where they say it.
  var madeBy: RunSettings? {
    guard case .latents(let file, _) = self else { return nil }
    return RunSettings(metadata: file.metadata)
  }

  /// Frames that will stand before the new ones: see ``Continuation/precedingFrames``.
  ///
  /// - Parameters:
  ///   - first: First of the frames to continue; `nil` for the last.
  ///   - frames: Frames of a clip.
  func framesBefore(continuingFrom first: Int?, clipFrames frames: Int) throws -> Int {
    if let first { return first + frames }
    switch self {
    case .video(let reader): return try reader.frameCount()
    case .latents(let file, _): return file.latents.count * frames
    }
  }
}

/// The clip of an input that a run continues, and what comes before the first new frame.
public struct Continuation {
  /// The clip that the first new clip continues.
  public let condition: Latent
  /// Frames of the input that stand before the new ones, the condition's included.
  public let precedingFrames: Int
  /// The last of the condition's frames as the model sees it, `[side, side, 3]`; `nil` for latents.
  package let lastFrame: [UInt8]?
  /// What there is to know of the input's frames, in sentences.
  public let notes: [String]
  package let input: ClipInput

  /// Finds the clip to continue.
  ///
  /// - Parameters:
  ///   - firstFrame: First of the frames to continue, from 0; `nil` takes the last ones.
  ///   - frames: Frames of a clip.
  ///   - encode: Writes a prepared clip as a latent.
  ///   - side: Side of the model's frames in pixels; `nil` if no autoencoder is at hand.
  /// - Throws: ``StudioError`` if the input is too short or has no such frames.
  public init(
    _ input: ClipInput, from firstFrame: Int?, frames: Int, side: Int?,
    encode: (PixelClip) async throws -> Latent
  ) async throws {
    self.input = input
    switch input {
    case .latents(let file, let path):
      let total = file.latents.count * frames
      let first = firstFrame ?? total - frames
      guard first >= 0, first <= total - frames else {
        throw StudioError(
          path, .noSuchFrame(first: first, last: first + frames - 1, frames: total))
      }
      guard first % frames == 0 else {
        throw StudioError(
          path,
          .option(
            name: "the first frame", found: "\(first)",
            expected: "a multiple of \(frames): latents hold whole clips"))
      }
      condition = file.latents[first / frames]
      precedingFrames = first + frames
      lastFrame = nil
      notes = []
    case .video(let reader):
      guard let side else { throw ModelError(.notLoaded(.autoencoder)) }
      let preparation = FramePreparation(resolution: side)
      let (window, first) = try Self.window(
        reader, from: firstFrame, frames,
        preparing: { (preparation.preparedValues($0), preparation.prepared($0)) })
      lastFrame = window.last?.1.pixels
      notes = reader.warnings.map(\.description)
      condition = try await encode(
        PixelClip(frames: frames, side: side, levels: window.flatMap(\.0)))
      precedingFrames = first + frames
    }
  }

  /// The frames to continue and the number of the first. Without a number these are the last ones of
  /// the video: they are kept while it is read to its end, since damage in a long video leaves fewer
  /// frames than its packets promise.
  ///
  /// - Parameter prepare: Called with each frame as it is read, so that only one is held in full.
  package static func window<Prepared>(
    _ reader: VideoReader, from first: Int?, _ frames: Int,
    preparing prepare: (RGBImage) -> Prepared
  ) throws -> ([Prepared], Int) {
    guard let first else {
      let total = try reader.frameCount()
      var last: [Prepared] = []
      for start in [max(total - frames, 0), 0] where last.count < frames {
        last = []
        try reader.seek(toFrame: start)
        while let frame = try reader.nextFrame() {
          last.append(prepare(frame))
          if last.count > frames { last.removeFirst() }
        }
      }
      guard last.count == frames else {
        throw StudioError(reader.path, .tooShort(frames: last.count, needed: frames))
      }
      return (last, reader.position - frames)
    }
    let window =
      first < 0 ? [] : try reader.frames(from: first, count: frames, preparing: prepare)
    guard window.count == frames else {
      throw StudioError(
        reader.path,
        .noSuchFrame(first: first, last: first + frames - 1, frames: try reader.frameCount()))
    }
    return (window, first)
  }

  /// Visits what stands before the new frames, clip by clip or frame by frame.
  ///
  /// - Parameters:
  ///   - images: Called with the prepared frames of a video, a few at a time.
  ///   - latent: Called with each earlier latent.
  func visitPreceding(
    side: Int?, images: ([RGBImage]) async throws -> Void, latent: (Latent) async throws -> Void,
    frames: Int
  ) async throws {
    switch input {
    case .latents(let file, _):
      for clip in file.latents.prefix(precedingFrames / frames) { try await latent(clip) }
    case .video(let reader):
      guard let side else { throw ModelError(.notLoaded(.autoencoder)) }
      let preparation = FramePreparation(resolution: side)
      try reader.seek(toFrame: 0)
      var left = precedingFrames
      while left > 0 {
        var batch: [RGBImage] = []
        while batch.count < min(left, frames), let frame = try reader.nextFrame() {
          batch.append(preparation.prepared(frame))
        }
        if batch.isEmpty { break }
        left -= batch.count
        try await images(batch)
      }
    }
  }
}
