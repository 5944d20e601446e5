import Foundation
import TestSupport
import TrainingKit

/// A training of some seconds on a few skies, by the command and by ranks of this process: what several
/// processes do is compared with what one does.
struct SmallTraining {
  /// Holds the skies, the cache and the runs.
  let folder: String
  /// Clips of a step.
  let batch: Int

  private func path(_ name: String) -> String { "\(folder)/\(name)" }

  /// The command that draws the skies.
  var dataset: [String] {
    [
      "dataset", "skies", "--clips", "4", "--size", "32", "--frames", "40", "--test-share", "0.25",
      "--output", path("skies"),
    ]
  }

  /// The command that trains a stage; the second one builds on the run `first`.
  func arguments(_ stage: TrainingStage, steps: Int, to run: String) -> [String] {
    [
      "train", stage.rawValue, "--config", "tiny", "--data", path("skies"), "--threads", "1",
      "--cache", path("cache"), "--output", path(run),
    ]
      + [
        "steps=\(steps)", "batch=\(batch)", "log_interval=1", "sample_interval=\(steps)", "seed=5",
      ].flatMap { ["--set", $0] }
      + (stage == .diffusion ? ["--autoencoder", path("first/autoencoder.safetensors")] : [])
  }

  /// The same training by ranks of this process, which add up in their order; one alone has no others.
  func run(_ stage: TrainingStage, steps: Int, ranks count: Int, to run: String) async throws {
    var configuration = TrainingPreset.tiny.configuration
    configuration[stage].steps = steps
    configuration[stage].batch = batch
    configuration[stage].logInterval = 1
    configuration[stage].sampleInterval = steps
    configuration[stage].seed = 5
    var job = TrainingJob(
      stage: stage, configuration: configuration, dataPath: path("skies"), runFolder: path(run),
      cacheFolder: path("cache"))
    job.threadCount = 1
    if stage == .diffusion { job.autoencoderPath = path("first/autoencoder.safetensors") }
    guard count > 1 else {
      _ = try await job.run()
      return
    }
    let shared = job
    _ = try await amongRanks(count) { ranks in
      var job = shared
      job.ranks = ranks
      return try await job.run()
    }
  }

  /// The bytes of the network that a run left.
  func network(_ run: String, _ stage: TrainingStage) throws -> Data {
    let file = stage == .autoencoder ? "autoencoder" : "denoiser"
    return try Data(contentsOf: URL(filePath: path("\(run)/\(file).safetensors")))
  }
}
