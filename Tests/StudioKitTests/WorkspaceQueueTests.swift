import Foundation
import KitTestSupport
import RunKit
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// The queue: its order, and jobs that are stopped and go on.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceQueueTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  /// A run without end whose clips take many steps.
  private var endless: GenerationSettings {
    WorkspaceFixture.settings(clips: nil, seed: 31, steps: 200, laterSteps: 200)
  }

  private func ids(_ workspace: Workspace) async -> [JobID] {
    await workspace.toldJobs.map(\.id)
  }

  @Test("a stop makes no clip after the one in progress, decoded or sampled")
  func stopInAnyPhase() async throws {
    let workspace = try await fixture.open()
    let (video, job) = try await workspace.make(
      fixture.model, WorkspaceFixture.settings(clips: nil, seed: 31, steps: 2, laterSteps: 10))
    let shown = await workspace.first { event -> Int? in
      guard case .progress(let progress) = event, progress.finishedClips >= 1 else { return nil }
      return progress.finishedClips
    }
    await workspace.finish(job, atOnce: false)
    // The clip that is in progress when the stop is heard may be complete before the tree is asked for.
    let complete = try await workspace.tree(of: video).branch.count
    await workspace.settle()
    #expect(try complete >= #require(shown))
    #expect((complete...complete + 1).contains(try await workspace.tree(of: video).branch.count))
    #expect(await workspace.state(of: job) == .finished)
    await workspace.close()
  }

  @Test("waiting jobs are moved, edited, held back and cancelled, over a restart")
  func order() async throws {
    let workspace = try await fixture.open()
    // An endless run keeps the others waiting.
    let (_, running) = try await workspace.make(fixture.model, endless)
    var waiting: [JobID] = []
    for seed in 1...4 as ClosedRange<UInt64> {
      waiting.append(
        try await workspace.make(fixture.model, WorkspaceFixture.settings(seed: seed)).job)
    }
    try await workspace.move(waiting[3], by: -2)
    try await workspace.move(waiting[0], by: 1)
    await workspace.pause(waiting[2])
    await workspace.cancel(waiting[1])
    let expected = [running, waiting[3], waiting[0], waiting[2], waiting[1]]
    #expect(await ids(workspace) == expected)
    try await workspace.edit(waiting[0], WorkspaceFixture.settings(clips: 2, seed: 50))
    await #expect(throws: StudioError(nil, .jobBegun)) {
      try await workspace.edit(running, WorkspaceFixture.settings())
    }
    await workspace.close()

    let again = try await fixture.open(startsQueue: false)
    let jobs = await again.toldJobs
    #expect(Set(jobs.map(\.id)) == Set(expected) && jobs.last?.id == waiting[1])
    #expect(
      jobs.map(\.state) == [.interrupted, .waiting, .waiting, .paused, .cancelled])
    // Held back until then; resuming one lets the queue go.
    await again.cancel(running)
    await again.resume(waiting[2])
    let done = await again.settle()
    #expect(
      done.filter { $0.state == .finished }.map(\.id) == [waiting[2], waiting[0], waiting[3]])
    #expect(done.first { $0.id == waiting[0] }?.finishedClips == 2)
    await again.close()
  }

  @Test("a paused run goes on in the middle of its clip, bit for bit")
  func pauseAndResume() async throws {
    let workspace = try await fixture.open()
    let (video, job) = try await workspace.make(fixture.model, endless)
    await workspace.middleOfClip()
    await workspace.pause(job)
    await workspace.settle()
    #expect(await workspace.state(of: job) == .paused)
    let kept = try SavedRun(contentsOf: fixture.folders.data + "/runs/\(job.rawValue).safetensors")
    #expect((1..<200).contains(kept.state.sampler?.stepIndex ?? 0))

    await workspace.resume(job)
    await workspace.middleOfClip(after: 1)
    await workspace.finish(job, atOnce: false)
    let jobs = await workspace.settle()
    #expect(jobs[0].state == .finished && jobs[0].finishedClips >= 2)
    let branch = try await workspace.tree(of: video).branch
    #expect(branch.count == jobs[0].finishedClips)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: fixture.folders.data + "/runs").isEmpty)
    await workspace.close()
    var whole = endless
    whole.clipCount = branch.count
    #expect(try await fixture.latents(branch) == fixture.longRun(whole))
  }

  @Test("a session that ends interrupts its run, and the next one goes on, bit for bit")
  func closeAndResume() async throws {
    let workspace = try await fixture.open()
    var two = endless
    two.clipCount = 2
    let (video, job) = try await workspace.make(fixture.model, two)
    await workspace.middleOfClip()
    await workspace.close()

    let again = try await fixture.open()
    #expect(await again.state(of: job) == .interrupted)
    await again.resume(job)
    await again.settle()
    #expect(await again.state(of: job) == .finished)
    let branch = try await again.tree(of: video).branch
    await again.close()
    #expect(try await fixture.latents(branch) == fixture.longRun(two))
  }

  @Test("a session may end after the clip in progress")
  func closeAfterClip() async throws {
    let workspace = try await fixture.open()
    let (video, job) = try await workspace.make(fixture.model, endless)
    await workspace.middleOfClip()
    await workspace.close(finishesClip: true)
    let again = try await fixture.open()
    #expect(await again.state(of: job) == .interrupted)
    #expect(try await again.tree(of: video).branch.count >= 1)
    await again.close()
  }

  @Test("a run that is ended at once gives up the clip in progress and keeps the others")
  func finishAtOnce() async throws {
    let workspace = try await fixture.open()
    let (video, job) = try await workspace.make(fixture.model, endless)
    await workspace.middleOfClip(after: 1)
    await workspace.finish(job, atOnce: true)
    let jobs = await workspace.settle()
    #expect(jobs[0].state == .finished)
    #expect(try await workspace.tree(of: video).branch.count == jobs[0].finishedClips)
    let (_, second) = try await workspace.make(fixture.model, endless)
    await workspace.middleOfClip()
    await workspace.finish(second, atOnce: true)
    await workspace.settle()
    #expect(await workspace.state(of: second) == .cancelled)
    await workspace.close()
  }

  @Test("cancelling all but one leaves that one")
  func cancelOthers() async throws {
    let workspace = try await fixture.open()
    let (_, first) = try await workspace.make(fixture.model, endless)
    let (_, second) = try await workspace.make(fixture.model, WorkspaceFixture.settings())
    let (_, third) = try await workspace.make(fixture.model, WorkspaceFixture.settings())
    await workspace.cancel(except: third)
    await workspace.settle()
    #expect(await workspace.state(of: first) == .cancelled)
    #expect(await workspace.state(of: second) == .cancelled)
    #expect(await workspace.state(of: third) == .finished)
    try await workspace.clearFinishedJobs()
    #expect(await workspace.toldJobs.isEmpty)
    await workspace.close()
  }

  @Test("a video that a cancelled job left without a clip goes with that job; a canvas stays")
  func videosLeftEmpty() async throws {
    let workspace = try await fixture.open()
    let (busy, _) = try await workspace.make(fixture.model, endless)
    let (left, cancelled) = try await workspace.make(fixture.model, WorkspaceFixture.settings())
    let canvas = try await workspace.newCanvas(fixture.model)
    let onCanvas = try await workspace.extend(
      canvas, after: nil, fork: 0, model: fixture.model, settings: WorkspaceFixture.settings())
    await workspace.cancel(cancelled)
    await workspace.cancel(onCanvas)
    #expect(Set(await workspace.toldVideos.map(\.id)) == [busy, left, canvas])
    try await workspace.clearFinishedJobs()
    #expect(Set(await workspace.toldVideos.map(\.id)) == [busy, canvas])
    await workspace.close()
    let again = try await fixture.open()
    #expect(Set(await again.toldVideos.map(\.id)) == [busy, canvas])
    await again.close()
  }

  @Test("a checkpoint that is gone fails its job with a sentence until it is back")
  func checkpointGone() async throws {
    let workspace = try await fixture.open()
    // Loaded by the first, removed before the second.
    _ = try await workspace.make(fixture.model, WorkspaceFixture.settings())
    await workspace.settle()
    let path = try #require(fixture.model.denoiser)
    try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
    let (_, job) = try await workspace.make(fixture.model, WorkspaceFixture.settings())
    await workspace.settle()
    guard case .failed(let sentence, _)? = await workspace.state(of: job) else {
      Issue.record("the job did not fail")
      return
    }
    #expect(sentence.contains("denoiser.pth") && sentence.contains("no such file"))
    try FileManager.default.moveItem(atPath: path + ".away", toPath: path)
    await workspace.resume(job)
    await workspace.settle()
    #expect(await workspace.state(of: job) == .finished)
    await workspace.close()
  }

  @Test("a run does not go on with another checkpoint than it began with")
  func checkpointChanged() async throws {
    let workspace = try await fixture.open()
    let (_, job) = try await workspace.make(fixture.model, endless)
    await workspace.middleOfClip()
    await workspace.pause(job)
    await workspace.settle()
    let path = try #require(fixture.model.denoiser)
    try FileManager.default.removeItem(atPath: path)
    try TinyCheckpoint.write(
      RandomParameters(TinyCheckpoint.denoiser, seed: 3), prefix: "diffusion_model.", to: path)
    await workspace.resume(job)
    await workspace.settle()
    guard case .failed(let sentence, let remedy)? = await workspace.state(of: job) else {
      Issue.record("the job did not fail")
      return
    }
    #expect(sentence.contains("not the one") && !remedy.isEmpty)
    await workspace.close()
  }

  @Test("dropping the clip that a run continues ends the run")
  func dropWhileRunning() async throws {
    let workspace = try await fixture.open()
    let (video, job) = try await workspace.make(fixture.model, endless)
    await workspace.middleOfClip(after: 1)
    let tip = try #require(try await workspace.tree(of: video).branch.first)
    try await workspace.drop(tip.id, in: video)
    await workspace.settle()
    #expect(await workspace.state(of: job)?.isOver == true)
    #expect(try await workspace.tree(of: video).visible.isEmpty)
    await workspace.close()
  }

  @Test("trashing a video ends its jobs")
  func trashWhileRunning() async throws {
    let workspace = try await fixture.open()
    let (video, job) = try await workspace.make(fixture.model, endless)
    await workspace.middleOfClip()
    try await workspace.trash(video)
    await workspace.settle()
    #expect(await workspace.state(of: job) == .cancelled)
    try await workspace.emptyTrash()
    #expect(await workspace.toldJobs.isEmpty)
    await workspace.close()
  }
}
