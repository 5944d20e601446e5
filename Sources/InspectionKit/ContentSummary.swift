import Foundation
import MediaIO
import RunKit
import VideoDiffusion

/// Latents of clips.
public struct LatentSummary: Sendable, Encodable {
  /// Clips.
  public let clips: Int
  /// Tokens of each.
  public let tokens: Int
  /// Side R of the first plane, for clips of 16 frames; `nil` if no side has so many tokens.
  public let side: Int?
  /// The least value.
  public let minimum: Double
  /// The greatest value; clean latents lie in (-1, 1).
  public let maximum: Double

  init(_ latents: [Latent]) {
    clips = latents.count
    tokens = latents.first?.tokenCount ?? 0
    side = PlaneGeometry.side(tokenCount: tokens)
    minimum = rounded(Double(latents.lazy.compactMap { $0.values.min() }.min() ?? 0))
    maximum = rounded(Double(latents.lazy.compactMap { $0.values.max() }.max() ?? 0))
  }
}

/// A run that was saved to be resumed.
public struct RunSummary: Sendable, Encodable {
  /// Clips that are complete.
  public let finishedClips: Int
  /// Clips that were asked for; absent for a run without end.
  public let clips: Int?
  /// Videos side by side.
  public let samples: Int
  /// The seed.
  public let seed: UInt64
  /// Guidance of later clips.
  public let guidance: Double
  /// The solver of the first clip.
  public let sampler: String
  /// Steps of the first clip.
  public let steps: Int
  /// Steps of each later clip.
  public let laterSteps: Int
  /// Steps done of the clip in progress; absent between clips.
  public let stepsDone: Int?
  /// Whether the next clip continues one.
  public let continues: Bool
  /// What was stored beside the run.
  public let notes: [String: String]

  init(_ run: SavedRun) {
    finishedClips = run.state.finishedClips
    clips = run.request.clipCount
    samples = run.request.sampleCount
    seed = run.request.seed
    guidance = run.request.guidanceScale
    sampler = run.request.firstSampler.method.rawValue
    steps = run.request.firstSampler.steps
    laterSteps = run.request.laterSampler.steps
    stepsDone = run.state.sampler?.stepIndex
    continues = run.state.condition != nil
    notes = run.notes
  }
}

/// A video, a picture, or a folder of frames.
public struct MediaSummary: Sendable, Encodable {
  /// `mp4`, `webm`, `gif`, `png`, `folder` and so on.
  public let container: String
  /// The codec's short name.
  public let codec: String
  /// How pixels are stored, by FFmpeg's name.
  public let pixelFormat: String
  /// Width in pixels.
  public let width: Int
  /// Height in pixels.
  public let height: Int
  /// Frames a second; absent for pictures.
  public let framesPerSecond: Double?
  /// Frames; absent if the file does not say.
  public let frames: Int?
  /// Whether the frames were counted.
  public let framesAreCounted: Bool
  /// Length in seconds; absent for pictures.
  public let durationSeconds: Double?
  /// What there is to know of its frames, such as that they are interlaced; absent if nothing.
  public let notes: [String]?

  init(_ info: MediaInfo) {
    container = info.container
    codec = info.codec
    pixelFormat = info.pixelFormat
    width = info.width
    height = info.height
    framesPerSecond = info.frameRate.map { rounded($0.framesPerSecond) }
    frames = info.frameCount
    framesAreCounted = info.frameCountIsExact
    durationSeconds = info.duration.map(rounded)
    notes = info.warnings.isEmpty ? nil : info.warnings.map(\.description)
  }
}
