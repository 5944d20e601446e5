import RunKit
import TrainingData
import VideoDiffusion

extension EvaluationRun {
  /// The Frechet video distance (Unterthiner et al. 2018) of generated to real clips.
  package func frechetVideoDistance(_ result: inout EvaluationReport) async throws {
    let stage = try await featureStage(.i3d, &result)
    let generated = try await generated(&result)
    // Frames that lie in a folder are taken as they are, unless a resolution is asked for.
    let side: Int? = (generated as? FolderClips).map(\.side) ?? result.protocol.resolution
    let real = try real(&result, side: side)
    if let generated = generated as? FolderClips, generated.frameSize != real.frameSize {
      throw StudioError(
        generated.path,
        .mixedSizes(
          "the generated frames are \(generated.frameSize)", "the real ones \(real.frameSize)"))
    }
    let counts = (real: count(real, &result), generated: count(generated, &result))
    try checkCovariance(real: counts.real, generated: counts.generated)
    noteRank(min(counts.real, counts.generated), &result)
    let realFeatures = try await features(real, count: counts.real, stage, &result)
    let generatedFeatures = try await features(generated, count: counts.generated, stage, &result)
    try checkCovariance(real: realFeatures.count, generated: generatedFeatures.count)
    result.protocol.realClips = realFeatures.count
    result.protocol.generatedClips = generatedFeatures.count
    let kernel = try KernelDistance(generatedFeatures, realFeatures)
    result.scores = [
      .init("FVD", try FrechetDistance.between(generatedFeatures, realFeatures)),
      .init("KVD", kernel.value, interval: kernel.interval),
    ]
  }

  private func checkCovariance(real: Int, generated: Int) throws {
    for (name, count) in [("real", real), ("generated", generated)] where count < 2 {
      throw EvaluationError.tooFewForCovariance(clips: count, of: "the \(name) clips")
    }
  }

  /// Fewer clips than features leave the covariance singular: the distance is defined, and too
  /// large.
  func noteRank(_ clips: Int, _ result: inout EvaluationReport) {
    let features = FeatureNetworkKind.i3d.featureCount
    guard clips <= features else { return }
    let note =
      "\(clips) clips for \(features) features: FVD is far larger than with many clips; KVD is not, and "
      + "its bounds say how far it can be told"
    result.notes.append(note)
    report(.notes([note]))
  }

  /// The inception score of generated clips.
  package func inceptionScore(_ result: inout EvaluationReport) async throws {
    let stage = try await featureStage(.c3d, &result)
    let generated = try await generated(&result)
    let wanted = count(generated, &result)
    guard wanted >= job.splits else {
      throw EvaluationError.tooFewForSplits(clips: wanted, splits: job.splits)
    }
    let logits = try await features(generated, count: wanted, stage, &result)
    let score = try InceptionScore(logits: logits, splits: job.splits)
    result.protocol.generatedClips = logits.count
    result.protocol.splits = job.splits
    result.scores = [
      .init("IS", score.mean, standardDeviation: job.splits > 1 ? score.standardDeviation : nil)
    ]
  }

  /// What changes along long videos, by clip index.
  package func drift(_ result: inout EvaluationReport) async throws {
    var clipFrames = EvaluationJob.usualClipFrames
    if case .model(let files, _) = job.source,
      case .autoencoder(let configuration)? = files.autoencoder?.network
    {
      clipFrames = configuration.frames
    }
    let clipCount = job.frames / clipFrames
    guard clipCount >= 2 else {
      throw EvaluationJob.tooShort(frames: job.frames, least: 2 * clipFrames)
    }
    // Clips are counted from a video's first frame.
    let videos = try await generated(&result, placement: .beginning)
    let rows = try await rows(
      videos, name: "videos", count: count(videos, &result),
      key: ["drift, clips of \(clipFrames)"], &result
    ) { videos, range in
      try await videos.clips(range, stop: stop)?.map {
        TemporalStatistics($0, clipFrames: clipFrames).row
      }
    }
    let mean = TemporalStatistics(
      meanOf: rows.compactMap {
        TemporalStatistics(row: $0, clipCount: clipCount, clipFrames: clipFrames)
      })
    result.protocol.generatedClips = rows.count
    result.scores = [
      .init("largest colour drift", mean.colorDrift.max() ?? 0),
      .init("contrast, last less first", mean.contrastDrift.last ?? 0),
      Self.score("seam against motion", mean.seams),
      .init("motion of the first clip", mean.motions[0]),
      .init("motion of the last clip", mean.motions[clipCount - 1]),
    ]
    for (channel, name) in ["red", "green", "blue"].enumerated() {
      result.series.append(.init(name, mean.colors.map { $0[channel] }))
    }
    result.series.append(.init("contrast", mean.contrasts))
    result.series.append(.init("motion", mean.motions))
    result.series.append(.init("seam", firstClip: 1, mean.seams))
  }

  /// The mean of a number over clips, with its deviation.
  package static func score(
    _ name: String, _ values: [Double], unit: String = ""
  ) -> EvaluationReport.Score {
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    return .init(
      name, mean, unit: unit, standardDeviation: values.count > 1 ? variance.squareRoot() : nil)
  }
}
