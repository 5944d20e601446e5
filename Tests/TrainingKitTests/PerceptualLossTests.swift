import CheckpointIO
import Foundation
import MessagePassing
import RunKit
import Synchronization
import TestSupport
import Testing
import TrainingKit
import VideoDiffusion

/// The perceptual loss of the first stage: where its weights come from, and that a run keeps them.
struct PerceptualLossTests {
  private let fixture: TrainingFixture
  private let weights: String
  private let features: String

  init() async throws {
    fixture = try await TrainingFixture()
    weights = fixture.folder.path("vgg.safetensors")
    features = fixture.folder.path("vgg16.safetensors")
    try FormulaWeights.perceptualChannels.write(to: weights) { _, values in
      values = values.map(abs)
    }
    try FormulaWeights.vgg16.write(to: features)
  }

  private func job(to run: String, steps: Int = 1) -> TrainingJob {
    var job = fixture.job(
      .autoencoder, TrainingFixture.configuration(.autoencoder, steps: steps), to: run)
    job.perceptualWeights = weights
    job.perceptualFeatures = features
    return job
  }

  @Test("the perceptual loss is part of the whole where weights are given, and its want said once")
  func partOfTheLoss() async throws {
    let notes = Mutex<[String]>([])
    let without = fixture.job(
      .autoencoder, TrainingFixture.configuration(.autoencoder, steps: 1), to: "without")
    _ = try await without.run { event in
      if case .notes(let new) = event { notes.withLock { $0 += new } }
    }
    #expect(notes.withLock { $0.filter { $0.contains("pvdm weights fetch lpips") }.count } == 1)

    let job = job(to: "with")
    _ = try await job.run()
    let row = try #require(try TrainingRunSummary(contentsOf: job.runFolder).metrics.first)
    let (loss, absolute, perceptual) = (row["loss"], row["l1"], row["lpips"])
    let whole = 4 * (absolute ?? 0) + 4 * (perceptual ?? 0)
    #expect((perceptual ?? 0) > 0 && abs((loss ?? 0) - whole) < 1e-4 * whole)
  }

  @Test(
    "a new run takes the weights that were fetched where it has a use for them and none are named")
  func fetchedWeights() throws {
    let library = WeightLibrary(folder: fixture.folder.path("weights"))
    func taken(
      _ stage: TrainingStage = .autoencoder, named: String? = nil,
      _ change: (inout TrainingConfiguration) -> Void = { _ in }
    ) -> String? {
      var configuration = TrainingFixture.configuration(stage, steps: 1)
      change(&configuration)
      var job = fixture.job(stage, configuration, to: "run")
      job.perceptualWeights = named
      job.takeFetchedWeights(from: library)
      return job.perceptualWeights
    }
    #expect(taken() == nil)
    try FileManager.default.createDirectory(
      atPath: library.folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: weights, toPath: library.path(of: .lpips))
    #expect(taken() == library.path(of: .lpips))
    #expect(taken(named: weights) == weights)
    #expect(taken(.diffusion) == nil)
    #expect(taken { $0.autoencoderTraining.weights.perceptual = 0 } == nil)
    #expect(taken { $0.autoencoder.resolution = 24 } == nil)

    var resumed = fixture.job(
      .autoencoder, TrainingFixture.configuration(.autoencoder, steps: 1), to: "run")
    resumed.resumes = true
    resumed.takeFetchedWeights(from: library)
    #expect(resumed.perceptualWeights == nil)
  }

  @Test("what a training will learn by is told beforehand")
  func preparation() throws {
    let library = WeightLibrary(folder: fixture.folder.path("weights"))
    let request = TrainingRequest(name: "run", configuration: "tiny", dataPath: fixture.data)
    func notes() -> [String] {
      TrainingPreparation(request, runs: [], cacheFolder: fixture.cache, weights: library).notes
    }
    #expect(notes().contains { $0.contains("pvdm weights fetch lpips") })
    try FileManager.default.createDirectory(
      atPath: library.folder, withIntermediateDirectories: true)
    try FileManager.default.copyItem(atPath: weights, toPath: library.path(of: .lpips))
    #expect(notes().contains { $0.contains(library.path(of: .lpips)) })
    #expect(!notes().contains { $0.contains("fetch lpips") })
  }

  @Test("a run does not go on with other weights, or without a file of them")
  func otherWeights() async throws {
    try await job(to: "run", steps: 3).run(until: 1)
    try FormulaWeights.perceptualChannels.write(to: weights) { _, values in
      values = values.map { abs($0) / 2 }
    }
    let changed = await #expect(throws: TrainingError.self) {
      try await fixture.resumed("run").run()
    }
    #expect(changed?.problem == .perceptualWeightsChanged(path: weights))
    try FileManager.default.removeItem(atPath: features)
    await #expect(throws: EvaluationError.noPerceptualWeights(path: features)) {
      try await fixture.resumed("run").run()
    }
  }

  @Test("ranks that learn by other losses than the first are refused")
  func ranksDiffer() async throws {
    var settings = TrainingFixture.configuration(.autoencoder, steps: 1)
    settings.autoencoderTraining.stage.batch = 2
    var job = job(to: "run")
    job.configuration = settings
    let (shared, weights, features) = (job, weights, features)
    let error = await #expect(throws: TrainingError.self) {
      _ = try await amongRanks(2) { ranks in
        var job = shared
        job.ranks = ranks
        job.perceptualWeights = ranks.rank == 0 ? weights : nil
        job.perceptualFeatures = ranks.rank == 0 ? features : nil
        return try await job.run()
      }
    }
    #expect(error?.problem == .otherRank(rank: 1, what: "other losses"))
  }
}
