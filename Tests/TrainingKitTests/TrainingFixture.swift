import CheckpointIO
import Foundation
import TensorCore
import TestSupport
import TrainingData
import TrainingKit
import VideoDiffusion

/// A small set of skies and runs of the `tiny` preset on it.
struct TrainingFixture {
  let folder: TemporaryFolder
  var data: String { folder.path("skies") }
  var cache: String { folder.path("cache") }

  /// Makes the set: six videos of 40 frames, 32 x 32, one of them held out.
  init() async throws {
    folder = try TemporaryFolder()
    let recipe = SkyRecipe(clips: 6, seed: 3, size: 32, frames: 40, testShare: 0.17)
    _ = try await SkyDatasetWriter(recipe, to: folder.path("skies"), overwrites: false)
      .write(threadCount: 2)
  }

  /// The `tiny` preset with a few steps, a checkpoint after every second and samples at the end.
  static func configuration(_ stage: TrainingStage, steps: Int) -> TrainingConfiguration {
    var configuration = TrainingPreset.tiny.configuration
    configuration[stage].steps = steps
    configuration[stage].checkpointInterval = 2
    configuration[stage].sampleInterval = steps
    configuration[stage].logInterval = 1
    configuration.diffusionTraining.sampleSteps = 2
    configuration.diffusionTraining.stage.validationClips = 2
    return configuration
  }

  /// A run on one thread, whose results are the same on every machine with its instruction set.
  static func job(
    _ stage: TrainingStage, _ configuration: TrainingConfiguration, in root: String, to run: String
  ) -> TrainingJob {
    var job = TrainingJob(
      stage: stage, configuration: configuration, dataPath: root + "/skies", runFolder: run,
      cacheFolder: root + "/cache")
    job.threadCount = 1
    if stage == .diffusion { job.autoencoderPath = root + "/autoencoder.safetensors" }
    return job
  }

  func job(
    _ stage: TrainingStage, _ configuration: TrainingConfiguration, to run: String
  ) -> TrainingJob {
    Self.job(stage, configuration, in: folder.url.path, to: folder.path(run))
  }

  /// Trains an autoencoder for the second stage.
  func makeAutoencoder() async throws {
    let job = job(.autoencoder, Self.configuration(.autoencoder, steps: 2), to: "first")
    let outcome = try await job.run()
    try FileManager.default.copyItem(
      atPath: outcome.weights, toPath: folder.path("autoencoder.safetensors"))
  }

  /// A run that goes on.
  func resumed(_ run: String) throws -> TrainingJob {
    try TrainingJob(resuming: folder.path(run), cacheFolder: cache)
  }

  /// Takes another run's autoencoder for the second stage.
  func makeAutoencoder(from run: String) throws {
    try FileManager.default.copyItem(
      atPath: folder.path("\(run)/autoencoder.safetensors"),
      toPath: folder.path("autoencoder.safetensors"))
  }

  /// The bytes of a run's file.
  func bytes(_ run: String, _ file: String) -> Data? {
    FileManager.default.contents(atPath: folder.path("\(run)/\(file)"))
  }

  /// Lines of a run's table without the columns that tell the time and the memory.
  func losses(_ run: String) throws -> [[Double?]] {
    try TrainingRunSummary(contentsOf: folder.path(run)).metrics.map {
      [Double($0.step), $0["loss"], $0["l1"], $0["learning_rate"], $0["gradient_norm"]]
    }
  }
}

extension TrainingJob {
  /// Runs until a step is done, after which the run is stopped.
  @discardableResult
  func run(until step: Int) async throws -> TrainingOutcome {
    let stop = StopAfter(step: step)
    return try await run(stop: stop.signal) { stop.note($0) }
  }
}

/// Stops a run after one of its steps that is logged or saved.
final class StopAfter: Sendable {
  let signal = StopSignal()
  private let step: Int

  init(step: Int) { self.step = step }

  func note(_ event: TrainingEvent) {
    switch event {
    case .progress(let progress) where progress.step >= step: signal.requestStop(.afterStep)
    case .checkpoint(let saved, _) where saved >= step: signal.requestStop(.afterStep)
    default: break
    }
  }
}
