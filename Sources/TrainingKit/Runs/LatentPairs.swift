import Foundation
import MessagePassing
import TensorCore
import TrainingData
import VideoDiffusion

/// A latent to learn and, if there is one, that of the clip before it.
struct LatentPair {
  let clean: Latent
  let condition: Latent?
}

/// A place in a batch of pairs.
struct PairPlace {
  /// The pair; `nil` where it is another rank's.
  var pair: LatentPair?
  /// Whether it has a condition, known of all.
  let hasCondition: Bool
}

/// How one batch of a step is chosen.
struct PairChoice {
  /// Whether clips are learnt with the one before.
  let isConditional: Bool
  /// Choose where in their windows the other clips begin.
  var offsets: SeededNumbers
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

  /// The batches of the next step.
  ///
  /// - Parameter choices: One for each batch of the step.
  /// - Returns: The pairs of those that this rank has a share of.
  /// - Throws: `DatasetError` if clip after clip cannot be read.
  func next(_ choices: [PairChoice]) async throws -> [Int: [PairPlace]]
}

/// Pairs from latents that were made once and lie on disk; those that fit stay in memory.
final class CachedLatentPairs: LatentPairs {
  private var sampler: ClipSampler
  /// The latents of videos as they are, and mirrored.
  private let caches: (plain: LatentCache, mirrored: LatentCache)
  private let share: StepShare
  /// Where the latents of videos begin, as far as they were asked for.
  private var starts: [String: [Int]?] = [:]
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
  ///   - share: The pairs that are learnt from here.
  init(
    _ sampler: ClipSampler, folder: String, identity: LatentCache.Identity, share: StepShare
  ) {
    self.sampler = sampler
    self.share = share
    func cache(mirrored: Bool) -> LatentCache {
      LatentCache(
        folder: folder,
        identity: LatentCache.Identity(
          autoencoder: identity.autoencoder, side: identity.side, frames: identity.frames,
          stride: identity.stride, isMirrored: mirrored))
    }
    caches = (cache(mirrored: false), cache(mirrored: true))
  }

  /// Makes the latents that are not there yet; ranks divide the videos among them.
  ///
  /// - Parameters:
  ///   - ranks: Those that make them together; `nil` for one alone.
  ///   - stop: Ends the work early; what was made is kept.
  ///   - onProgress: Called with videos done and their total.
  /// - Throws: `CheckpointError` if latents cannot be written.
  func fill(
    reader: ClipReader, engine: VideoEngine, ranks: (any Communicator)?, stop: StopSignal,
    onProgress: (_ done: Int, _ total: Int) -> Void
  ) async throws {
    let videos = sampler.videos.enumerated().filter { index, _ in
      ranks.map { index % $0.size == $0.rank } ?? true
    }.map(\.element)
    let all = sampler.settings.mirrors ? [caches.plain, caches.mirrored] : [caches.plain]
    for (number, cache) in all.enumerated() {
      let broken = try await cache.fill(
        videos, reader: reader, stop: stop,
        onProgress: { done, _ in
          onProgress(number * videos.count + done, all.count * videos.count)
        }, encode: { try await engine.encode($0) })
      for video in try await ranks?.gathered(broken).flatMap({ $0 }) ?? broken
      where !skipped.videos.contains(video) { skipped.videos.append(video) }
    }
  }

  var position: ClipSampler.Position { sampler.position }
  var tooShortVideos: Int { sampler.tooShortCount }

  func next(_ choices: [PairChoice]) async throws -> [Int: [PairPlace]] {
    var batches: [Int: [PairPlace]] = [:]
    for (number, choice) in choices.enumerated() {
      // Windows are passed over in all ranks alike, so that all look at all of them.
      let places = try places(choice, isOwn: share.batches.contains(number))
      if share.batches.contains(number) { batches[number] = places }
    }
    return batches
  }

