import Foundation
import KitTestSupport
import MediaIO
import RunKit
import TestSupport
import Testing
import VideoDiffusion

/// Making and extending videos, and finding them again.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceMakingTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  private func settings(_ clips: Int? = 1, seed: UInt64 = 0) -> GenerationSettings {
    WorkspaceFixture.settings(clips: clips, seed: seed)
  }

  @Test("a video is made, told of and found again")
  func make() async throws {
    let workspace = try await fixture.open()
    let (video, job) = try await workspace.make(fixture.model, settings(2, seed: 9))
    let jobs = await workspace.settle()
    #expect(jobs.map(\.id) == [job] && jobs[0].state == .finished && jobs[0].finishedClips == 2)
    let tree = try await workspace.tree(of: video)
    #expect(tree.branch.map(\.index) == [0, 1] && tree.branch.map(\.seed) == [9, 9])
    #expect(tree.branch.map(\.steps) == [3, 2] && tree.position == tree.branch[1].id)
    let told = await workspace.toldVideos
    #expect(told.count == 1 && told[0].clipCount == 2 && told[0].seed == 9)
    #expect(told[0].framesPerSecond == 8 && told[0].modelName == "tiny")
    let frames = await workspace.frames(of: tree.branch.map(\.id))
    #expect(frames.map(\.images.count) == [16, 16])
    await workspace.close()

    let again = try await fixture.open()
    #expect(try await again.tree(of: video) == tree)
    #expect(await again.toldVideos == told)
    #expect(await again.toldJobs == jobs)
    #expect(await again.frames(of: [tree.branch[0].id])[0].images == frames[0].images)
    await again.close()
  }

  @Test("frames on disk are the latent, decoded")
  func framesAreDecoded() async throws {
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(fixture.model, settings(seed: 4))
    await workspace.settle()
    let clip = try #require(try await workspace.tree(of: video).current)
    let engine = try VideoEngine(threadCount: 1)
    try await engine.load(NetworkFile(path: #require(fixture.model.autoencoder)))
    let decoded = try await engine.decode(fixture.latents([clip])[0])
    #expect(await workspace.frames(of: [clip.id])[0].images == decoded.images)
    await workspace.close()
  }

  @Test("a seam fades from the clip before, also where a clip is extended or rolled again later")
  func seams() async throws {
    var settings = settings(2, seed: 4)
    settings.seamFade = 6
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(fixture.model, settings)
    await workspace.settle()
    await workspace.close()

    let again = try await fixture.open()
    settings.clipCount = 1
    let tip = try await again.tree(of: video).tip
    try await again.extend(video, after: tip, fork: 0, model: fixture.model, settings: settings)
    await again.settle()
    let branch = try await again.tree(of: video).branch
    #expect(branch.count == 3)
    let engine = try VideoEngine(threadCount: 1)
    try await engine.load(NetworkFile(path: #require(fixture.model.autoencoder)))
    let frames = await again.frames(of: branch.map(\.id)).map(\.images)
    for (number, latent) in try fixture.latents(branch).enumerated() {
      var clip = try await engine.decode(latent)
      if number > 0, let last = frames[number - 1].last {
        clip = clip.fadingIn(from: last.pixels, over: 6)
      }
      #expect(frames[number] == clip.images, "clip \(number)")
    }
    await again.close()
  }

  @Test("extending gives the clips of one longer run, bit for bit", arguments: [false, true])
  func extendEqualsLongRun(reencodes: Bool) async throws {
    var settings = settings(1, seed: 21)
    settings.reencodesCondition = reencodes
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(fixture.model, settings)
    await workspace.settle()
    settings.clipCount = 2
    let tip = try await workspace.tree(of: video).tip
    try await workspace.extend(
      video, after: tip, fork: 0, model: fixture.model, settings: settings)
    await workspace.settle()
    let branch = try await workspace.tree(of: video).branch
    #expect(branch.map(\.seed) == [21, 21, 21] && branch.map(\.index) == [0, 1, 2])
    await workspace.close()

    settings.clipCount = 3
    #expect(try await fixture.latents(branch) == fixture.longRun(settings))
  }

  @Test("another roll stands beside the first, a branch begins a fork")
  func rollsAndBranches() async throws {
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(fixture.model, settings(2, seed: 3))
    await workspace.settle()
    let start = try await workspace.tree(of: video).branch[0].id
    try await workspace.extend(
      video, after: start, fork: 0, model: fixture.model, settings: settings(seed: 4))
    await workspace.settle()
    var tree = try await workspace.tree(of: video)
    let roll = try #require(tree.current)
    #expect(tree.rolls(of: roll.id).count == 2 && roll.seed == 4)
    let (first, second) = (tree.rolls(of: roll.id)[0], tree.rolls(of: roll.id)[1])
    #expect(try fixture.latents([first]) != fixture.latents([second]))

    try await workspace.extend(
      video, after: start, fork: tree.nextFork(of: start), model: fixture.model,
      settings: settings(seed: 77))
    await workspace.settle()
    tree = try await workspace.tree(of: video)
    #expect(tree.forks(of: start) == [0, 1])
    #expect(tree.continuations(of: start).last?.seed == 77)
    await workspace.close()
  }

  @Test("drop, undo, redo and the position outlive the session")
  func editsAreKept() async throws {
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(fixture.model, settings(3))
    await workspace.settle()
    let clips = try await workspace.tree(of: video).branch.map(\.id)
    try await workspace.drop(clips[1], in: video)
    let dropped = try await workspace.tree(of: video)
    #expect(dropped.visible.map(\.id) == [clips[0]] && dropped.position == clips[0])
    await workspace.close()

    let second = try await fixture.open()
    let kept = try await second.tree(of: video)
    #expect(kept.visible == dropped.visible && kept.position == dropped.position)
    #expect(kept.edits == dropped.edits && kept.dropped == dropped.dropped)
    try await second.undo(video)
    #expect(try await second.tree(of: video).visible.map(\.id) == clips)
    try await second.select(clips[1], in: video)
    await second.close()

    let third = try await fixture.open()
    #expect(try await third.tree(of: video).position == clips[1])
    try await third.redo(video)
    #expect(try await third.tree(of: video).visible.map(\.id) == [clips[0]])
    await third.close()
  }

  @Test("footage becomes the first clip and is continued")
  func footage() async throws {
    let path = fixture.folder.path("source/")
    try Video(frames: TinyModel.frames(21), frameRate: FrameRate(8)).write(to: path)
    let workspace = try await fixture.open()
    let shown = try await workspace.footage(path, for: fixture.model)
    #expect(shown.frameCount == 21 && shown.images[0].width == 32)
    let (video, _) = try await workspace.makeFromFootage(
      path, firstFrame: 4, model: fixture.model, settings: settings(1, seed: 5))
    await workspace.settle()
    let branch = try await workspace.tree(of: video).branch
    #expect(branch.map(\.index) == [0, 1])
    guard case .footage(_, let frame) = branch[0].source else {
      Issue.record("the first clip is not footage")
      return
    }
    #expect(frame == 4 && branch[1].source == .generated)
    #expect(await workspace.frames(of: [branch[0].id])[0].images == Array(shown.images[4..<20]))
    await workspace.close()
  }

  @Test("footage that is too short fails with the numbers and what to do")
  func shortFootage() async throws {
    let path = fixture.folder.path("short/")
    try Video(frames: TinyModel.frames(12), frameRate: FrameRate(8)).write(to: path)
    let workspace = try await fixture.open()
    let (_, job) = try await workspace.makeFromFootage(
      path, firstFrame: 0, model: fixture.model, settings: settings())
    await workspace.settle()
    guard case .failed(let sentence, _)? = await workspace.state(of: job) else {
      Issue.record("the job did not fail")
      return
    }
    #expect(sentence.contains("there are 12"))
    await workspace.close()
  }

  @Test("titles, marks and the trash are kept, and emptying deletes the files")
  func gallery() async throws {
    let workspace = try await fixture.open()
    let (kept, _) = try await workspace.make(fixture.model, settings())
    let (gone, _) = try await workspace.make(fixture.model, settings())
    await workspace.settle()
    try await workspace.rename(kept, "  dawn ")
    try await workspace.mark(kept, true)
    try await workspace.trash(gone)
    await workspace.close()

    let again = try await fixture.open()
    let told = await again.toldVideos
    #expect(told.first { $0.id == kept }?.title == "dawn")
    #expect(told.first { $0.id == kept }?.isMarked == true)
    #expect(told.first { $0.id == gone }?.isTrashed == true)
    try await again.emptyTrash()
    #expect(await again.toldVideos.map(\.id) == [kept])
    let files = try FileManager.default.contentsOfDirectory(atPath: fixture.folders.data + "/clips")
    #expect(files.count == 2)
    await #expect(throws: StudioError.self) { try await again.tree(of: gone) }
    await again.close()
  }

  @Test("an empty canvas takes clips")
  func canvas() async throws {
    let workspace = try await fixture.open()
    let video = try await workspace.newCanvas(fixture.model)
    #expect(try await workspace.tree(of: video).visible.isEmpty)
    try await workspace.extend(
      video, after: nil, fork: 0, model: fixture.model, settings: settings(1, seed: 6))
    await workspace.settle()
    #expect(try await workspace.tree(of: video).branch.map(\.index) == [0])
    await workspace.close()
  }

  @Test("settings out of range and half a model are refused before anything is stored")
  func refused() async throws {
    let workspace = try await fixture.open()
    var wrong = settings()
    wrong.eta = 2
    await #expect(throws: StudioError.self) { try await workspace.make(fixture.model, wrong) }
    var half = fixture.model
    half.denoiser = nil
    await #expect(throws: StudioError.self) { try await workspace.make(half, settings()) }
    #expect(await workspace.toldVideos.isEmpty)
    await workspace.close()
  }

  @Test("small values are kept under their names")
  func smallValues() async throws {
    let workspace = try await fixture.open()
    try await workspace.setState("theme", "light")
    try await workspace.setState("settings", settings(nil, seed: .max))
    await workspace.close()
    let again = try await fixture.open()
    #expect(await again.state("theme", as: String.self) == "light")
    #expect(await again.state("settings", as: GenerationSettings.self) == settings(nil, seed: .max))
    #expect(await again.state("theme", as: Int.self) == nil)
    try await again.setState("theme", String?.none)
    #expect(await again.state("theme", as: String.self) == nil)
    await again.close()
  }
}
