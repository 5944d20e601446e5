import CheckpointIO
import Foundation
import InspectionKit
import MediaIO
import RunKit
import Synchronization
import TensorCore
import TestSupport
import Testing
import TrainingData
import TrainingKit
import VideoDiffusion

/// What a training run learns and leaves behind.
@Suite(.timeLimit(.minutes(20)))
struct TrainingRunTests {
  private let fixture: TrainingFixture

  init() async throws { fixture = try await TrainingFixture() }

  @Test("two clips are learnt to 35 dB")
  func overfits() async throws {
    // Two videos with exactly one clip each, which are also measured on.
    let recipe = SkyRecipe(clips: 2, seed: 124, size: 32, frames: 16, testShare: 0)
    _ = try await SkyDatasetWriter(
      recipe, to: fixture.folder.path("two"), overwrites: false
    ).write(threadCount: 2)
    var configuration = TrainingFixture.configuration(.autoencoder, steps: 600)
    configuration.autoencoder.width = 64
    configuration.autoencoder.projectionHiddenWidth = 64
    configuration.autoencoderTraining.stage.checkpointInterval = 600
    configuration.autoencoderTraining.stage.logInterval = 100
    var job = fixture.job(.autoencoder, configuration, to: "overfit")
    job.dataPath = fixture.folder.path("two")
    let outcome = try await job.run()
    #expect(outcome.isComplete)
    let summary = try TrainingRunSummary(contentsOf: job.runFolder)
    let psnr = try #require(summary.scores.last?["psnr"])
    #expect(psnr >= 35, "\(psnr) dB")
    let notes = try String(contentsOfFile: job.runFolder + "/log.txt", encoding: .utf8)
    #expect(notes.contains("no video is held out"))
  }

