import Foundation
import KitTestSupport
import MediaIO
import RunKit
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// Branches written to files, with their settings.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceExportTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  /// A workspace with a video of two runs.
  private func made() async throws -> (Workspace, VideoID, [Clip]) {
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(
      fixture.model, WorkspaceFixture.settings(clips: 2, seed: 8))
    await workspace.settle()
    let tip = try await workspace.tree(of: video).tip
    try await workspace.extend(
      video, after: tip, fork: 0, model: fixture.model,
      settings: WorkspaceFixture.settings(clips: 1, seed: 99))
    await workspace.settle()
    return (workspace, video, try await workspace.tree(of: video).branch)
  }

  @Test("a preset made of a video of several runs says whose settings it has")
  func presetOfSeveralRuns() async throws {
    let (workspace, video, _) = try await made()
    func export(_ name: String) async throws -> (preset: Preset, note: String?) {
      let path = fixture.folder.path(name)
      try await workspace.export(
        ExportTask(
          video: video, through: try #require(try await workspace.tree(of: video).tip),
          paths: [path]))
      await workspace.settle()
      return try Preset.embedded(in: path)
    }
    // Seeds are no part of a preset, so that two runs alike are one settings.
    #expect(try await export("a.safetensors").note == nil)
    var other = WorkspaceFixture.settings(clips: 2, seed: 5)
    other.eta = 0.25
    try await workspace.extend(
      video, after: try await workspace.tree(of: video).tip, fork: 0, model: fixture.model,
      settings: other)
    await workspace.settle()
    let (preset, note) = try await export("b.safetensors")
    #expect(preset.settings.eta == 0.25)
    #expect(
      note
        == "b.safetensors was made by 3 runs, which differ in eta; these are the settings of the "
        + "last, which made clips 4 to 5")
    await workspace.close()
  }

  @Test("a branch is written in every format, and each tells what made it")
  func everyFormat() async throws {
    let (workspace, video, branch) = try await made()
    let names = ["a.mp4", "a.webm", "a.gif", "a.png", "frames/", "a.safetensors"]
    let job = try await workspace.export(
      ExportTask(
        video: video, through: branch[2].id, paths: names.map(fixture.folder.path), scale: 2))
    await workspace.settle()
    #expect(await workspace.state(of: job) == .finished)
    for name in names.prefix(3) {
      #expect(try VideoReader(path: fixture.folder.path(name)).frameCount() == 48, "\(name)")
    }
    #expect(
      try LatentFile(contentsOf: fixture.folder.path("a.safetensors")).latents
        == fixture.latents(branch))
    for name in names {
      let restored = try #require(
        try await workspace.runSettings(in: fixture.folder.path(name))
          .flatMap(GenerationSettings.init), "\(name)")
      #expect(restored.seed == 99 && restored.laterSteps == 2 && restored.clipCount == 3, "\(name)")
    }
    let sidecar = try String(contentsOfFile: fixture.folder.path("a.mp4.json"), encoding: .utf8)
    #expect(sidecar == (try MediaMetadata.read(fixture.folder.path("a.mp4"))))
    let told = SettingExplanation.all(in: try #require(JSONValue(parsing: sidecar)))
    #expect(told.contains { $0.name == "runs.2.seed" && $0.value == "99" && !$0.meaning.isEmpty })
    let runs = try #require(RunSettings(json: sidecar)?.recipe?.runs)
    #expect(runs.map(\.firstClip) == [0, 2] && runs.map(\.clipCount) == [2, 1])
    #expect(runs.map(\.seed) == [8, 99] && runs[0].settings.steps == 3)
    #expect(await workspace.toldVideos[0].exports == names.map(fixture.folder.path))
    await workspace.close()
    try FileManager.default.removeItem(atPath: fixture.folder.path("a.gif"))
    let again = try await fixture.open()
    #expect(await again.toldVideos[0].exports.count == 5)
    await again.close()
  }

  @Test("frames of an export are the clips' frames in order")
  func frames() async throws {
    let (workspace, video, branch) = try await made()
    _ = try await workspace.export(
      ExportTask(video: video, through: branch[1].id, paths: [fixture.folder.path("frames/")]))
    await workspace.settle()
    let reader = try VideoReader(path: fixture.folder.path("frames/"))
    var frames: [RGBImage] = []
    while let frame = try reader.nextFrame() { frames.append(frame) }
    let expected = await workspace.frames(of: branch.prefix(2).map(\.id)).flatMap(\.images)
    #expect(frames == expected)
    await workspace.close()
  }

  @Test("an export does not wait for a run without end")
  func beside() async throws {
    let (workspace, video, branch) = try await made()
    let (_, run) = try await workspace.make(
      fixture.model,
      WorkspaceFixture.settings(clips: nil, seed: 1, steps: 200, laterSteps: 200))
    await workspace.middleOfClip()
    let job = try await workspace.export(
      ExportTask(video: video, through: branch[0].id, paths: [fixture.folder.path("a.png")]))
    _ = await workspace.first { event -> Bool? in
      guard case .jobs(let jobs) = event else { return nil }
      return jobs.contains { $0.id == job && $0.state == .finished } ? true : nil
    }
    #expect(await workspace.state(of: run) == .running)
    await workspace.close()
  }

  @Test("a file that exists is not replaced, and its job says so")
  func exists() async throws {
    let (workspace, video, branch) = try await made()
    let path = fixture.folder.path("a.gif")
    try Data("mine".utf8).write(to: URL(filePath: path))
    let job = try await workspace.export(
      ExportTask(video: video, through: branch[0].id, paths: [path]))
    await workspace.settle()
    guard case .failed(let sentence, _)? = await workspace.state(of: job) else {
      Issue.record("the job did not fail")
      return
    }
    #expect(sentence.contains("already"))
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "mine")
    await workspace.close()
  }

  @Test("a still carries its clip's settings")
  func still() async throws {
    let (workspace, _, branch) = try await made()
    let path = fixture.folder.path("still.png")
    try await workspace.saveStill(of: branch[2].id, frame: 5, to: path)
    #expect(try PNGFile.read(path) == (await workspace.frames(of: [branch[2].id])[0].images[5]))
    #expect(try await workspace.runSettings(in: path)?.seed == 99)
    await #expect(throws: StudioError.self) {
      try await workspace.saveStill(of: branch[2].id, frame: 16, to: fixture.folder.path("b.png"))
    }
    await workspace.close()
  }
}
