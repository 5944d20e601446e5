import Foundation
import TensorCore
import TrainingData
import VideoDiffusion

/// A latent to learn and, if there is one, that of the clip before it.
struct LatentPair {
  let clean: Latent
  let condition: Latent?
}

/// Gives the denoiser's batches, from videos in the order of a sampler (PVDM, section 3.3).
///
/// Windows are two clips long. In a conditional batch the second half is learnt with the first as its
/// condition; otherwise a clip from anywhere in the window is learnt, without a condition. A video that
/// is too short for two clips has none.
protocol LatentPairs: AnyObject {
  /// Where the data goes on.
  var position: ClipSampler.Position { get }
  /// Clips passed over so far, and the videos that they are of.
  var skipped: (clips: Int, videos: [BrokenVideo]) { get }
  /// Videos that are left out because they are shorter than a clip.
  var tooShortVideos: Int { get }

  /// The next batch.
  ///
  /// - Parameters:
  ///   - isConditional: Whether clips are learnt with the one before.
  ///   - offsets: Choose where in their windows the other clips begin.
  /// - Throws: `DatasetError` if clip after clip cannot be read.
  func next(isConditional: Bool, offsets: inout SeededNumbers) async throws -> [LatentPair]
}

/// Pairs from latents that were made once and lie on disk; those that fit stay in memory.
final class CachedLatentPairs: LatentPairs {
  private var sampler: ClipSampler
  /// The latents of videos as they are, and mirrored.
  private let caches: (plain: LatentCache, mirrored: LatentCache)
  private let batch: Int
  private var held: [String: LatentCache.VideoLatents] = [:]
  private var heldBytes = 0
  private(set) var skipped: (clips: Int, videos: [BrokenVideo]) = (0, [])

  /// Memory for latents, in bytes.
  private static let byteLimit = 2 << 30
  /// So many windows without latents in a row mean that the set cannot be used.
  private static let mostFailuresInARow = 100

  /// - Parameters:
  ///   - folder: Where the latents lie.
  ///   - identity: What they are made with; its mirroring is left aside.
  ///   - batch: Pairs of a batch.
  init(
    _ sampler: ClipSampler, folder: String, identity: LatentCache.Identity, batch: Int
  ) {
    self.sampler = sampler
    self.batch = batch
    func cache(mirrored: Bool) -> LatentCache {
      LatentCache(
        folder: folder,
        identity: LatentCache.Identity(
          autoencoder: identity.autoencoder, side: identity.side, frames: identity.frames,
          stride: identity.stride, isMirrored: mirrored))
    }
    caches = (cache(mirrored: false), cache(mirrored: true))
  }

  /// Makes the latents that are not there yet.
  ///
  /// - Parameters:
  ///   - stop: Ends the work early; what was made is kept.
  ///   - onProgress: Called with videos done and their total.
  /// - Throws: `CheckpointError` if latents cannot be written.
  func fill(
    reader: ClipReader, engine: VideoEngine, stop: StopSignal,
    onProgress: (_ done: Int, _ total: Int) -> Void
  ) async throws {
    let videos = sampler.videos
    let all = sampler.settings.mirrors ? [caches.plain, caches.mirrored] : [caches.plain]
    for (number, cache) in all.enumerated() {
      let broken = try await cache.fill(
        videos, reader: reader, stop: stop,
        onProgress: { done, _ in
          onProgress(number * videos.count + done, all.count * videos.count)
        }, encode: { try await engine.encode($0) })
      for video in broken where !skipped.videos.contains(video) { skipped.videos.append(video) }
    }
  }

  var position: ClipSampler.Position { sampler.position }
  var tooShortVideos: Int { sampler.tooShortCount }

