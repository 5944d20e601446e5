import Foundation
import RunKit
import TensorCore
import TrainingData
import VideoDiffusion

/// One run of an ``EvaluationJob``: what its metrics have in common.
struct EvaluationRun {
  let job: EvaluationJob
  let stop: StopSignal
  let report: @Sendable (EvaluationEvent) -> Void

  /// Clips that a feature network looks at at once: more take memory and save no time.
  private static let featureBatch = 4
  /// At most this much is lost to a process that is killed.
  private static let saveInterval = Duration.seconds(10)
  /// So many clips in a row that cannot be read mean that the set cannot be used.
  private static let mostFailuresInARow = 100

  // MARK: Sources

  /// A loaded model and how it generates.
  struct Model {
    let files: ModelFiles
    let request: GenerationRequest
    let engine: VideoEngine
    let configuration: AutoencoderConfiguration
    let hashes: ModelHashes
  }

  /// Loads the model of the job and notes it.
  ///
  /// - Parameter generates: Whether the denoiser is needed.
  /// - Throws: ``StudioError`` if the job has a folder in place of a model, ``ModelError`` if a
  ///   network is missing.
  func model(_ result: inout EvaluationReport, generates: Bool = true) async throws -> Model {
    guard case .model(let files, var request) = job.source else {
      throw StudioError(nil, .noModelGiven)
    }
    guard let autoencoder = files.autoencoder,
      case .autoencoder(let configuration) = autoencoder.network
    else { throw ModelError(.notLoaded(.autoencoder)) }
    if generates {
      guard let denoiser = files.denoiser else { throw ModelError(.notLoaded(.denoiser)) }
      try StepDistillation.check(denoiser.distilledSteps, for: request)
    }
    report(.notes(files.notes))
    let hashes = try ModelHashes(files, stop: stop)
    let engine = try VideoEngine(
      threadCount: job.threadCount, precision: job.precision.products, device: job.device
    ) { [report] in report(.notes([$0])) }
    for file in [autoencoder, generates ? files.denoiser : nil].compactMap({ $0 }) {
      let name = "weights of the \(file.kind.rawValue)"
      try await engine.load(file) { [stop, report] loaded, total in
        if stop.moment > .never { throw CancellationError() }
        report(.progress(ItemProgress(name, done: loaded, total: total)))
      }
    }
    result.protocol.note(files, hashes: hashes)
    result.protocol.note(job.device)
    result.protocol.precision = job.precision.rawValue
    // What does nothing to this model is no part of how it was judged.
    if await !engine.mayExchangePlanes { request.ordersPlanes = false }
    if generates { result.protocol.request = request }
    return Model(
      files: files, request: request, engine: engine, configuration: configuration,
      hashes: hashes)
  }

  /// Clips of the model or folder that is judged, `job.frames` each.
  ///
  /// - Parameter placement: Where in a folder's videos they lie.
  func generated(
    _ result: inout EvaluationReport, placement: EvaluationWindows.Placement = .anywhere
  ) async throws -> any ClipSource {
    result.protocol.frames = job.frames
    switch job.source {
    case .folder(let path):
      let clips = try folder(
        path, "generated clips", split: nil, side: job.resolution, placement: placement)
      result.protocol.resolution = clips.squareSide
      return clips
    case .model:
      let model = try await model(&result)
      let side = model.configuration.resolution
      if let wanted = job.resolution, wanted != side {
        throw StudioError(
          nil,
          .option(
            name: "the resolution", found: "\(wanted)",
            expected: "\(side), which the model makes"))
      }
      result.protocol.resolution = side
      return GeneratedClips(
        request: model.request, engine: model.engine, frames: job.frames,
        clipFrames: model.configuration.frames, hashes: model.hashes)
    }
  }

  /// Real clips, noted as the data of the evaluation.
  func real(_ result: inout EvaluationReport, side: Int?) throws -> FolderClips {
    guard let path = job.dataPath else { throw StudioError(nil, .noData) }
    let clips = try folder(path, "real clips", split: job.split, side: side)
    result.protocol.data = URL(filePath: path).lastPathComponent
    result.protocol.dataLayout = clips.layout.name
    result.protocol.realClipSeed = job.clipSeed
    result.notes.append(
      "real clips are chosen by seed \(job.clipSeed): videos in random order, each from a random frame"
    )
    result.protocol.split = clips.layout == .plain ? "all" : job.split?.rawValue ?? "all"
    return clips
  }

  private func folder(
    _ path: String, _ name: String, split: DatasetSplit?, side: Int?,
    placement: EvaluationWindows.Placement = .anywhere
  ) throws -> FolderClips {
    let clips = try FolderClips(
      path, name: name, split: split, clips: job.clips, frames: job.frames, seed: job.clipSeed,
      placement: placement, side: side, indexFolder: job.cacheFolder)
    report(.notes(clips.notes))
    return clips
  }

  /// How many clips of a source are looked at: those that were asked for, or all there are.
  func count(_ source: any ClipSource, _ result: inout EvaluationReport) -> Int {
    guard let count = source.count, count < job.clips else { return job.clips }
    note("there are \(count) \(source.name) of \(job.frames) frames, not \(job.clips)", &result)
    return count
  }

  // MARK: Features

  /// A loaded feature network with the hash of its weights.
  struct FeatureStage {
    let engine: EvaluationEngine
    let hash: String
  }

