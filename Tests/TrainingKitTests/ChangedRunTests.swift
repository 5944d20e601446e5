import CheckpointIO
import Foundation
import TestSupport
import Testing
import TrainingKit
import VideoDiffusion

/// Runs that go on with something changed: what the weights do not bear is refused before anything is
/// written, what they do is taken.
@Suite(.timeLimit(.minutes(20)))
struct ChangedRunTests {
  private let fixture: TrainingFixture

  init() async throws { fixture = try await TrainingFixture() }

  /// A denoiser's run of two steps, with a checkpoint.
  private func denoiserRun(
    _ change: (inout TrainingConfiguration) -> Void = { _ in }
  ) async throws -> (configuration: TrainingConfiguration, checkpoint: String) {
    try await fixture.makeAutoencoder()
    var configuration = TrainingFixture.configuration(.diffusion, steps: 2)
    change(&configuration)
    let outcome = try await fixture.job(.diffusion, configuration, to: "run").run()
    return (configuration, try #require(outcome.checkpoint))
  }

  @Test(
    "another denoiser by the same weights is refused by the setting's name",
    arguments: ["num_heads", "use_new_attention_order", "num_head_channels", "prediction"])
  func otherDenoiser(setting: String) async throws {
    var (configuration, checkpoint) = try await denoiserRun()
    switch setting {
    case "num_heads": configuration.denoiser.headCount = 1
    case "use_new_attention_order": configuration.denoiser.newAttentionOrder = true
    case "num_head_channels": configuration.denoiser.headWidth = 16
    default: configuration.denoiser.prediction = .velocity
    }
    configuration.diffusionTraining.stage.steps = 4
    let settings = fixture.bytes("run", "config.toml")
    var resumed = try fixture.resumed("run")
    resumed.configuration = configuration
    var continuing = fixture.job(.diffusion, configuration, to: "second")
    continuing.initialPath = checkpoint
    for job in [resumed, continuing] {
      let refused = await #expect(throws: ModelError.self) { try await job.run() }
      guard case .contradiction(let file, setting, _, _, _)? = refused?.problem else {
        Issue.record("\(String(describing: refused)) does not name \(setting)")
        continue
      }
      #expect(file == checkpoint)
    }
    #expect(fixture.bytes("run", "config.toml") == settings)
  }

  @Test("a moving average that is kept from now on begins with the weights as they are")
  func laterAverage() async throws {
    let (_, checkpoint) = try await denoiserRun {
      $0.diffusionTraining.stage.averageDecay = 0
    }
    let weights = try Checkpoint(contentsOf: checkpoint)
    var resumed = try fixture.resumed("run")
    resumed.configuration.diffusionTraining.stage.steps = 3
    resumed.configuration.diffusionTraining.stage.averageDecay = 0.999
    let outcome = try await resumed.run()
    let network = try NetworkFile(path: outcome.weights)
    #expect(network.weightKind == .average)
    let name = "time_embed.0.weight"
    let before = try #require(weights.tensors.first { $0.name == "network.parameters.\(name)" })
    let average = try #require(network.checkpoint.tensors.first { $0.name == name })
    // The decay is warmed up: (1 + 1) / (10 + 1) at the first update.
    let after = try Checkpoint(contentsOf: try #require(outcome.checkpoint))
    let now = try #require(after.tensors.first { $0.name == "network.parameters.\(name)" })
    let numbers = try zip(
      weights.float32Values(before), after.float32Values(now)
    ).map { $0 + (1 - 2.0 / 11) * ($1 - $0) }
    for (found, expected) in try zip(network.checkpoint.float32Values(average), numbers) {
      #expect(abs(found - Float(expected)) < 1e-6)
    }
  }

  @Test("another seed is refused once steps were taken")
  func otherSeed() async throws {
    let seed = try await denoiserRun().configuration.diffusionTraining.stage.seed
    var resumed = try fixture.resumed("run")
    resumed.configuration.diffusionTraining.stage.steps = 4
    resumed.configuration.diffusionTraining.stage.seed = seed + 1
    let refused = await #expect(throws: TrainingError.self) { try await resumed.run() }
    #expect(refused?.problem == .otherSeed(known: seed))
  }

  @Test("a run goes on with the cache that it was begun with")
  func knownCache() async throws {
    _ = try await denoiserRun()
    let elsewhere = fixture.folder.path("elsewhere")
    let resumed = try TrainingJob(
      resuming: fixture.folder.path("run"), cacheFolder: elsewhere)
    #expect(resumed.cacheFolder == fixture.cache)
  }

  @Test("latents are kept once, whichever way the path of the videos is written")
  func oneCache() async throws {
    let (configuration, _) = try await denoiserRun()
    let latents = fixture.cache + "/latents"
    let folders = try FileManager.default.contentsOfDirectory(atPath: latents)
    var other = fixture.job(.diffusion, configuration, to: "other")
    other.dataPath = fixture.folder.path("cache/../skies/")
    _ = try await other.run()
    #expect(folders.count == 1)
    #expect(try FileManager.default.contentsOfDirectory(atPath: latents) == folders)
  }
}
