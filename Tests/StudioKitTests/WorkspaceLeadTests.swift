import Foundation
import KitTestSupport
import MediaIO
import RunKit
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// Clips that lead somewhere: from one clip to another, and back to the start.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceLeadTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  private func images(_ clip: Clip) throws -> [RGBImage] {
    let strip = try PNGFile.read("\(fixture.folders.data)/clips/\(clip.id.rawValue).png")
    let size = strip.width * strip.width * 3
    return (0..<(strip.height / strip.width)).map {
      RGBImage(
        width: strip.width, height: strip.width,
        pixels: Array(strip.pixels[($0 * size)..<(($0 + 1) * size)]))
    }
  }

  /// Two clips, and another continuation of the first.
  private func branched(_ workspace: Workspace) async throws -> (video: VideoID, clips: [Clip]) {
    await workspace.findModels()
    let (video, _) = try await workspace.make(
      fixture.model, WorkspaceFixture.settings(clips: 2, seed: 8))
    await workspace.settle()
    let first = try #require(try await workspace.tree(of: video).branch.first)
    try await workspace.extend(
      video, after: first.id, fork: 1, model: fixture.model,
      settings: WorkspaceFixture.settings(seed: 21))
    await workspace.settle()
    return (video, try await workspace.tree(of: video).visible)
  }

  private func bridge(
    _ workspace: Workspace, _ video: VideoID, from clip: Clip, to other: Clip, frames: Int = 8,
    _ settings: GenerationSettings = WorkspaceFixture.settings(seed: 5, laterSteps: 4)
  ) async throws -> JobID {
    let fork = try await workspace.tree(of: video).nextFork(of: clip.id)
    return try await workspace.extend(
      video, after: clip.id, fork: fork, model: fixture.model, settings: settings,
      leading: .clip(other.id, frames: frames))
  }

  @Test("a bridge is a branch: the first clip, the frames between, and a copy of the second")
  func bridge() async throws {
    let workspace = try await fixture.open()
    let (video, clips) = try await branched(workspace)
    let job = try await bridge(workspace, video, from: clips[1], to: clips[2], frames: 6)
    let jobs = await workspace.settle()
    #expect(jobs.first { $0.id == job }?.state == .finished)
    #expect(jobs.first { $0.id == job }?.finishedClips == 2)
    let tree = try await workspace.tree(of: video)
    let branch = tree.branch
    #expect(branch.map(\.id).prefix(2) == [clips[0].id, clips[1].id] && branch.count == 4)
    let (way, copy) = (branch[2], branch[3])
    #expect(way.source == .bridge(to: clips[2].id, frames: 6))
    #expect(copy.source == .copy(of: clips[2].id))
    #expect(try images(way).count == 6)
    #expect(try images(copy) == images(clips[2]))
    #expect(try fixture.latents([copy]) == fixture.latents([clips[2]]))
    // The known frames are carried over to those between them: the seams are those of a video.
    let shown = try images(clips[1]).suffix(1) + images(way) + images(clips[2]).prefix(1)
    func distance(_ first: RGBImage, _ second: RGBImage) -> Int {
      zip(first.pixels, second.pixels).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    }
    let ends = Array(shown)
    #expect(distance(ends[0], ends[1]) < distance(ends[0], ends[7]))
    // What goes on from the way goes on from what is shown of it.
    try await workspace.extend(
      video, after: way.id, fork: 1, model: fixture.model,
      settings: WorkspaceFixture.settings(seed: 3))
    let later = await workspace.settle()
    #expect(later.allSatisfy { $0.state == .finished })
    await workspace.close()
  }

  @Test("what a bridge is made of rebuilds it with both its ends, from the tree and from an export")
  func remake() async throws {
    let workspace = try await fixture.open()
    let models = await workspace.findModels()
    let (video, clips) = try await branched(workspace)
    _ = try await bridge(workspace, video, from: clips[1], to: clips[2])
    await workspace.settle()
    let tip = try #require(try await workspace.tree(of: video).tip)
    try await workspace.extend(
      video, after: tip, fork: 0, model: fixture.model,
      settings: WorkspaceFixture.settings(seed: 77))
    await workspace.settle()
    let tree = try await workspace.tree(of: video)
    let recipe = try #require(tree.recipe)
    #expect(recipe.isWhole && recipe.generated.map(\.clipCount) == [2, 2, 1])
    // The first clip, which both branches have, is made once.
    #expect(recipe.steps.map(\.run.clipCount) == [2, 1, 2, 1])
    #expect(recipe.steps.map(\.place) == [nil, .clip(0), .clip(1), nil])
    #expect(recipe.steps.map(\.target) == [nil, nil, 2, nil])

    let path = fixture.folder.path("way.mkv")
    try await workspace.export(ExportTask(video: video, through: tip, paths: [path]))
    await workspace.settle()
    let carried = try #require(try await workspace.runSettings(in: path)?.wholeRecipe)
    let (found, missing) = carried.resolved(among: models)
    #expect(missing.isEmpty)
    for wanted in [recipe, Recipe(runs: found.runs)] {
      let (again, job) = try await workspace.make(wanted)
      let jobs = await workspace.settle()
      let done = try #require(jobs.first { $0.id == job })
      guard case .generate(let task) = done.task else { continue }
      #expect(done.state == .finished && done.finishedClips == task.clipCount)
      let rebuilt = try await workspace.tree(of: again)
      let original = tree.branch.prefix(rebuilt.branch.count)
      #expect(rebuilt.branch.count == wanted.clipCount)
      #expect(try fixture.latents(rebuilt.branch) == fixture.latents(Array(original)))
      #expect(try rebuilt.branch.map { try images($0) } == original.map { try images($0) })
      #expect(rebuilt.visible.count == wanted.clipCount + 1)
    }
    await workspace.close()
  }

  @Test("a bridge that is interrupted goes on to the same frames, and its copy follows")
  func resume() async throws {
    let slow = WorkspaceFixture.settings(seed: 5, laterSteps: 120)
    let first = try await fixture.open()
    let (video, clips) = try await branched(first)
    _ = try await bridge(first, video, from: clips[1], to: clips[2], slow)
    await first.settle()
    let whole = try await first.tree(of: video).branch
    let job = try await bridge(first, video, from: clips[1], to: clips[2], slow)
    await first.middleOfClip()
    await first.close()

    let second = try await fixture.open()
    #expect(await second.state(of: job) == .interrupted)
    await second.resume(job)
    await second.settle()
    #expect(await second.state(of: job) == .finished)
    let tree = try await second.tree(of: video)
    let again = Array(tree.visible.suffix(2))
    #expect(again.map(\.source.isGenerated) == [true, false])
    #expect(try fixture.latents(again) == fixture.latents(Array(whole.suffix(2))))
    #expect(try images(again[0]) == images(whole[2]))
    // Both are edits of the tree.
    try await second.undo(video)
    try await second.undo(video)
    #expect(try await second.tree(of: video).visible.count == tree.visible.count - 2)
    await second.close()
  }

  @Test(
    "a loop ends where it begins: its last clip shows fewer frames, and its recipe makes it again")
  func loop() async throws {
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(
      fixture.model, WorkspaceFixture.settings(clips: 2, seed: 8))
    await workspace.settle()
    let tip = try #require(try await workspace.tree(of: video).tip)
    try await workspace.extend(
      video, after: tip, fork: 0, model: fixture.model,
      settings: WorkspaceFixture.settings(seed: 8), leading: .start)
    await workspace.settle()
    let tree = try await workspace.tree(of: video)
    let end = try #require(tree.branch.last)
    #expect(end.source == .loop(frames: GenerationJob.loopFrames))
    let length = try images(tree.branch[0]).count
    #expect(try images(end).count == length - GenerationJob.loopFrames)
    let recipe = try #require(tree.recipe)
    #expect(recipe.isWhole && recipe.generated.map(\.clipCount) == [2, 1])
    let (again, _) = try await workspace.make(recipe)
    await workspace.settle()
    let rebuilt = try await workspace.tree(of: again).branch
    #expect(try fixture.latents(rebuilt) == fixture.latents(tree.branch))
    #expect(try images(#require(rebuilt.last)) == images(end))
    // The last frames of a longer run are other ones.
    let plain = try await fixture.longRun(WorkspaceFixture.settings(clips: 3, seed: 8))
    let made = try fixture.latents(tree.branch)
    #expect(plain.prefix(2) == made.prefix(2) && plain[2] != made[2])

    let job = try await workspace.export(
      ExportTask(
        video: video, through: end.id, paths: [fixture.folder.path("loop.safetensors")]))
    let jobs = await workspace.settle()
    guard case .failed(let sentence, _) = jobs.first(where: { $0.id == job })?.state else {
      Issue.record("latents cannot tell which frames are shown")
      return
    }
    #expect(sentence.contains("clip 3 shows some frames of one alone"))
    await workspace.close()
  }

  @Test("footage is led to as well, and rebuilt from its file")
  func footage() async throws {
    let movie = try fixture.makeMovie()
    let workspace = try await fixture.open()
    await workspace.findModels()
    let (video, _) = try await workspace.makeFromFootage(
      movie, firstFrame: 5, model: fixture.model,
      settings: WorkspaceFixture.settings(clips: 1, seed: 3))
    await workspace.settle()
    let clips = try await workspace.tree(of: video).visible
    _ = try await bridge(workspace, video, from: clips[1], to: clips[0])
    await workspace.settle()
    let tree = try await workspace.tree(of: video)
    #expect(tree.branch.count == 4)
    // From the footage itself, which a branch of one clip is led to.
    let alone = Recipe(
      runs: [try #require(tree.recipe?.runs[0])] + [
        Recipe.Run(
          firstClip: 1, clipCount: 2, seed: 4, settings: WorkspaceFixture.settings(seed: 4),
          model: fixture.model,
          lead: .clip(try #require(tree.recipe), frames: 4))
      ])
    for wanted in [try #require(tree.recipe), alone] {
      let (again, job) = try await workspace.make(wanted)
      let jobs = await workspace.settle()
      #expect(jobs.first { $0.id == job }?.state == .finished, "\(jobs[0].state)")
      let rebuilt = try await workspace.tree(of: again)
      #expect(rebuilt.branch.count == wanted.clipCount)
      if wanted == tree.recipe {
        #expect(try fixture.latents(rebuilt.branch) == fixture.latents(tree.branch))
      }
    }
    let (located, missing) = try #require(tree.recipe).embedded.located(beside: "/nowhere")
    #expect(missing == "brought.gif" && located.runs[0].source == "/nowhere/brought.gif")
    await workspace.close()
  }

  @Test("no way leads from a clip to itself, to one that is gone, over too many frames or sizes")
  func refused() async throws {
    let workspace = try await fixture.open()
    let (video, clips) = try await branched(workspace)
    func sentence(_ body: () async throws -> Void) async -> String {
      do {
        try await body()
        return "nothing was wrong"
      } catch {
        return Explanation(error).sentence
      }
    }
    let same = await sentence {
      _ = try await bridge(workspace, video, from: clips[1], to: clips[1])
    }
    #expect(same.contains("the clip to lead to is the one to lead from"))
    for count in [0, 16] {
      let text = await sentence {
        _ = try await bridge(workspace, video, from: clips[1], to: clips[2], frames: count)
      }
      #expect(text.contains("the number of frames to make is \(count); expected 1 to 15"))
    }
    let start = await sentence {
      try await workspace.extend(
        video, after: nil, fork: 0, model: fixture.model, settings: WorkspaceFixture.settings(),
        leading: .start)
    }
    #expect(start.contains("the clip to lead from is none"))
    try await workspace.drop(clips[2].id, in: video)
    let gone = await sentence {
      _ = try await bridge(workspace, video, from: clips[1], to: clips[2])
    }
    #expect(gone.contains("the clip to lead to is not there any more"))
    try await workspace.undo(video)
    // A clip of another size, as another model makes them.
    let strip = "\(fixture.folders.data)/clips/\(clips[2].id.rawValue).png"
    try FileManager.default.removeItem(atPath: strip)
    try PNGFile.write(RGBImage(width: 8, height: 128, fill: (1, 2, 3)), to: strip)
    let job = try await bridge(workspace, video, from: clips[1], to: clips[2])
    let jobs = await workspace.settle()
    guard case .failed(let text, _) = jobs.first(where: { $0.id == job })?.state else {
      Issue.record("\(jobs)")
      return
    }
    #expect(text.contains("the size of the clips is 8 x 8"))
    await workspace.close()
  }

  @Test("recipes that lead nowhere or from nothing tell of no video")
  func recipes() async throws {
    let workspace = try await fixture.open()
    let (video, clips) = try await branched(workspace)
    _ = try await bridge(workspace, video, from: clips[1], to: clips[2])
    await workspace.settle()
    let recipe = try #require(try await workspace.tree(of: video).recipe)
    let text = try JSONEncoder().encode(recipe)
    #expect(try JSONDecoder().decode(Recipe.self, from: text) == recipe)
    var empty = recipe
    empty.runs[1].lead = .clip(Recipe(runs: []), frames: 8)
    var first = recipe
    first.runs[0].lead = .start(frames: 4)
    var long = recipe
    long.runs[1].clipCount = 3
    for wrong in [empty, first, long] {
      #expect(!wrong.isWhole)
      await #expect(throws: StudioError.self) { try await workspace.make(wrong) }
    }
    var wide = recipe
    wide.runs[1].lead = .start(frames: 1 << 50)
    let stored = try JSONEncoder().encode(wide)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(Recipe.self, from: stored) }
    await workspace.close()
  }
}
