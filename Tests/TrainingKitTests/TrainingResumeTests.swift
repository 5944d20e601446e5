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

/// That a training which stops or is killed goes on as if it never had been.
@Suite(.timeLimit(.minutes(20)))
struct TrainingResumeTests {
  private let fixture: TrainingFixture

  init() async throws { fixture = try await TrainingFixture() }

  @Test(
    "a run that is stopped and goes on gives the weights of one never stopped",
    arguments: [(step: 1, threads: 1), (step: 3, threads: 2)])
  func resumesAutoencoder(stopAfter: Int, threads: Int) async throws {
    var configuration = TrainingFixture.configuration(.autoencoder, steps: 6)
    configuration.autoencoderTraining.latentNoise = 0.1
    configuration.autoencoderTraining.weights.latentL2 = 0.01
    func job(_ run: String) -> TrainingJob {
      var job = fixture.job(.autoencoder, configuration, to: run)
      job.threadCount = threads
      return job
    }
    _ = try await job("whole").run()
    let part = try await job("parts").run(until: stopAfter)
    #expect(part.step == stopAfter && !part.isComplete)
    let rest = try await fixture.resumed("parts").run()
    #expect(rest.isComplete)
    #expect(
      fixture.bytes("whole", "autoencoder.safetensors")
        == fixture.bytes("parts", "autoencoder.safetensors"))
    #expect(try fixture.losses("whole") == fixture.losses("parts"))
  }

  @Test("a run whose samples were removed goes on, and makes its folder for them anew")
  func removedSamples() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    try await fixture.job(.autoencoder, configuration, to: "run").run(until: 1)
    let samples = fixture.folder.path("run/samples")
    try FileManager.default.removeItem(atPath: samples)
    #expect(try await fixture.resumed("run").run().isComplete)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: samples) == ["step-00000002.mp4"])
  }

  @Test(
    "the second stage goes on in the same way, with latents on disk and without",
    arguments: [true, false])
  func resumesDiffusion(cached: Bool) async throws {
    try await fixture.makeAutoencoder()
    var configuration = TrainingFixture.configuration(.diffusion, steps: 6)
    configuration.diffusionTraining.cachesLatents = cached
    configuration.diffusionTraining.conditionNoise = 0.1
    configuration.diffusionTraining.hasPlaneCodes = true
    configuration.diffusionTraining.stage.mirrors = true
    configuration.diffusionTraining.stage.accumulation = 2
    configuration.diffusionTraining.stage.averageInterval = 2
    _ = try await fixture.job(.diffusion, configuration, to: "whole").run()
    try await fixture.job(.diffusion, configuration, to: "parts")
      .run(until: 3)
    _ = try await fixture.resumed("parts").run()
    #expect(
      fixture.bytes("whole", "denoiser.safetensors")
        == fixture.bytes("parts", "denoiser.safetensors"))
    #expect(try fixture.losses("whole") == fixture.losses("parts"))
    let network = try NetworkFile(path: fixture.folder.path("parts/denoiser.safetensors"))
      .loadDenoiser(ComputeContext(threadCount: 1), elementType: .float32)
    #expect(network.noCondition == .planeCodes(configuration.denoiser.geometry))
  }

  @Test("a run that learns few steps goes on bit for bit, with the same teacher alone")
  func resumesDistillation() async throws {
    try await fixture.makeAutoencoder()
    var configuration = TrainingFixture.configuration(.diffusion, steps: 2)
    let teacher = try await fixture.job(.diffusion, configuration, to: "teacher").run().weights
    configuration.diffusionTraining.stage.steps = 4
    configuration.diffusionTraining.stage.sampleInterval = 4
    configuration.diffusionTraining.distilledSteps = 3
    configuration.diffusionTraining.teacherSteps = 2
    configuration.diffusionTraining.conditionalShare = 0.5
    func job(_ run: String) -> TrainingJob {
      var job = fixture.job(.diffusion, configuration, to: run)
      job.initialPath = teacher
      return job
    }
    let whole = try await job("whole").run()
    try await job("parts").run(until: 2)
    _ = try await fixture.resumed("parts").run()
    #expect(
      fixture.bytes("whole", "denoiser.safetensors")
        == fixture.bytes("parts", "denoiser.safetensors"))
    #expect(try fixture.losses("whole") == fixture.losses("parts"))
    #expect(try NetworkFile(path: whole.weights).distilledSteps == 3)
    let scores = try TrainingRunSummary(contentsOf: fixture.folder.path("whole")).scores
    #expect(try #require(scores.last?["validation_loss"]) > 0)

    var otherSteps = try fixture.resumed("parts")
    otherSteps.configuration.diffusionTraining.stage.steps = 5
    otherSteps.configuration.diffusionTraining.distilledSteps = 2
    let refused = await #expect(throws: TrainingError.self) { try await otherSteps.run() }
    #expect(refused?.problem == .otherSteps(known: 3))

    // Without a teacher, by a run's state, or by another one than before nothing is learnt.
    func problem(_ initial: String?, _ run: String) async throws -> TrainingError? {
      var job = job(run)
      job.initialPath = initial
      return await #expect(throws: TrainingError.self) { try await job.run() }
    }
    #expect(try await problem(nil, "none")?.problem == .noTeacher)
    let state = try #require(whole.checkpoint)
    #expect(try await problem(state, "state")?.problem == .teacherIsState(path: state))
    #expect(
      try await problem(whole.weights, "student")?.problem
        == .teacherIsDistilled(path: whole.weights))
    try await job("changed").run(until: 2)
    _ = try await fixture.job(
      .diffusion, TrainingFixture.configuration(.diffusion, steps: 3), to: "other"
    ).run()
    try FileManager.default.removeItem(atPath: teacher)
    try FileManager.default.copyItem(
      atPath: fixture.folder.path("other/denoiser.safetensors"), toPath: teacher)
    let changed = await #expect(throws: TrainingError.self) {
      try await fixture.resumed("changed").run()
    }
    #expect(changed?.problem == .teacherChanged(path: teacher))
  }

  @Test("a run that is complete is told so, and stays as it is; more steps let it go on")
  func complete() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    _ = try await fixture.job(.autoencoder, configuration, to: "run").run()
    let weights = fixture.bytes("run", "autoencoder.safetensors")
    let notes = Mutex<[String]>([])
    let again = try await fixture.resumed("run").run { event in
      if case .notes(let new) = event { notes.withLock { $0 += new } }
    }
    #expect(again.isComplete && again.step == 2)
    #expect(notes.withLock { $0.count == 1 && $0[0].contains("is complete") })
    #expect(fixture.bytes("run", "autoencoder.safetensors") == weights)
    var more = try fixture.resumed("run")
    more.configuration.autoencoderTraining.stage.steps = 3
    #expect(try await more.run().step == 3)
  }

  @Test("a run that was killed goes on from its checkpoint as if it never had been")
  func killed() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 6)
    _ = try await fixture.job(.autoencoder, configuration, to: "whole").run()
    let root = fixture.folder.url.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String] in
      let configuration = TrainingFixture.configuration(.autoencoder, steps: 6)
      _ = try await TrainingFixture.job(
        .autoencoder, configuration, in: root, to: root + "/parts"
      ).run { event in
        // After a step that no checkpoint has yet.
        if case .progress(let progress) = event, progress.step == 5 { kill(getpid(), SIGKILL) }
      }
    }
    let summary = try TrainingRunSummary(contentsOf: fixture.folder.path("parts"))
    #expect(summary.savedStep == 4 && summary.metrics.last?.step == 5 && !summary.isRunning)
    let rest = try await fixture.resumed("parts").run()
    #expect(rest.isComplete)
    #expect(
      fixture.bytes("whole", "autoencoder.safetensors")
        == fixture.bytes("parts", "autoencoder.safetensors"))
    #expect(try fixture.losses("whole") == fixture.losses("parts"))
  }

  @Test("a line of the log that a stop or a kill falls into is the same as without")
  func window() async throws {
    var configuration = TrainingFixture.configuration(.autoencoder, steps: 8)
    configuration.autoencoderTraining.stage.logInterval = 4
    _ = try await fixture.job(.autoencoder, configuration, to: "whole").run()
    let part = try await fixture.job(.autoencoder, configuration, to: "parts").run(until: 2)
    #expect(part.step == 2)
    #expect(try await fixture.resumed("parts").run(until: 6).step == 6)
    // As if the process had been killed: the newest checkpoint and all that came after the one before
    // are gone.
    try FileManager.default.removeItem(
      atPath: fixture.folder.path("parts/checkpoints/step-00000006.safetensors"))
    _ = try await fixture.resumed("parts").run()
    #expect(try fixture.losses("whole").map { $0[0] } == [4, 8])
    #expect(try fixture.losses("whole") == fixture.losses("parts"))
  }

  @Test("a run goes on with another's network and, from its folder or checkpoint, its optimiser")
  func continuedOptimizer() async throws {
    let before = try await fixture.job(
      .autoencoder, TrainingFixture.configuration(.autoencoder, steps: 2), to: "first"
    ).run()
    var configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    configuration.autoencoderTraining.usesDiscriminators = true
    var job = fixture.job(.autoencoder, configuration, to: "second")
    func optimizerSteps(from path: String?, _ run: String) async throws -> [String?] {
      job.initialPath = path
      job.runFolder = fixture.folder.path(run)
      let outcome = try await job.run()
      let state = try Checkpoint(contentsOf: #require(outcome.checkpoint))
      return ["network", "frame_discriminator", "clip_discriminator"].map {
        state.metadata["pvdm.steps.\($0)"]
      }
    }
    #expect(try await optimizerSteps(from: before.weights, "network") == ["1", "1", "1"])
    let first = fixture.folder.path("first")
    #expect(try await optimizerSteps(from: first, "folder") == ["3", "1", "1"])
    #expect(try await optimizerSteps(from: before.checkpoint, "checkpoint") == ["3", "1", "1"])
    let weights = ["network", "folder", "checkpoint"].map {
      fixture.bytes($0, "autoencoder.safetensors")
    }
    #expect(weights[1] == weights[2] && weights[0] != weights[1])

    // A denoiser goes on in the same way, its learning rate with the new run's steps.
    try fixture.makeAutoencoder(from: "first")
    var second = TrainingFixture.configuration(.diffusion, steps: 2)
    second.diffusionTraining.stage.warmUpSteps = 4
    var denoiser = fixture.job(.diffusion, second, to: "denoiser")
    let stopped = try await denoiser.run()
    denoiser.initialPath = fixture.folder.path("denoiser")
    denoiser.runFolder = fixture.folder.path("more")
    let more = try await denoiser.run()
    let state = try Checkpoint(contentsOf: #require(more.checkpoint))
    #expect(state.metadata["pvdm.steps.network"] == "4")
    #expect(state.metadata["pvdm.average_updates.network"] == "4")
    let rates = try TrainingRunSummary(contentsOf: denoiser.runFolder).metrics.map {
      $0["learning_rate"]
    }
    #expect(rates == [2.5e-4, 5e-4])
    #expect(stopped.step == 2)
  }

  @Test("a run that goes on with another loss keeps one table with a column for each")
  func newLoss() async throws {
    var configuration = TrainingFixture.configuration(.autoencoder, steps: 4)
    try await fixture.job(.autoencoder, configuration, to: "run")
      .run(until: 2)
    configuration.autoencoderTraining.weights.gradientDifference = 1
    var job = try fixture.resumed("run")
    job.configuration = configuration
    _ = try await job.run()
    let table = try TrainingRunSummary(contentsOf: job.runFolder).metrics
    #expect(table.map(\.step) == [1, 2, 3, 4])
    #expect(table.allSatisfy { $0["loss"] != nil && $0["learning_rate"] != nil })
    #expect(table.map { $0["gradient_difference"] != nil } == [false, false, true, true])
  }

  @Test("a run killed after its last checkpoint still gets its network and its scores")
  func killedAtTheEnd() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    let job = fixture.job(.autoencoder, configuration, to: "run")
    _ = try await job.run()
    let network = fixture.bytes("run", "autoencoder.safetensors")
    // As if the process had ended between the checkpoint and the network.
    try FileManager.default.removeItem(atPath: job.runFolder + "/autoencoder.safetensors")
    try Data("step,psnr\n".utf8).write(to: URL(filePath: job.runFolder + "/scores.csv"))
    let resumed = try TrainingJob(resuming: job.runFolder, cacheFolder: fixture.cache)
    #expect(try await resumed.run().isComplete)
    #expect(fixture.bytes("run", "autoencoder.safetensors") == network)
    #expect(try TrainingRunSummary(contentsOf: job.runFolder).scores.map(\.step) == [2])
  }

  @Test("a run of an older version keeps what it did before a setting came")
  func olderRun() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    let job = fixture.job(.autoencoder, configuration, to: "run")
    try await job.run(until: 1)
    let file = job.runFolder + "/config.toml"
    let lines = try String(contentsOfFile: file, encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
    let older = lines.filter { !$0.hasPrefix("average_interval") }
    #expect(older.count == lines.count - 2)
    try Data(older.joined(separator: "\n").utf8).write(to: URL(filePath: file))
    let resumed = try TrainingJob(resuming: job.runFolder, cacheFolder: fixture.cache)
    #expect(resumed.configuration == configuration)
    #expect(try await resumed.run().isComplete)
  }

  @Test("what a resumed run is given holds for the next time")
  func resumedOptions() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 4)
    try await fixture.job(.autoencoder, configuration, to: "run")
      .run(until: 1)
    let folder = fixture.folder.path("run")
    let created = try TrainingRunSummary(contentsOf: folder).record.created
    var resumed = try TrainingJob(resuming: folder, cacheFolder: fixture.cache)
    resumed.threadCount = 2
    try await resumed.run(until: 2)
    let record = try TrainingRunSummary(contentsOf: folder).record
    #expect(record.threads == min(2, ProcessInfo.processInfo.activeProcessorCount))
    #expect(record.created == created)
  }
}
