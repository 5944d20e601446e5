import Foundation
import KitTestSupport
import MediaIO
import RunKit
import StudioKit
import TestSupport
import Testing
import TrainingKit
import VideoDiffusion

/// Trainings in the queue of the studio.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceTrainingTests {
  private let fixture: WorkspaceFixture
  private var videos: String { fixture.folder.path("videos") }

  init() throws {
    fixture = try WorkspaceFixture()
    try FileManager.default.createDirectory(atPath: videos, withIntermediateDirectories: true)
    for index in 0..<3 {
      let frames = (0..<40).map { frame in
        RGBImage(width: 32, height: 32, fill: (UInt8(frame * 6), UInt8(80 * index), 120))
      }
      try Video(frames: frames, frameRate: FrameRate(8)).write(to: "\(videos)/\(index).mp4")
    }
  }

  /// A training of a few steps, which logs each.
  private func request(_ name: String = "first", steps: Int = 4) -> TrainingRequest {
    TrainingRequest(
      name: name, configuration: "tiny",
      overrides: [
        "steps=\(steps)", "log_interval=1", "sample_interval=2", "checkpoint_interval=2",
        "validation_clips=1",
      ], dataPath: videos, threadCount: 1)
  }

  private func runs(_ workspace: Workspace) async -> [TrainingRunEntry] {
    await workspace.findTrainingRuns()
    return await workspace.first { event in
      if case .trainingRuns(let runs) = event { runs } else { nil }
    } ?? []
  }

  @Test("a training leaves a run with its history, scores, samples and network")
  func training() async throws {
    let workspace = try await fixture.open()
    let job = try await workspace.train(request())
    let jobs = await workspace.settle()
    #expect(jobs.map(\.id) == [job] && jobs[0].state == .finished, "\(jobs)")
    let run = try #require(await runs(workspace).first)
    #expect(run.name == "first" && run.isComplete && !run.isElsewhere && run.problem == nil)
    #expect(run.history.values("loss").map(\.step) == [1, 2, 3, 4])
    #expect(run.scores.values("psnr").map(\.step) == [2, 4])
    #expect(try NetworkFile(path: #require(run.weightsPath)).kind == .autoencoder)
    let sample = try await workspace.trainingSample(at: #require(run.samplePath))
    #expect(!sample.images.isEmpty && sample.framesPerSecond > 0)
    // Its checkpoints are states to go on from, and no models.
    let found = try ModelLibrary(places: [.init(path: run.path, depth: 3)]).entries()
    #expect(found.map(\.path) == [run.weightsPath])
    await workspace.close()
  }

  @Test("a training that is stopped goes on in the next session, from where it was")
  func stopping() async throws {
    let workspace = try await fixture.open()
    let events = workspace.events()
    let job = try await workspace.train(request(steps: 5000))
    for await event in events {
      if case .training(let watch) = event, watch.progress?.step ?? 0 >= 3 { break }
    }
    await workspace.finish(job, atOnce: true)
    await workspace.settle()
    #expect(await workspace.state(of: job) == .paused)
    let stopped = try #require(await runs(workspace).first)
    #expect(stopped.finishedSteps >= 3 && !stopped.isComplete && stopped.weightsPath != nil)
    await workspace.close()

    let again = try await fixture.open()
    #expect(await again.state(of: job) == .paused)
    let resumed = again.events()
    #expect(try await again.resumeTraining(stopped.path) == job)
    for await event in resumed {
      if case .training(let watch) = event, let start = watch.start {
        #expect(start.finishedSteps == stopped.finishedSteps)
        break
      }
    }
    // Closing stops it and saves.
    await again.close()
    let last = try await fixture.open()
    #expect(await last.state(of: job) == .interrupted)
    #expect(try #require(await runs(last).first).finishedSteps >= stopped.finishedSteps)
    await last.close()
  }

  @Test("it waits for the run that goes on")
  func oneAtATime() async throws {
    let workspace = try await fixture.open()
    let endless = WorkspaceFixture.settings(clips: nil, steps: 200, laterSteps: 200)
    let (_, run) = try await workspace.make(fixture.model, endless)
    let training = try await workspace.train(request())
    await workspace.middleOfClip()
    #expect(await workspace.state(of: training) == .waiting)
    await workspace.finish(run, atOnce: true)
    let jobs = await workspace.settle()
    #expect(jobs.first { $0.id == training }?.state == .finished)
    await workspace.close()
  }

  @Test("what cannot be trained is refused before it is queued, with what to do")
  func refusing() async throws {
    let workspace = try await fixture.open()
    var noName = request()
    noName.name = "../up"
    await #expect(throws: StudioError.self) { try await workspace.train(noName) }
    var noAutoencoder = request()
    noAutoencoder.stage = .diffusion
    await #expect(throws: StudioError.self) { try await workspace.train(noAutoencoder) }
    var wrong = request()
    wrong.overrides = ["stepz=3"]
    await #expect(throws: TrainingConfigurationError.self) { try await workspace.train(wrong) }
    await #expect(throws: TrainingError.self) {
      try await workspace.resumeTraining(fixture.folder.path("nothing"))
    }
    #expect(await workspace.toldJobs.isEmpty)
    try await workspace.train(request())
    await workspace.settle()
    await #expect(throws: StudioError.self) { try await workspace.train(request()) }
    await workspace.close()
  }

  @Test("a training that fails is a failed job, and the folder of videos is named")
  func failing() async throws {
    let workspace = try await fixture.open()
    var task = request()
    task.dataPath = fixture.folder.path("empty")
    let job = try await workspace.train(task)
    await workspace.settle()
    guard case .failed(let sentence, _)? = await workspace.state(of: job) else {
      Issue.record("it did not fail")
      return
    }
    #expect(sentence.contains("empty"))
    // Mended, the same job goes on.
    try FileManager.default.copyItem(atPath: videos, toPath: task.dataPath)
    await workspace.resume(job)
    await workspace.settle()
    #expect(await workspace.state(of: job) == .finished)
    await workspace.close()
  }

  @Test("before it begins, size and videos are known, and time once something like it ran")
  func preparation() async throws {
    let workspace = try await fixture.open()
    var task = request()
    task.overrides += ["batch=1"]
    let before = await workspace.preparation(of: task)
    #expect(before.problem == nil, "\(String(describing: before.problem))")
    #expect(before.trainingVideos == 3 || before.heldOutVideos == 1)
    #expect(before.parameterCount ?? 0 > 10_000 && before.measured == nil)
    #expect(before.stateBytes == (before.parameterCount ?? 0) * 16)
    #expect(before.notes.contains { $0.contains("pvdm weights fetch lpips") })
    try await workspace.train(task)
    await workspace.settle()
    let after = await workspace.preparation(of: task)
    #expect(after.measured?.run == "first" && after.measured?.secondsPerStep ?? 0 > 0)
    task.dataPath = ""
    #expect(await workspace.preparation(of: task).problem != nil)
    await workspace.close()
  }
}
