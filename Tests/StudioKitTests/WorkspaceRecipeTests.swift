import Foundation
import KitTestSupport
import MediaIO
import RunKit
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// Recipes: what made a video, taken from its tree or from an output, makes it again.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceRecipeTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  /// A video that was extended, branched from its second clip with settings of its own, and extended once
  /// more with the first run's seed: three runs lead to the tip.
  private func branched(_ workspace: Workspace) async throws -> ClipTree {
    let (video, _) = try await workspace.make(
      fixture.model, WorkspaceFixture.settings(clips: 2, seed: 8))
    await workspace.settle()
    func extend(_ settings: GenerationSettings, fork: Int = 0, after clip: ClipID?) async throws {
      try await workspace.extend(
        video, after: clip, fork: fork, model: fixture.model, settings: settings)
      await workspace.settle()
    }
    let second = try await workspace.tree(of: video).tip
    var other = WorkspaceFixture.settings(clips: 1, seed: 99)
    other.eta = 0.25
    try await extend(other, after: second)
    let tree = try await workspace.tree(of: video)
    var branch = WorkspaceFixture.settings(clips: 2, seed: 5, laterSteps: 3)
    branch.reencodesCondition = true
    try await extend(branch, fork: tree.nextFork(of: second), after: second)
    let begun = try #require(try await workspace.tree(of: video).visible.last)
    try await workspace.select(begun.id, in: video)
    try await extend(
      WorkspaceFixture.settings(clips: 1, seed: 8), after: try await workspace.tree(of: video).tip)
    return try await workspace.tree(of: video)
  }

  @Test("a branched video is made again bit for bit, from its tree and from what an export carries")
  func remake() async throws {
    let workspace = try await fixture.open()
    let models = await workspace.findModels()
    let tree = try await branched(workspace)
    let recipe = try #require(tree.recipe)
    #expect(recipe.isWhole && recipe.settings == nil && recipe.footage == nil)
    #expect(recipe.generated.map(\.clipCount) == [2, 2, 1])
    #expect(recipe.generated.map(\.seed) == [8, 5, 8])
    #expect(recipe.summary == "3 runs, 5 clips, from noise")

    let path = fixture.folder.path("branch.mp4")
    try await workspace.export(
      ExportTask(video: tree.video, through: try #require(tree.tip), paths: [path]))
    await workspace.settle()
    let carried = try #require(try await workspace.runSettings(in: path)?.wholeRecipe)
    // Folders are nobody's business.
    #expect(carried.runs.allSatisfy { $0.autoencoder == "autoencoder.pth" })
    let (found, missing) = carried.resolved(among: models)
    #expect(missing.isEmpty && found.runs.map(\.autoencoder) == recipe.runs.map(\.autoencoder))

    for wanted in [recipe, found] {
      let (video, job) = try await workspace.make(wanted)
      let jobs = await workspace.settle()
      #expect(jobs.first { $0.id == job }?.state == .finished)
      #expect(jobs.first { $0.id == job }?.finishedClips == 5)
      let again = try await workspace.tree(of: video).branch
      #expect(try fixture.latents(again) == fixture.latents(tree.branch))
      #expect(
        ClipTree(video: video, clips: again).recipe(of: again).runs.map(\.seed)
          == recipe.runs.map(\.seed))
    }
    await workspace.close()
  }

  @Test("a recipe that is paused in its second run goes on bit for bit, over a restart")
  func pause() async throws {
    let first = try await fixture.open()
    var slow = WorkspaceFixture.settings(clips: 1, seed: 4, steps: 200, laterSteps: 200)
    let (original, _) = try await first.make(fixture.model, slow)
    await first.settle()
    slow.seed = 6
    try await first.extend(
      original, after: try await first.tree(of: original).tip, fork: 0, model: fixture.model,
      settings: slow)
    await first.settle()
    let tree = try await first.tree(of: original)
    let (video, job) = try await first.make(try #require(tree.recipe))
    await first.middleOfClip(after: 1)
    await first.close()

    let second = try await fixture.open()
    #expect(await second.state(of: job) == .interrupted)
    await second.resume(job)
    await second.settle()
    #expect(await second.state(of: job) == .finished)
    let again = try await second.tree(of: video).branch
    #expect(again.count == 2)
    #expect(try fixture.latents(again) == fixture.latents(tree.branch))
    await second.close()
  }

  @Test("footage with its frames is part of a recipe, and is looked for beside the output")
  func footage() async throws {
    let movie = try fixture.makeMovie()
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.makeFromFootage(
      movie, firstFrame: 5, model: fixture.model,
      settings: WorkspaceFixture.settings(clips: 2, seed: 3))
    await workspace.settle()
    let tree = try await workspace.tree(of: video)
    let recipe = try #require(tree.recipe)
    #expect(recipe.footage?.firstFrame == 5 && recipe.start == "frame 6 of brought.gif on")
    #expect(recipe.isWhole && recipe.clipCount == 3)

    let (again, _) = try await workspace.make(recipe)
    await workspace.settle()
    #expect(
      try fixture.latents(try await workspace.tree(of: again).branch)
        == fixture.latents(tree.branch))
    #expect(recipe.embedded.footage?.source == "brought.gif")
    #expect(recipe.embedded.located(beside: fixture.folder.url.path).missing == nil)
    #expect(recipe.embedded.located(beside: "/nowhere").missing == "brought.gif")
    await workspace.close()
  }

  @Test("what does not tell of every clip is refused")
  func partial() async throws {
    let workspace = try await fixture.open()
    let tree = try await branched(workspace)
    let last = tree.recipe(of: tree.branch.suffix(1))
    #expect(!last.isWhole)
    await #expect(throws: StudioError.self) { try await workspace.make(last) }
    await workspace.close()
  }

  @Test("a preview may be changed while the clip is made, and changes no clip")
  func preview() async throws {
    let workspace = try await fixture.open()
    let settings = WorkspaceFixture.settings(clips: 1, seed: 31, steps: 200)
    let (video, job) = try await workspace.make(fixture.model, settings)
    await workspace.middleOfClip()
    try await workspace.setPreview(of: job, .decoded)
    let mode = await workspace.first { event -> PreviewMode? in
      guard case .preview(let preview) = event else { return nil }
      return preview.mode
    }
    #expect(mode == .decoded)
    await workspace.settle()
    let branch = try await workspace.tree(of: video).branch
    await workspace.close()
    #expect(try await fixture.latents(branch) == fixture.longRun(settings))
  }

  @Test("an export onto names that are taken says which before anything is queued")
  func takenNames() async throws {
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(fixture.model, WorkspaceFixture.settings(seed: 8))
    await workspace.settle()
    let (there, new) = (fixture.folder.path("there.gif"), fixture.folder.path("new.gif"))
    try Data("mine".utf8).write(to: URL(filePath: there))
    var task = ExportTask(
      video: video, through: try #require(try await workspace.tree(of: video).tip),
      paths: [there, new])
    #expect(await workspace.takenNames(of: task) == [there])
    task.overwrites = true
    #expect(await workspace.takenNames(of: task).isEmpty)
    await workspace.close()
  }

  @Test("time that a job was held back is no time that it took")
  func timeAtWork() async throws {
    let workspace = try await fixture.open()
    let (_, job) = try await workspace.make(
      fixture.model, WorkspaceFixture.settings(clips: 1, seed: 31, steps: 200))
    await workspace.middleOfClip()
    await workspace.pause(job)
    await workspace.settle()
    let held = try #require(await workspace.toldJobs.first { $0.id == job }?.worked)
    #expect(held > 0)
    // The fixture's clock goes on with every look at it.
    for _ in 0..<20 { _ = try await workspace.newCanvas(fixture.model) }
    await workspace.resume(job)
    await workspace.settle()
    let done = try #require(await workspace.toldJobs.first { $0.id == job })
    let (started, ended) = (try #require(done.started), try #require(done.ended))
    let worked = try #require(done.worked)
    #expect(worked >= held && worked <= ended.timeIntervalSince(started) - 20)
    await workspace.close()
    let again = try await fixture.open(startsQueue: false)
    #expect(await again.toldJobs.first { $0.id == job }?.worked == worked)
    await again.close()
  }
}