  @Test("the second stage's folder is a model, with the authors' names in both files")
  func folderIsModel() async throws {
    try await fixture.makeAutoencoder()
    let configuration = TrainingFixture.configuration(.diffusion, steps: 2)
    _ = try await fixture.job(.diffusion, configuration, to: "run").run()
    let model = try ModelFiles(model: fixture.folder.path("run"))
    let denoiser = try #require(model.denoiser)
    let autoencoder = try #require(model.autoencoder)
    #expect(denoiser.network == .denoiser(configuration.denoiser))
    #expect(
      Set(denoiser.dictionary.tensors.map(\.name))
        == Set(configuration.denoiser.parameters.map(\.name)))
    #expect(
      Set(autoencoder.dictionary.tensors.map(\.name))
        == Set(configuration.autoencoder.parameters.map(\.name)))
    let engine = try VideoEngine(threadCount: 1)
    try await engine.load(autoencoder)
    try await engine.load(denoiser)
    let video = try Video.read(fixture.folder.path("run/samples/step-00000002.mp4"))
    // Four videos side by side, each 32 wide with gutters of 2, four times as large.
    #expect(video.frames.count == 32 && video.frames[0].width == 4 * (4 * 32 + 3 * 2))
  }

  @Test("the losses of changes count by their factors and have columns of their own")
  func changes() async throws {
    var configuration = TrainingFixture.configuration(.autoencoder, steps: 1)
    configuration.autoencoderTraining.weights.gradientDifference = 3
    configuration.autoencoderTraining.weights.temporalDifference = 2
    let job = fixture.job(.autoencoder, configuration, to: "run")
    _ = try await job.run()
    let step = try #require(TrainingRunSummary(contentsOf: job.runFolder).metrics.last)
    let absolute = try #require(step["l1"])
    let difference = try #require(step["gradient_difference"])
    let motion = try #require(step["temporal_difference"])
    #expect(difference > 0 && motion > 0)
    let sum = try #require(step["loss"])
    #expect(abs(4 * absolute + 3 * difference + 2 * motion - sum) < 1e-5)
  }

  @Test("noise on the planes costs the reconstruction, and their square counts by its factor")
  func planes() async throws {
    func losses(_ run: String, noise: Double) async throws -> TrainingRunSummary.Row {
      var configuration = TrainingFixture.configuration(.autoencoder, steps: 1)
      configuration.autoencoderTraining.latentNoise = noise
      configuration.autoencoderTraining.weights.latentL2 = 2
      let job = fixture.job(.autoencoder, configuration, to: run)
      _ = try await job.run()
      return try #require(TrainingRunSummary(contentsOf: job.runFolder).metrics.last)
    }
    let plain = try await losses("plain", noise: 0)
    let noisy = try await losses("noisy", noise: 1)
    let square = try #require(plain["plane_square"])
    // The first step sees the same planes; what is read back from them is not the same.
    #expect(square > 0 && noisy["plane_square"] == square && noisy["l1"] != plain["l1"])
    for row in [plain, noisy] {
      let (sum, absolute) = (try #require(row["loss"]), try #require(row["l1"]))
      #expect(abs(4 * absolute + 2 * square - sum) < 1e-5)
    }
  }

  @Test("clips of another length than 16 frames are learnt, made and read back")
  func otherLength() async throws {
    var first = TrainingFixture.configuration(.autoencoder, steps: 1)
    first.autoencoder.frames = 8
    let outcome = try await fixture.job(.autoencoder, first, to: "eight").run()
    var job = fixture.job(
      .diffusion, TrainingFixture.configuration(.diffusion, steps: 1), to: "run")
    job.autoencoderPath = outcome.weights
    _ = try await job.run()
    let file = try NetworkFile(path: job.runFolder + "/denoiser.safetensors")
    guard case .denoiser(let configuration) = file.network else {
      Issue.record("no denoiser")
      return
    }
    #expect(configuration.geometry == PlaneGeometry(side: 4, frames: 8))
  }

  @Test("weights say that they are a moving average, and both networks of a state can be taken out")
  func bothNetworksOfAState() async throws {
    try await fixture.makeAutoencoder()
    var configuration = TrainingFixture.configuration(.diffusion, steps: 2)
    configuration.denoiser.headWidth = 16
    configuration.diffusionTraining.hasPlaneCodes = true
    let outcome = try await fixture.job(.diffusion, configuration, to: "run").run()
    let averaged = try NetworkFile(path: outcome.weights)
    #expect(averaged.weightKind == .average && averaged.trainedSteps == 2)
    let autoencoder = try NetworkFile(path: fixture.folder.path("autoencoder.safetensors"))
    #expect(autoencoder.weightKind == .raw && autoencoder.trainedSteps == 2)

    let state = try #require(outcome.checkpoint)
    #expect(throws: ModelError.self) { try NetworkFile(path: state) }
    #expect(try Inspection(of: state).kind == .state)
    let run = try Inspection(of: fixture.folder.path("run"))
    #expect(run.kind == .training && run.training?.finishedSteps == 2 && run.model != nil)
    // A search finds the run's model, and not its states.
    let found = try ModelLibrary(
      places: [.init(path: fixture.folder.path("run"), depth: 3)]
    ).entries()
    #expect(found.map(\.path) == [fixture.folder.path("run")])

    for (wrapper, kind) in [
      ("network.average", WeightKind.average), ("network.parameters", .raw),
    ] {
      let file = try NetworkFile(path: state, wrapper: wrapper)
      #expect(file.weightKind == kind && file.trainedSteps == 2)
      #expect(file.network == averaged.network)
      let path = fixture.folder.path("out/\(kind.rawValue).safetensors")
      try CheckpointConversion(file).write(to: path)
      let written = try NetworkFile(path: path)
      #expect(written.network == averaged.network && written.weightKind == kind)
      let network = try written.loadDenoiser(
        ComputeContext(threadCount: 1), elementType: .float32)
      #expect(network.noCondition == .planeCodes(configuration.denoiser.geometry))
      let name = "out.2.weight"
      let isSame = try written.values(name) == averaged.values(name)
      #expect(isSame == (kind == .average))
    }
    #expect(throws: ModelError.self) { try NetworkFile(path: state, wrapper: "network") }
  }

  @Test("a denoiser without conditions is trained and shown without them")
  func unconditional() async throws {
    try await fixture.makeAutoencoder()
    var configuration = TrainingFixture.configuration(.diffusion, steps: 2)
    configuration.denoiser.isConditional = false
    configuration.diffusionTraining.conditionalShare = 1
    let job = fixture.job(.diffusion, configuration, to: "run")
    #expect(try await job.run().isComplete)
  }

  @Test("caches of latents at different strides lie side by side")
  func strides() async throws {
    try await fixture.makeAutoencoder()
    for stride in [4, 8] {
      var configuration = TrainingFixture.configuration(.diffusion, steps: 1)
      configuration.diffusionTraining.latentStride = stride
      _ = try await fixture.job(.diffusion, configuration, to: "stride-\(stride)").run()
    }
    let folders = try FileManager.default.contentsOfDirectory(atPath: fixture.cache + "/latents")
    #expect(folders.count == 2)
  }

  @Test("the phase with discriminators goes on from the first phase and can be stopped")
  func secondPhase() async throws {
    let first = try await fixture.job(
      .autoencoder, TrainingFixture.configuration(.autoencoder, steps: 2), to: "first"
    ).run()
    // In step 6 the discriminators use the moments that the checkpoint after step 2 restored, and in
    // step 7 the autoencoder learns against what came of it.
    var configuration = TrainingFixture.configuration(.autoencoder, steps: 7)
    configuration.autoencoderTraining.usesDiscriminators = true
    configuration.autoencoderTraining.stage.decay = .cosine
    var job = fixture.job(.autoencoder, configuration, to: "whole")
    await #expect(throws: TrainingError.self) { _ = try await job.run() }
    job.initialPath = first.weights
    _ = try await job.run()
    let table = try TrainingRunSummary(contentsOf: job.runFolder).metrics
    #expect(table.map { $0["loss"] != nil } == [true, false, true, false, true, false, true])
    #expect(
      table.map { $0["clip_hinge"] != nil } == [false, true, false, true, false, true, false])

    job.runFolder = fixture.folder.path("parts")
    try await job.run(until: 2)
    _ = try await TrainingJob(resuming: job.runFolder, cacheFolder: fixture.cache).run()
    #expect(
      fixture.bytes("whole", "autoencoder.safetensors")
        == fixture.bytes("parts", "autoencoder.safetensors"))
  }

  @Test("old checkpoints go, the last ones stay")
  func retention() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 7)
    let outcome = try await fixture.job(.autoencoder, configuration, to: "run").run()
    let names = try FileManager.default.contentsOfDirectory(
      atPath: fixture.folder.path("run/checkpoints")
    ).sorted()
    #expect(names == ["step-00000006.safetensors", "step-00000007.safetensors"])
    #expect(outcome.checkpoint?.hasSuffix("step-00000007.safetensors") == true)
  }
}
