import CheckpointIO
import Foundation
import RunKit
import Synchronization
import TestSupport
import Testing
import TrainingData
import TrainingKit
import VideoDiffusion

/// What may go wrong in a training, what is said about it, and that nothing is lost.
@Suite(.timeLimit(.minutes(20)))
struct TrainingFaultTests {
  private let fixture: TrainingFixture

  init() async throws { fixture = try await TrainingFixture() }

  private func problem(_ job: TrainingJob) async -> TrainingError.Problem? {
    do {
      _ = try await job.run()
      return nil
    } catch {
      return (error as? TrainingError)?.problem
    }
  }

  /// Damages a video behind the back of the index, which knows it by its size and date.
  private static func damage(_ path: String) throws {
    var status = stat()
    try #require(stat(path, &status) == 0)
    try Data(count: Int(status.st_size)).write(to: URL(filePath: path))
    var times = [status.st_atim, status.st_mtim]
    try #require(utimensat(AT_FDCWD, path, &times, 0) == 0)
  }

  @Test("numbers that overflow end the run with its last good checkpoint named")
  func overflow() async throws {
    var configuration = TrainingFixture.configuration(.autoencoder, steps: 40)
    try await fixture.job(.autoencoder, configuration, to: "run")
      .run(until: 2)
    let good = try TrainingRunSummary(contentsOf: fixture.folder.path("run")).savedStep
    configuration.autoencoderTraining.stage.learningRate = 1e30
    var job = try TrainingJob(
      resuming: fixture.folder.path("run"), cacheFolder: fixture.cache)
    job.configuration = configuration
    let problem = await problem(job)
    guard case .notFinite(let step, let checkpoint?) = problem else {
      Issue.record("\(String(describing: problem))")
      return
    }
    #expect(step > good)
    let explanation = Explanation(
      TrainingError(job.runFolder, .notFinite(step: step, checkpoint: checkpoint)))
    #expect(explanation.text.contains(checkpoint) && explanation.text.contains("learning_rate"))
    // What is named can be read: strict loading would refuse numbers that are not finite.
    #expect(try !Checkpoint(contentsOf: checkpoint).tensors.isEmpty)
  }

