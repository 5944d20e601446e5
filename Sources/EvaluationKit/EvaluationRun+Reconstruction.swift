import RunKit
import VideoDiffusion

/// What encoding and decoding loses.
extension EvaluationRun {
  /// Of clips without any loss, in dB, in place of infinity: beyond what 8 bits can tell.
  private static let bestSignalToNoise = 100.0

  /// The networks that look at reconstructions, where their weights are given.
  private struct Judges {
    var features: FeatureStage?
    var perceptual: PerceptualEngine?
  }

  /// PSNR and SSIM of real clips that were encoded and decoded, how much they move, their perceptual
  /// distance, and their Frechet distance, the last two where weights are given.
  package func reconstruction(_ result: inout EvaluationReport) async throws {
    var judges = Judges()
    if job.featureWeights != nil { judges.features = try await featureStage(.i3d, &result) }
    let model = try await model(&result, generates: false)
    let (side, clipFrames) = (model.configuration.resolution, model.configuration.frames)
    guard job.frames == clipFrames, job.resolution ?? side == side else {
      throw StudioError(
        nil,
        .option(
          name: "the clip", found: "\(job.frames) frames of \(job.resolution ?? side) pixels",
          expected: "\(clipFrames) frames of \(side) pixels, which the model encodes"))
    }
    guard side >= StructuralSimilarity.leastSide else {
      throw StudioError(
        nil,
        .option(
          name: "the resolution", found: "\(side)",
          expected: "\(StructuralSimilarity.leastSide) or more: the window of SSIM"))
    }
    judges.perceptual = try await perceptualEngine(side: side, &result)
    let real = try real(&result, side: side)
    let wanted = count(real, &result)
    if judges.features != nil, wanted < 2 {
      throw EvaluationError.tooFewForCovariance(clips: wanted, of: "the real clips")
    }
    let rows = try await rows(
      real, name: "reconstructed clips", count: wanted,
      key: [
        "reconstruction and motion", "autoencoder \(model.hashes.autoencoder?.hash ?? "")",
        "precision \(job.precision.rawValue)", "network \(judges.features?.hash ?? "none")",
        "perceptual \(result.protocol.perceptualWeights?.hash ?? "none")",
        "perceptual features \(result.protocol.perceptualFeatures?.hash ?? "none")",
      ], &result
    ) { real, range in
      guard let clips = try await real.clips(range, stop: stop) else { return nil }
      var rows: [[Float]] = []
      for clip in clips {
        if stop.moment > .never { return nil }
        rows.append(try await row(clip, model, judges))
      }
      return rows
    }
    let count = rows.count
    result.protocol.resolution = side
    result.protocol.frames = clipFrames
    result.protocol.realClips = count
    result.protocol.generatedClips = count
    addScores(of: rows, judges, to: &result)
    guard judges.features != nil else {
      result.notes.append("R-FVD is left out: no weights of I3D were named (--i3d)")
      return
    }
    noteRank(count, &result)
    let width = FeatureNetworkKind.i3d.featureCount
    let features = rows.map { $0.suffix(2 * width) }
    let (made, originals) = (
      features.map { Array($0.suffix(width)) }, features.map { Array($0.prefix(width)) }
    )
    let kernel = try KernelDistance(made, originals)
    result.scores += [
      .init("R-FVD", try FrechetDistance.between(made, originals)),
      .init("R-KVD", kernel.value, interval: kernel.interval),
    ]
  }

  /// PSNR, SSIM, the motions of the reconstruction and of the clip, LPIPS if there is one, and the
  /// features of the clip and of its reconstruction if there are any.
  private func row(
    _ frames: FrameBytes, _ model: Model, _ judges: Judges
  ) async throws -> [Float] {
    let original = PixelClip(frames: frames.count, side: frames.width, bytes: frames.bytes)
    let decoded = try await model.engine.decode(model.engine.encode(original))
    let made = FrameBytes([decoded])
    func motion(_ clip: FrameBytes) -> Float {
      Float(TemporalStatistics(clip, clipFrames: clip.count).motions[0])
    }
    var row = [
      Float(min(decoded.signalToNoise(against: original), Self.bestSignalToNoise)),
      Float(StructuralSimilarity.between(decoded, original)),
      motion(made), motion(frames),
    ]
    if let perceptual = judges.perceptual {
      row.append(Float(try await perceptual.distance(decoded, original)))
    }
    if let features = judges.features {
      row += try await features.engine.features(of: [frames, made]).flatMap { $0 }
    }
    return row
  }

  private func addScores(
    of rows: [[Float]], _ judges: Judges, to result: inout EvaluationReport
  ) {
    result.scores = [
      Self.score("PSNR", rows.map { Double($0[0]) }, unit: "dB"),
      Self.score("SSIM", rows.map { Double($0[1]) }),
      Self.score("motion", rows.map { Double($0[2]) }),
      Self.score("motion of the originals", rows.map { Double($0[3]) }),
    ]
    if judges.perceptual != nil {
      result.scores.append(Self.score("LPIPS", rows.map { Double($0[4]) }))
    }
  }

  /// The perceptual distance, if its weights are given; noted.
  private func perceptualEngine(
    side: Int, _ result: inout EvaluationReport
  ) async throws -> PerceptualEngine? {
    guard let weights = job.perceptualWeights else { return nil }
    guard PerceptualEngine.takes(side: side) else {
      throw StudioError(
        nil,
        .option(
          name: "the resolution", found: "\(side)",
          expected: "a multiple of \(PerceptualEngine.sideMultiple) for LPIPS"))
    }
    let engine = try await PerceptualEngine.load(
      weights: weights, features: job.perceptualFeatures, side: side,
      device: job.device, threadCount: job.threadCount
    ) { [report] in report(.notes([$0])) }
    result.protocol.perceptualWeights = try ModelHashes.file(weights, stop)
    result.protocol.perceptualFeatures = try job.perceptualFeatures.map {
      try ModelHashes.file($0, stop)
    }
    return engine
  }
}
