import Foundation
import KitTestSupport
import RunKit
import StudioKit
import StudioLink
import Testing

/// A screen behind a socket does what one in the workspace's own process does.
@Suite(.serialized) struct SocketServiceTests {
  private let fixture: LinkFixture
  init() async throws { fixture = try await LinkFixture() }

  private func settings(clips: Int = 2, seed: UInt64 = 5) -> GenerationSettings {
    WorkspaceFixture.settings(clips: clips, seed: seed)
  }

  @Test(
    "a video is made, looked at, edited, exported and opened again", arguments: [false, true])
  func wholeSession(isLocal: Bool) async throws {
    let service: any StudioService =
      isLocal ? LocalService { [fixture] in fixture.workspace } : fixture.service()
    let greeting = try await service.open()
    #expect(greeting.modelFolders.contains(fixture.path("samples")))
    #expect(service.outlivesScreen != isLocal)

    let made = try #require(
      await service.ask(.order(.make(fixture.model, settings()))).tree)
    #expect(await service.settle().map(\.state) == [.finished])
    let tree = try #require(await service.ask(.video(.open(made.video))).tree)
    #expect(tree.visible.count == 2)
    let own = try await fixture.workspace.tree(of: made.video)
    #expect(own == tree)

    let ids = tree.visible.map(\.id)
    guard case .frames(let frames) = await service.ask(.query(.loadFrames(ids))) else {
      Issue.record("no frames")
      return
    }
    let direct = await fixture.workspace.frames(of: ids)
    #expect(frames.map(\.images) == direct.map(\.images) && frames.count == 2)

    _ = await service.ask(.tree(.drop(made.video, ids[1])))
    let dropped = await service.first { event in
      if case .tree(let tree) = event, tree.dropped == [ids[1]] { true } else { nil }
    }
    #expect(dropped == true)

    let path = fixture.path("out.gif")
    let task = ExportTask(video: made.video, through: ids[0], paths: [path])
    #expect(await service.ask(.order(.export(task))).notice?.sentence == "writing out.gif")
    _ = await service.settle(2)
    guard case .wouldReplace(let taken, let confirmed) = await service.ask(.order(.export(task)))
    else {
      Issue.record("it was not asked")
      return
    }
    #expect(taken.contains(path))
    var replacing = task
    replacing.overwrites = true
    #expect(confirmed == .order(.export(replacing)))
    guard case .leads(to: .output(let found, let told)) = await service.ask(.open(path: path))
    else {
      Issue.record("it is no output")
      return
    }
    #expect(found == path && told.recipe?.runs.first?.seed == 5)

    #expect(await service.ask(.order(.resumeTraining("/nowhere"))).notice?.level == .error)
    await service.close()
    await fixture.end()
  }

  @Test("what one screen does, all see, and one that leaves takes nothing along")
  func severalScreens() async throws {
    let (first, second) = (fixture.service(), fixture.service())
    _ = try await first.open()
    _ = try await second.open()
    let video = try #require(await first.ask(.video(.newCanvas(nil))).tree?.video)
    _ = await first.ask(.video(.rename(video, "dusk")))
    let seen = await second.first { event in
      if case .videos(let videos) = event, videos.first?.title == "dusk" { true } else { nil }
    }
    #expect(seen == true)
    _ = await first.ask(.remember(.theme("dark")))
    await first.close()
    _ = await second.ask(.remember(.announces(false)))
    #expect(await second.ask(.video(.mark(video, true))).notice == nil)

    // A preference of one screen leaves those of others as they are.
    let third = fixture.service()
    let greeting = try await third.open()
    #expect(greeting.preferences.theme == "dark" && greeting.preferences.announces == false)
    for service in [second, third] { await service.close() }
    await fixture.end()
  }

  @Test("what was asked for last before leaving is done, in its order")
  func leaving() async throws {
    let service = fixture.service()
    _ = try await service.open()
    let video = try #require(await service.ask(.video(.newCanvas(nil))).tree?.video)
    for number in 0..<200 { service.perform(.video(.rename(video, "name \(number)"))) { _ in } }
    await service.close()
    let title = await fixture.workspace.first { event in
      if case .videos(let videos) = event, videos.first?.title == "name 199" {
        videos.first?.title
      } else {
        nil
      }
    }
    #expect(title == "name 199")
    await fixture.end()
  }

  @Test("relative paths are the screen's")
  func paths() async throws {
    let service = fixture.service()
    _ = try await service.open()
    let here = FileManager.default.currentDirectoryPath
    let answer = await service.ask(.open(path: "no-such-file"))
    #expect(answer.notice?.sentence.contains(here + "/no-such-file") == true)
    guard case .completion(let completion) = await service.ask(.query(.completePath("Pack")))
    else {
      Issue.record("no completion")
      return
    }
    #expect(completion == PathCompletion(of: "Pack"))
    await service.close()
    await fixture.end()
  }

  @Test(
    "a worker that is lost is replaced, its screens go on, and what it cannot answer is not waited for"
  )
  func reconnection() async throws {
    let service = fixture.service()
    _ = try await service.open()
    let video = try #require(await service.ask(.video(.newCanvas(nil))).tree?.video)
    let notices = Task {
      await service.first { event in
        if case .notice(let notice) = event { notice } else { nil }
      }
    }
    fixture.ends.withLock { $0[0].hangUp() }
    #expect(await notices.value?.sentence.contains("another was started") == true)
    _ = await service.ask(.video(.rename(video, "later")))
    let seen = await service.first { event in
      if case .videos(let videos) = event, videos.first?.title == "later" { true } else { nil }
    }
    #expect(seen == true && fixture.ends.withLock { $0.count } == 2)
    #expect(service.failure == nil)
    await service.close()
    await fixture.end()
  }

  @Test("a worker that ends again and again is not started for ever")
  func lostAgain() async throws {
    let service = fixture.service(patience: .seconds(3_600))
    _ = try await service.open()
    let events = Task { for await _ in await service.events() {} }
    fixture.ends.withLock { $0[0].hangUp() }
    await events.value
    #expect((service.failure as? LinkError)?.problem == .lost)
    #expect(fixture.ends.withLock { $0.count } == 1)
    // Whoever asks now is answered, and leaving waits for nothing.
    _ = await service.ask(.query(.findModels))
    await service.close()
    await fixture.end()
  }

  @Test("screens are told when the worker was stopped")
  func farewell() async throws {
    let service = fixture.service()
    _ = try await service.open()
    let events = Task { for await _ in await service.events() {} }
    await fixture.workspace.close()
    await events.value
    #expect((service.failure as? LinkError)?.problem == .stopped)
    await service.close()
  }
}