  func next(isConditional: Bool, offsets: inout SeededNumbers) async throws -> [LatentPair] {
    var pairs: [LatentPair] = []
    var failuresInARow = 0
    while pairs.count < batch, let window = sampler.next() {
      let cache = window.isMirrored ? caches.mirrored : caches.plain
      // Drawn for every window, so that what is missing changes nothing for the others.
      let choice = offsets.next()
      guard let latents = try latents(of: window.video, in: cache),
        let pair = pair(window, latents, cache, isConditional: isConditional, choice)
      else {
        skipped.clips += 1
        failuresInARow += 1
        if failuresInARow == Self.mostFailuresInARow {
          throw DatasetError(
            cache.folder,
            .nothingReadable(tried: failuresInARow, reason: "no latents of \(window.video.path)"))
        }
        continue
      }
      failuresInARow = 0
      pairs.append(pair)
    }
    return pairs
  }

  private func pair(
    _ window: ClipWindow, _ latents: LatentCache.VideoLatents, _ cache: LatentCache,
    isConditional: Bool, _ choice: UInt64
  ) -> LatentPair? {
    // The frames of the video where the window's second half begins.
    let second = window.start + window.frames / 2 - window.paddedFrames
    if isConditional {
      guard let clean = latents.latent(from: second) else { return nil }
      return LatentPair(
        clean: clean,
        condition: window.paddedFrames == 0 ? latents.latent(from: window.start) : nil)
    }
    let starts = cache.starts(in: window.video).filter { (window.start...second).contains($0) }
    guard !starts.isEmpty else { return nil }
    let start = starts[Int(choice.multipliedFullWidth(by: UInt64(starts.count)).high)]
    return latents.latent(from: start).map { LatentPair(clean: $0, condition: nil) }
  }

  private func latents(
    of video: DatasetVideo, in cache: LatentCache
  ) throws -> LatentCache.VideoLatents? {
    let key = "\(cache.identity.isMirrored) \(video.path)"
    if let latents = held[key] { return latents }
    guard let latents = try cache.latents(of: video) else { return nil }
    let size = latents.byteCount
    if heldBytes + size <= Self.byteLimit {
      held[key] = latents
      heldBytes += size
    }
    return latents
  }
}

/// Pairs from clips that are decoded and encoded for every batch anew.
final class ComputedLatentPairs: LatentPairs {
  private let loader: ClipLoader<ClipSampler>
  private let engine: VideoEngine
  private let frames: Int

  /// - Parameters:
  ///   - loader: Gives windows of two clips.
  ///   - engine: Has the autoencoder.
  ///   - frames: Frames of a clip.
  init(_ loader: ClipLoader<ClipSampler>, engine: VideoEngine, frames: Int) {
    self.loader = loader
    self.engine = engine
    self.frames = frames
  }

  var position: ClipSampler.Position { loader.source.position }
  var tooShortVideos: Int { loader.source.tooShortCount }
  var skipped: (clips: Int, videos: [BrokenVideo]) { (loader.skippedCount, loader.broken) }

  func next(isConditional: Bool, offsets: inout SeededNumbers) async throws -> [LatentPair] {
    guard let batch = try await loader.next() else {
      preconditionFailure("a sampler's windows have no end")
    }
    var pairs: [LatentPair] = []
    for clip in batch.clips {
      let starts = clip.targetStarts
      let start = starts.lowerBound + offsets.whole(below: starts.count)
      guard isConditional else {
        let clean = try await engine.encode(clip.frames(start..<(start + frames)))
        pairs.append(LatentPair(clean: clean, condition: nil))
        continue
      }
      let clean = try await engine.encode(clip.frames(frames..<(2 * frames)))
      let condition =
        clip.hasCondition ? try await engine.encode(clip.frames(0..<frames)) : nil
      pairs.append(LatentPair(clean: clean, condition: condition))
    }
    return pairs
  }
}

extension PixelClip {
  /// The clip cut into clips of some frames each; what is left over is dropped.
  package func clips(of length: Int) -> [PixelClip] {
    let size = length * side * side * 3
    return (0..<(frames / length)).map {
      PixelClip(
        frames: length, side: side, values: Array(values[($0 * size)..<(($0 + 1) * size)]))
    }
  }
}
