import CheckpointIO
import Foundation
import MessagePassing
import TestSupport
import Testing
import TrainingKit
import VideoDiffusion

/// Runs that several ranks do together: the same clips as one has, one folder, the same end for all.
@Suite("Runs by several ranks", .timeLimit(.minutes(20)))
struct RankedRunTests {
  private let fixture: TrainingFixture

  init() async throws { fixture = try await TrainingFixture() }

  /// Lets ranks do a run.
  private func together(
    _ count: Int, _ job: TrainingJob, stopAfter step: Int? = nil
  ) async throws -> [TrainingOutcome] {
    try await amongRanks(count) { ranks in
      var job = job
      job.ranks = ranks
      // Only the first hears of events; the others learn of the wish from it.
      guard let step else { return try await job.run() }
      return try await job.run(until: step)
    }
  }

  private func resumed(_ run: String) throws -> TrainingJob {
    try TrainingJob(resuming: fixture.folder.path(run), cacheFolder: fixture.cache)
  }

  private func configuration(
    _ stage: TrainingStage, batch: Int, accumulation: Int, steps: Int = 3
  ) -> TrainingConfiguration {
    var configuration = TrainingFixture.configuration(stage, steps: steps)
    configuration[stage].batch = batch
    configuration[stage].accumulation = accumulation
    configuration.autoencoderTraining.latentNoise = 0.1
    configuration.diffusionTraining.conditionNoise = 0.1
    configuration.diffusionTraining.conditionalShare = 0.5
    return configuration
  }

  @Test("the autoencoder's first step has the clips of one alone, however they are divided")
  func autoencoderClips() async throws {
    let settings = configuration(.autoencoder, batch: 2, accumulation: 2, steps: 2)
    _ = try await fixture.job(.autoencoder, settings, to: "alone").run()
    let alone = try fixture.losses("alone")
    for count in [1, 2, 4] {
      let outcomes = try await together(
        count, fixture.job(.autoencoder, settings, to: "ranks-\(count)"))
      #expect(outcomes.allSatisfy { $0.isComplete && $0.step == 2 })
      let losses = try fixture.losses("ranks-\(count)")
      // What is measured before the first sum over ranks; of a divided batch, means are taken of parts.
      if count < 4 { #expect(losses[0][1] == alone[0][1] && losses[0][2] == alone[0][2]) }
      let (found, expected) = (try #require(losses[1][1]), try #require(alone[1][1]))
      #expect(abs(found - expected) < 1e-5 * expected)
    }
    #expect(
      fixture.bytes("ranks-1", "autoencoder.safetensors")
        == fixture.bytes("alone", "autoencoder.safetensors"))
    let log = try #require(fixture.bytes("ranks-2", "log.txt"))
    #expect(String(decoding: log, as: UTF8.self).contains("2 ranks train together"))
  }

  @Test(
    "the denoiser's steps have the pairs of one alone, with latents on disk and without",
    arguments: [true, false])
  func denoiserPairs(cached: Bool) async throws {
    try await fixture.makeAutoencoder()
    var settings = configuration(.diffusion, batch: 2, accumulation: 2, steps: 3)
    settings.diffusionTraining.cachesLatents = cached
    settings.diffusionTraining.stage.mirrors = true
    _ = try await fixture.job(.diffusion, settings, to: "alone").run()
    let alone = try fixture.losses("alone")
    for count in [2, 4] {
      var job = fixture.job(.diffusion, settings, to: "ranks-\(count)")
      // Latents that ranks divide among them, not those that are there.
      job.cacheFolder = fixture.folder.path("cache-\(count)")
      _ = try await together(count, job)
      let losses = try fixture.losses("ranks-\(count)")
      if count == 2 { #expect(losses[0][1] == alone[0][1]) }
      for (found, expected) in zip(losses, alone) {
        let (found, expected) = (try #require(found[1]), try #require(expected[1]))
        #expect(abs(found - expected) < 1e-5 * expected, "\(count) ranks")
      }
    }
  }

  @Test(
    "a run of two ranks that is stopped and goes on gives the bits of one never stopped",
    arguments: TrainingStage.allCases)
  func resumes(stage: TrainingStage) async throws {
    if stage == .diffusion { try await fixture.makeAutoencoder() }
    let settings = configuration(stage, batch: 2, accumulation: 1, steps: 4)
    _ = try await together(2, fixture.job(stage, settings, to: "whole"))
    let part = try await together(2, fixture.job(stage, settings, to: "parts"), stopAfter: 1)
    #expect(part.allSatisfy { !$0.isComplete && $0.step == part[0].step })
    _ = try await together(2, resumed("parts"))
    let file = "\(stage.network.rawValue).safetensors"
    #expect(fixture.bytes("whole", file) == fixture.bytes("parts", file))
    #expect(try fixture.losses("whole") == fixture.losses("parts"))
  }

  @Test("the phase with discriminators goes on from a first phase by other ranks")
  func discriminators() async throws {
    var settings = configuration(.autoencoder, batch: 2, accumulation: 2, steps: 2)
    _ = try await fixture.job(.autoencoder, settings, to: "first").run()
    settings.autoencoderTraining.usesDiscriminators = true
    settings.autoencoderTraining.stage.steps = 4
    for run in ["whole", "again"] {
      var job = fixture.job(.autoencoder, settings, to: run)
      job.initialPath = fixture.folder.path("first")
      _ = try await together(2, job)
    }
    #expect(
      fixture.bytes("whole", "autoencoder.safetensors")
        == fixture.bytes("again", "autoencoder.safetensors"))
    let metrics = try TrainingRunSummary(contentsOf: fixture.folder.path("whole")).metrics
    #expect(metrics.contains { $0["discriminator"] != nil })
  }

  @Test("clips that cannot be divided among ranks are refused, with what would do")
  func refusesShares() async throws {
    let uneven = configuration(.autoencoder, batch: 3, accumulation: 1)
    await #expect(throws: TrainingError.self) {
      _ = try await together(2, fixture.job(.autoencoder, uneven, to: "uneven"))
    }
    var divided = configuration(.autoencoder, batch: 2, accumulation: 1)
    _ = try await fixture.job(.autoencoder, divided, to: "first").run()
    divided.autoencoderTraining.usesDiscriminators = true
    var job = fixture.job(.autoencoder, divided, to: "divided")
    job.initialPath = fixture.folder.path("first")
    let refused = job
    let error = await #expect(throws: TrainingError.self) { _ = try await together(2, refused) }
    #expect(
      error?.problem
        == .cannotShare(ranks: 2, batch: 2, accumulation: 1, needsWholeBatches: true))
  }