  @Test("a video that cannot be decoded is named, counted and passed over")
  func brokenVideo() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 30)
    let video = fixture.data + "/train/sky00001.mkv"
    let notes = Mutex<[String]>([])
    let skipped = Mutex(0)
    let outcome = try await fixture.job(.autoencoder, configuration, to: "run").run { event in
      if case .notes(let new) = event { notes.withLock { $0 += new } }
      // The set was looked at by now, so that only reading can tell.
      if case .began = event { try? Self.damage(video) }
      if case .progress(let progress) = event {
        skipped.withLock { $0 = progress.skippedClips }
      }
    }
    #expect(outcome.isComplete && skipped.withLock { $0 } > 0)
    #expect(notes.withLock { $0.filter { $0.contains("skipped train/sky00001.mkv") } }.count == 1)
  }

  @Test("a folder that holds a run, or anything else, is not written to")
  func occupiedFolders() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 2)
    let job = fixture.job(.autoencoder, configuration, to: "run")
    _ = try await job.run()
    #expect(await problem(job) == .exists(step: 2))
    let foreign = fixture.job(.autoencoder, configuration, to: "skies")
    #expect(await problem(foreign) == .foreign("skies.json"))
    #expect(throws: TrainingError.self) {
      try TrainingJob(resuming: fixture.folder.path("nowhere"))
    }
  }

  @Test("a second process is kept out while a run is at work")
  func lock() async throws {
    // Many more steps than the second process needs to be refused.
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 100_000)
    let job = fixture.job(.autoencoder, configuration, to: "run")
    let wasSeen = Mutex(false)
    let stop = StopSignal()
    let began = AsyncStream.makeStream(of: Void.self)
    async let first = job.run(stop: stop) { event in
      guard case .began = event else { return }
      let summary = try? TrainingRunSummary(contentsOf: job.runFolder)
      wasSeen.withLock { $0 = summary?.isRunning ?? false }
      began.continuation.finish()
    }
    for await _ in began.stream {}
    let second = try TrainingJob(resuming: job.runFolder, cacheFolder: fixture.cache)
    guard case .inUse(let holder)? = await problem(second) else {
      Issue.record("the second is not refused for the first")
      return
    }
    #expect(holder?.process == getpid() && holder?.host.isEmpty == false)
    stop.requestStop(.afterStep)
    _ = try await first
    #expect(wasSeen.withLock { $0 })
    #expect(try !TrainingRunSummary(contentsOf: job.runFolder).isRunning)
  }

  @Test("a folder whose run was killed before it was described is taken over, another's is not")
  func abandoned() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 4)
    let job = fixture.job(.autoencoder, configuration, to: "run")
    try await job.run(until: 2)
    for name in try FileManager.default.contentsOfDirectory(atPath: job.runFolder)
    where name != "config.toml" {
      try FileManager.default.removeItem(atPath: job.runFolder + "/" + name)
    }
    let partial = job.runFolder + "/.run.json.a1b2.partial"
    try Data("{".utf8).write(to: URL(filePath: partial))
    try await job.run(until: 2)
    #expect(try TrainingRunSummary(contentsOf: job.runFolder).savedStep == 2)
    #expect(!FileManager.default.fileExists(atPath: partial))

    try FileManager.default.removeItem(atPath: job.runFolder)
    try FileManager.default.createDirectory(
      atPath: job.runFolder, withIntermediateDirectories: true)
    try Data("# mine".utf8).write(to: URL(filePath: job.runFolder + "/config.toml"))
    #expect(await problem(job) == .foreign("config.toml"))
  }

  @Test("a damaged checkpoint, description or other autoencoder is refused by name")
  func damagedRuns() async throws {
    try await fixture.makeAutoencoder()
    let configuration = TrainingFixture.configuration(.diffusion, steps: 8)
    let job = fixture.job(.diffusion, configuration, to: "run")
    try await job.run(until: 2)
    let resumed = try TrainingJob(resuming: job.runFolder, cacheFolder: fixture.cache)

    let other = fixture.folder.path("autoencoder.safetensors")
    let original = try Data(contentsOf: URL(filePath: other))
    var changed = original
    changed[changed.count - 1] ^= 1
    try changed.write(to: URL(filePath: other))
    #expect(await problem(resumed) == .autoencoderChanged(path: resumed.autoencoderPath ?? ""))
    try original.write(to: URL(filePath: other))

    let checkpoint = job.runFolder + "/checkpoints/step-00000002.safetensors"
    let state = try Data(contentsOf: URL(filePath: checkpoint))
    try state.prefix(state.count / 2).write(to: URL(filePath: checkpoint))
    await #expect(throws: CheckpointError.self) { _ = try await resumed.run() }
    try state.write(to: URL(filePath: checkpoint))

    let record = job.runFolder + "/run.json"
    try Data("{".utf8).write(to: URL(filePath: record))
    #expect(throws: TrainingError.self) {
      try TrainingJob(resuming: job.runFolder, cacheFolder: fixture.cache)
    }
  }

  @Test("what a stage needs and was not given is asked for")
  func missingParts() async throws {
    let configuration = TrainingFixture.configuration(.diffusion, steps: 2)
    var job = fixture.job(.diffusion, configuration, to: "run")
    job.autoencoderPath = nil
    #expect(await problem(job) == .noAutoencoder)
    var first = fixture.job(
      .autoencoder, TrainingFixture.configuration(.autoencoder, steps: 2), to: "second")
    first.dataPath = fixture.folder.path("nowhere")
    await #expect(throws: DatasetError.self) { _ = try await first.run() }
  }

  @Test("a broken held-out video is named, and others are measured on")
  func brokenHeldOutVideo() async throws {
    var recipe = SkyRecipe(clips: 4, seed: 3, size: 32, frames: 20, testShare: 0.5)
    recipe.format = .mkv
    let data = fixture.folder.path("two-held-out")
    _ = try await SkyDatasetWriter(recipe, to: data, overwrites: false).write(threadCount: 2)
    var job = fixture.job(
      .autoencoder, TrainingFixture.configuration(.autoencoder, steps: 1), to: "before")
    job.dataPath = data
    _ = try await job.run()
    let names = try FileManager.default.contentsOfDirectory(atPath: data + "/test").sorted()
    try Self.damage(data + "/test/" + names[0])
    let notes = Mutex<[String]>([])
    job.runFolder = fixture.folder.path("run")
    let outcome = try await job.run { event in
      if case .notes(let new) = event { notes.withLock { $0 += new } }
    }
    #expect(outcome.isComplete)
    #expect(notes.withLock { $0.contains { $0.contains("test/\(names[0])") } })
  }

  @Test("an autoencoder whose planes the denoiser cannot halve is refused before anything begins")
  func unfitAutoencoder() async throws {
    try await fixture.makeAutoencoder()
    var configuration = TrainingFixture.configuration(.diffusion, steps: 1)
    configuration.denoiser.widthMultipliers = [1, 1, 1, 1]
    let job = fixture.job(.diffusion, configuration, to: "run")
    await #expect(throws: TrainingConfigurationError.self) { _ = try await job.run() }
    #expect(!FileManager.default.fileExists(atPath: job.runFolder + "/run.json"))
  }

  @Test("a step whose gradient overflowed in one of two networks was not taken")
  func overflowOfOneNetwork() {
    #expect(TrainingStepResult.greatest([1, 3]) == 3)
    for norms in [[1, .nan], [.nan, 1], [.infinity, .nan, 2]] as [[Double]] {
      #expect(!TrainingStepResult.greatest(norms).isFinite)
    }
  }

  @Test("no checkpoint is taken after a loss out of the ordinary")
  func suspiciousLoss() {
    var watch = DivergenceWatch()
    for _ in 0..<300 { _ = watch.diverged(0.1) }
    #expect(!watch.isSuspicious)
    #expect(watch.diverged(2) == nil && watch.isSuspicious)
    #expect(watch.diverged(0.1) == nil && !watch.isSuspicious)
  }

  @Test("a learning that leaves for good is noticed")
  func divergence() {
    var watch = DivergenceWatch()
    var found: Double?
    for step in 0..<300 where found == nil { found = watch.diverged(1 / Double(step + 1)) }
    #expect(found == nil)
    for _ in 0..<2000 where found == nil { found = watch.diverged(1) }
    #expect(found.map { $0 < 0.05 } == true)
  }
}
