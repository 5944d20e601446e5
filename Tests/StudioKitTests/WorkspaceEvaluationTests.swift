import EvaluationKit
import Foundation
import KitTestSupport
import RunKit
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// Evaluations in the queue of the studio.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceEvaluationTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  /// The drift of a few short videos.
  private func drift(clips: Int = 2, steps: Int = 2) -> EvaluateTask {
    var task = EvaluateTask(.drift, of: fixture.model)
    task.clips = clips
    task.frames = 32
    task.settings = WorkspaceFixture.settings(seed: 4, steps: steps, laterSteps: steps)
    return task
  }

  @Test("an evaluation is stored with its protocol in the database and as a report")
  func storing() async throws {
    let workspace = try await fixture.open()
    let job = try await workspace.evaluate(drift())
    let jobs = await workspace.settle()
    #expect(jobs.map(\.id) == [job] && jobs[0].state == .finished)
    let stored = try #require(await workspace.toldEvaluations.first)
    #expect(stored.report.metric == .drift && stored.report.protocol.source == "tiny")
    #expect(stored.report.protocol.generatedClips == 2 && stored.report.protocol.frames == 32)
    #expect(stored.report.protocol.request?.seed == 4)
    #expect(try EvaluationReport(contentsOf: stored.folder) == stored.report)
    await workspace.close()

    let again = try await fixture.open()
    #expect(await again.toldEvaluations == [stored])
    await again.close()
  }

  @Test("steps that a distilled model cannot take are told before it is asked for, and refused")
  func distilledSteps() async throws {
    let folder = try fixture.makeDistilledModel()
    let workspace = try await fixture.open(startsQueue: false)
    let student = try await workspace.openModel(folder)
    var task = drift()
    task.model = student.reference
    let unmet = await workspace.unmetRequirements(of: task)
    #expect(unmet.map(\.subject) == [.settings])
    #expect(unmet.first?.sentence.contains("distilled for 4 steps") == true)
    await #expect(throws: ModelError.self) { try await workspace.evaluate(task) }
    task.settings = task.settings.fitting(distilledSteps: 4)
    #expect(await workspace.unmetRequirements(of: task).isEmpty)
    await workspace.close()
  }

  @Test("it waits for the run that goes on, and the next run waits for it")
  func oneAtATime() async throws {
    let workspace = try await fixture.open()
    let endless = WorkspaceFixture.settings(clips: nil, steps: 200, laterSteps: 200)
    let (_, run) = try await workspace.make(fixture.model, endless)
    let evaluation = try await workspace.evaluate(drift())
    let (_, last) = try await workspace.make(fixture.model, WorkspaceFixture.settings())
    await workspace.middleOfClip()
    let states = await workspace.toldJobs.map(\.state)
    #expect(states == [.running, .waiting, .waiting])
    await workspace.finish(run, atOnce: true)
    let jobs = await workspace.settle()
    let started = try jobs.sorted { $0.id < $1.id }.map { try #require($0.started) }
    let ended = try jobs.sorted { $0.id < $1.id }.map { try #require($0.ended) }
    #expect(jobs.map(\.id).sorted() == [run, evaluation, last])
    #expect(ended[0] <= started[1] && ended[1] <= started[2])
    await workspace.close()
  }

  /// Waits until some videos of a running evaluation are done.
  private func someVideos(_ events: AsyncStream<WorkspaceEvent>) async {
    for await event in events {
      if case .progress(let progress) = event, progress.phase == .evaluating("videos"),
        progress.step > 0
      {
        return
      }
    }
  }

  @Test("an evaluation that is stopped keeps what it computed, and goes on in the next session")
  func stopping() async throws {
    let task = drift(clips: 8, steps: 100)
    let workspace = try await fixture.open()
    var events = workspace.events()
    let job = try await workspace.evaluate(task)
    await someVideos(events)
    await workspace.finish(job, atOnce: true)
    await workspace.settle()
    #expect(await workspace.state(of: job) == .paused)
    #expect(await workspace.toldEvaluations.isEmpty)
    events = workspace.events()
    await workspace.resume(job)
    await someVideos(events)
    await workspace.close()

    let again = try await fixture.open()
    #expect(await again.state(of: job) == .interrupted)
    events = again.events()
    await again.resume(job)
    var first: Int?
    for await event in events where first == nil {
      if case .progress(let progress) = event, progress.phase == .evaluating("videos") {
        first = progress.step
      }
      if first != nil { break }
    }
    #expect(first ?? 0 > 0, "what is told of the videos first counts those that were kept")
    await again.settle()
    #expect(await again.state(of: job) == .finished)
    let stopped = try #require(await again.toldEvaluations.first)
    await again.close()

    // The same numbers as without a stop.
    let other = try WorkspaceFixture()
    let whole = try await other.open()
    var wholeTask = task
    wholeTask.model = other.model
    try await whole.evaluate(wholeTask)
    await whole.settle()
    #expect(await whole.toldEvaluations.first?.report.scores == stopped.report.scores)
    await whole.close()
  }

  @Test("what is missing is refused before it is queued, with what to do")
  func refusing() async throws {
    let workspace = try await fixture.open()
    let distance = EvaluateTask(.frechetVideoDistance, of: fixture.model)
    await #expect(throws: StudioError(nil, .noData)) { try await workspace.evaluate(distance) }
    #expect(await workspace.toldJobs.isEmpty)
    await workspace.close()
  }

  @Test("an evaluation that fails says why and leaves the scores as they were")
  func failing() async throws {
    let workspace = try await fixture.open()
    try await workspace.evaluate(drift())
    await workspace.settle()
    var task = EvaluateTask(.drift, of: nil)
    task.videos = fixture.folder.path("nothing here")
    try FileManager.default.createDirectory(
      atPath: task.videos, withIntermediateDirectories: true)
    let job = try await workspace.evaluate(task)
    await workspace.settle()
    guard case .failed(let sentence, let remedy) = await workspace.state(of: job) else {
      Issue.record("it did not fail")
      return
    }
    #expect(sentence.contains("nothing here") && !remedy.isEmpty)
    #expect(await workspace.toldEvaluations.count == 1)
    await workspace.close()
  }
}

/// What an evaluation lacks, before it begins.
struct EvaluationRequirementTests {
  private let folder: TemporaryFolder
  private let fixture: WorkspaceFixture

  init() throws {
    folder = try TemporaryFolder()
    fixture = try WorkspaceFixture()
  }

  private func subjects(_ task: EvaluateTask) -> [EvaluationInput] {
    task.unmetRequirements(.empty).map(\.subject)
  }

  @Test("each metric says what it needs")
  func metrics() {
    #expect(subjects(EvaluateTask(.drift, of: fixture.model)).isEmpty)
    #expect(subjects(EvaluateTask(.efficiency, of: fixture.model)).isEmpty)
    #expect(subjects(EvaluateTask(.frechetVideoDistance, of: fixture.model)) == [.data, .i3d])
    #expect(subjects(EvaluateTask(.inceptionScore, of: fixture.model)) == [.c3d])
    #expect(subjects(EvaluateTask(.reconstruction, of: fixture.model)) == [.data])
    #expect(subjects(EvaluateTask(.drift, of: nil)) == [.videos])
    #expect(subjects(EvaluateTask(.efficiency, of: nil)) == [.model])
  }

  @Test("weights are named by file and place, without the options of the command")
  func weights() throws {
    var task = EvaluateTask(.frechetVideoDistance, of: fixture.model)
    task.data = folder.url.path
    let requirement = try #require(task.unmetRequirements(.empty).first)
    #expect(requirement.remedy.contains("i3d_pretrained_400.pt"))
    #expect(requirement.remedy.contains("sihyun-yu/PVDM") && !requirement.remedy.contains("--"))
    task.i3d = fixture.model.denoiser ?? ""
    #expect(task.unmetRequirements(.empty).first?.sentence.contains("does not hold I3D") == true)
    task.i3d = folder.path("gone.pt")
    #expect(
      task.unmetRequirements(.empty).first?.sentence.contains("there is no such file") == true)
    task.i3d = EvaluationFixtures.featureWeights
    #expect(task.unmetRequirements(.empty).isEmpty)
  }

  @Test("numbers and files that cannot be used are named")
  func values() {
    var task = EvaluateTask(.frechetVideoDistance, of: fixture.model)
    task.data = folder.url.path
    task.i3d = EvaluationFixtures.featureWeights
    (task.clips, task.frames) = (1, 8)
    #expect(subjects(task) == [.frames, .clips])
    for task in [EvaluateTask(.drift, of: nil), EvaluateTask(.efficiency, of: nil)] {
      #expect(
        task.unmetRequirements(.empty).allSatisfy {
          !$0.remedy.isEmpty && !$0.remedy.contains("--")
        })
    }
    task = EvaluateTask(.reconstruction, of: fixture.model)
    task.data = folder.path("gone")
    task.perceptualWeights = folder.path("vgg.pth")
    #expect(subjects(task) == [.data, .perceptualWeights])
    var model = fixture.model
    model.denoiser = folder.path("gone.pth")
    #expect(subjects(EvaluateTask(.drift, of: model)) == [.model])
    model.denoiser = nil
    #expect(subjects(EvaluateTask(.drift, of: model)) == [.model])
  }
}