  @Test("ranks with other settings or videos than the first are refused")
  func refusesOthers() async throws {
    let settings = configuration(.autoencoder, batch: 2, accumulation: 1)
    let job = fixture.job(.autoencoder, settings, to: "run")
    let error = await #expect(throws: TrainingError.self) {
      _ = try await amongRanks(2) { ranks in
        var job = job
        job.ranks = ranks
        if ranks.rank == 1 { job.configuration.autoencoderTraining.stage.learningRate = 0.5 }
        return try await job.run()
      }
    }
    #expect(error?.problem == .otherRank(rank: 1, what: "other settings"))
  }

  @Test("a fault of one rank ends the others")
  func endsTogether() async throws {
    let settings = configuration(.autoencoder, batch: 2, accumulation: 1, steps: 1000)
    let job = fixture.job(.autoencoder, settings, to: "run")
    struct Fault: Error {}
    await #expect(throws: Fault.self) {
      _ = try await amongRanks(2) { ranks in
        if ranks.rank == 1 { throw Fault() }
        var job = job
        job.ranks = ranks
        return try await job.run()
      }
    }
  }

  @Test("a run goes on under the configuration that it has, and under no other")
  func namedConfiguration() async throws {
    let settings = TrainingFixture.configuration(.autoencoder, steps: 1)
    let job = fixture.job(.autoencoder, settings, to: "run")
    try job.checkSettings(of: settings, changing: ["steps=9"])
    var other = settings
    other.denoiser.baseWidth = 64
    try job.checkSettings(of: other, changing: [])
    other.autoencoderTraining.stage.batch += 1
    #expect(throws: TrainingError.self) { try job.checkSettings(of: other, changing: []) }
    try job.checkSettings(of: other, changing: ["batch=5"])
  }
}