  private func places(_ choice: PairChoice, isOwn: Bool) throws -> [PairPlace] {
    var offsets = choice.offsets
    var places: [PairPlace] = []
    var failuresInARow = 0
    while places.count < share.batch, let window = sampler.next() {
      let cache = window.isMirrored ? caches.mirrored : caches.plain
      // Drawn for every window, so that what is missing changes nothing for the others.
      let offset = offsets.next()
      guard let clips = try clips(window, cache, choice.isConditional, offset) else {
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
      var place = PairPlace(pair: nil, hasCondition: clips.condition != nil)
      if isOwn, share.clips.contains(places.count) {
        guard let latents = try latents(of: window.video, in: cache),
          let clean = latents.latent(from: clips.clean)
        else {
          throw DatasetError(
            cache.folder,
            .nothingReadable(tried: 1, reason: "no latents of \(window.video.path) any more"))
        }
        place.pair = LatentPair(
          clean: clean, condition: clips.condition.flatMap { latents.latent(from: $0) })
      }
      places.append(place)
    }
    return places
  }

  /// The first frames of the clip that is learnt in a window and of the one before it; `nil` if the former
  /// is not cached.
  private func clips(
    _ window: ClipWindow, _ cache: LatentCache, _ isConditional: Bool, _ offset: UInt64
  ) throws -> (clean: Int, condition: Int?)? {
    let key = "\(cache.identity.isMirrored) \(window.video.path)"
    let known = try starts[key] ?? cache.cachedStarts(of: window.video)
    starts[key] = .some(known)
    guard let known else { return nil }
    // The frames of the video where the window's second half begins.
    let second = window.start + window.frames / 2 - window.paddedFrames
    if isConditional {
      guard known.contains(second) else { return nil }
      let hasCondition = window.hasCondition && known.contains(window.start)
      return (second, hasCondition ? window.start : nil)
    }
    let possible = cache.starts(in: window.video).filter { (window.start...second).contains($0) }
    guard !possible.isEmpty else { return nil }
    let start = possible[Int(offset.multipliedFullWidth(by: UInt64(possible.count)).high)]
    return known.contains(start) ? (start, nil) : nil
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
  private let share: StepShare

  /// - Parameters:
  ///   - loader: Gives the windows of a step, of two clips each.
  ///   - engine: Has the autoencoder.
  ///   - frames: Frames of a clip.
  ///   - share: The pairs that are learnt from here.
  init(_ loader: ClipLoader<ClipSampler>, engine: VideoEngine, frames: Int, share: StepShare) {
    self.share = share
    self.loader = loader
    self.engine = engine
    self.frames = frames
  }

  var position: ClipSampler.Position { loader.source.position }
  var tooShortVideos: Int { loader.source.tooShortCount }
  var skipped: (clips: Int, videos: [BrokenVideo]) { (loader.skippedCount, loader.broken) }

  func next(_ choices: [PairChoice]) async throws -> [Int: [PairPlace]] {
    guard let step = try await loader.next() else {
      preconditionFailure("a sampler's windows have no end")
    }
    var batches: [Int: [PairPlace]] = [:]
    for number in share.batches {
      var choice = choices[number]
      var places: [PairPlace] = []
      for index in 0..<share.batch {
        let place = number * share.batch + index
        let window = step.windows[place]
        // Drawn for every clip, so that other ranks' change nothing for this one's.
        let starts = window.targetStarts
        let start = starts.lowerBound + choice.offsets.whole(below: starts.count)
        var pair = PairPlace(pair: nil, hasCondition: choice.isConditional && window.hasCondition)
        if let clip = step.clipsByPlace[place] {
          pair.pair = try await self.pair(clip, choice.isConditional ? nil : start)
        }
        places.append(pair)
      }
      batches[number] = places
    }
    return batches
  }

  /// - Parameter start: Where the clip to learn begins; `nil` for the second half with the first as its
  ///   condition.
  private func pair(_ clip: TrainingClip, _ start: Int?) async throws -> LatentPair {
    if let start {
      return LatentPair(
        clean: try await engine.encode(clip.frames(start..<(start + frames))), condition: nil)
    }
    let clean = try await engine.encode(clip.frames(frames..<(2 * frames)))
    let condition =
      clip.window.hasCondition ? try await engine.encode(clip.frames(0..<frames)) : nil
    return LatentPair(clean: clean, condition: condition)
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
