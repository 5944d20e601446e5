import CheckpointIO
import Foundation
import StudioKit
import Synchronization
import TestSupport
import Testing
import TrainingData
import VideoDiffusion

/// What may go wrong in a training, what is said about it, and that nothing is lost.
@Suite(.timeLimit(.minutes(5)))
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

  @Test("numbers that overflow end the run with its last good checkpoint named")
  func overflow() async throws {
    var configuration = TrainingFixture.configuration(.autoencoder, steps: 40)
    let stop = StopAfter(step: 2)
    _ = try await fixture.job(.autoencoder, configuration, to: "run")
      .run(stop: stop.signal) { stop.note($0) }
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
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 6)
    _ = try await fixture.job(
      .autoencoder, TrainingFixture.configuration(.autoencoder, steps: 1), to: "before"
    ).run()
    // Damaged behind the back of the index, which knows the video by its size and date.
    let path = fixture.data + "/train/sky00001.mkv"
    var status = stat()
    try #require(stat(path, &status) == 0)
    try Data(count: Int(status.st_size)).write(to: URL(filePath: path))
    var times = [status.st_atim, status.st_mtim]
    try #require(utimensat(AT_FDCWD, path, &times, 0) == 0)
    let notes = Mutex<[String]>([])
    let skipped = Mutex(0)
    let outcome = try await fixture.job(.autoencoder, configuration, to: "run").run { event in
      if case .notes(let new) = event { notes.withLock { $0 += new } }
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
    #expect(
      await problem(try TrainingJob(resuming: job.runFolder, cacheFolder: fixture.cache))
        == .complete(steps: 2))
    let foreign = fixture.job(.autoencoder, configuration, to: "skies")
    #expect(await problem(foreign) == .foreign("skies.json"))
    #expect(throws: TrainingError.self) {
      try TrainingJob(resuming: fixture.folder.path("nowhere"))
    }
  }

  @Test("a second process is kept out while a run is at work")
  func lock() async throws {
    let configuration = TrainingFixture.configuration(.autoencoder, steps: 3)
    let job = fixture.job(.autoencoder, configuration, to: "run")
    let wasSeen = Mutex(false)
    _ = try await job.run { event in
      guard case .began = event else { return }
      let summary = try? TrainingRunSummary(contentsOf: job.runFolder)
      wasSeen.withLock { $0 = summary?.isRunning ?? false }
    }
    #expect(wasSeen.withLock { $0 })
    #expect(try !TrainingRunSummary(contentsOf: job.runFolder).isRunning)
  }

  @Test("a damaged checkpoint, description or other autoencoder is refused by name")
  func damagedRuns() async throws {
    try await fixture.makeAutoencoder()
    let configuration = TrainingFixture.configuration(.diffusion, steps: 8)
    let stop = StopAfter(step: 2)
    let job = fixture.job(.diffusion, configuration, to: "run")
    _ = try await job.run(stop: stop.signal) { stop.note($0) }
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