  /// Loads a feature network and notes it.
  func featureStage(
    _ kind: FeatureNetworkKind, _ result: inout EvaluationReport
  ) async throws -> FeatureStage {
    guard let path = job.featureWeights else { throw EvaluationError.noWeights(kind, path: nil) }
    let file = try FeatureNetworkFile(path: path, kind: kind)
    report(.notes(file.notes))
    guard job.frames >= kind.leastFrameCount else {
      throw EvaluationError.clipTooShort(frames: job.frames, needed: kind.leastFrameCount)
    }
    let weights = try ModelHashes.file(path, stop)
    let name = "weights of \(kind.rawValue.uppercased())"
    let engine = try await EvaluationEngine.load(
      file, frames: job.frames, device: job.device, threadCount: job.threadCount,
      onShortage: { [report] in report(.notes([$0])) },
      onProgress: { [stop, report] loaded, total in
        if stop.moment > .never { throw CancellationError() }
        report(.progress(ItemProgress(name, done: loaded, total: total)))
      })
    result.protocol.featureNetwork = weights
    result.protocol.note(job.device)
    return FeatureStage(engine: engine, hash: weights.hash)
  }

  /// The features of a source's first clips; fewer where not so many can be read.
  func features(
    _ source: any ClipSource, count: Int, _ stage: FeatureStage, _ result: inout EvaluationReport
  ) async throws -> [[Float]] {
    try await rows(
      source, count: count, key: ["network \(stage.hash)"], &result
    ) { source, range in
      guard let clips = try await source.clips(range, stop: stop) else { return nil }
      return try await stage.engine.features(of: clips)
    }
  }

  /// Computes a row of numbers for each of a source's first clips, batch by batch, keeps them, and
  /// begins with those that are kept. A clip that cannot be read is named, and the next one taken.
  ///
  /// - Parameters:
  ///   - name: What the rows are of; `nil` for the source's name.
  ///   - key: What the rows depend on beside the clips.
  ///   - body: Gives the rows of some clips, or `nil` if it was stopped.
  /// - Returns: A row for each clip, at least one, fewer than `count` if there are not so many that can be
  ///   read.
  /// - Throws: ``EvaluationStopped`` when it was stopped, `DatasetError` when clip after clip or none at
  ///   all can be read, and what `body` throws; what was computed is kept in all cases.
  func rows(
    _ source: any ClipSource, name: String? = nil, count: Int, key: [String],
    _ result: inout EvaluationReport,
    _ body: (any ClipSource, Range<Int>) async throws -> [[Float]]?
  ) async throws -> [[Float]] {
    let stage = name ?? source.name
    let cache = FeatureCache(folder: job.cacheFolder)
    var source = source
    // Another device's numbers differ in their last digits.
    let key =
      job.device.resolved == .processor ? key : key + ["device \(job.device.deviceName)"]
    var store = FeatureCache.Key(lines: try key + source.identity)
    var rows = Array(cache.features(store).prefix(count))
    let resumed = rows.count
    var progress = ItemProgress(stage, done: resumed, total: count, resumed: resumed)
    report(.progress(progress))
    var saved = (count: resumed, time: ContinuousClock.now)
    var failuresInARow = 0
    do {
      while rows.count < progress.total {
        let range = rows.count..<min(rows.count + batch, progress.total)
        guard stop.moment == .never else {
          throw EvaluationStopped(stage: stage, saved: rows.count, total: progress.total)
        }
        do {
          guard let more = try await body(source, range) else {
            throw EvaluationStopped(stage: stage, saved: rows.count, total: progress.total)
          }
          if let place = more.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
            throw EvaluationError.featureNotFinite(clip: range.lowerBound + place)
          }
          rows += more
          failuresInARow = 0
        } catch let clip as UnreadableClip {
          failuresInARow += 1
          let nothing = DatasetError(
            source.name, .nothingReadable(tried: failuresInARow, reason: clip.reason))
          if failuresInARow == Self.mostFailuresInARow { throw nothing }
          note("left out \(clip.reason)", &result)
          if rows.count > saved.count { try cache.store(rows, store) }
          // The clips so far are also the first ones of the source without this one, of which an
          // earlier run may have kept more.
          source.leaveOut(clip)
          store = FeatureCache.Key(lines: try key + source.identity)
          progress.total = min(progress.total, source.count ?? progress.total)
          if progress.total == 0 { throw nothing }
          let known = cache.features(store).prefix(progress.total)
          saved.count = known.count
          if known.count > rows.count { rows = Array(known) }
        }
        progress.done = rows.count
        report(.progress(progress))
        if ContinuousClock.now - saved.time > Self.saveInterval {
          try cache.store(rows, store)
          saved = (rows.count, ContinuousClock.now)
        }
      }
    } catch {
      // What went wrong is told, not that keeping failed as well.
      if rows.count > saved.count { try? cache.store(rows, store) }
      throw error
    }
    if rows.count > saved.count { try cache.store(rows, store) }
    return rows
  }

  private func note(_ note: String, _ result: inout EvaluationReport) {
    result.notes.append(note)
    report(.notes([note]))
  }

  /// Clips at once: those that a model makes together, else as many as a network looks at.
  private var batch: Int {
    if case .model(_, let request) = job.source { return request.sampleCount }
    return job.frames > 16 ? 1 : Self.featureBatch
  }
}
