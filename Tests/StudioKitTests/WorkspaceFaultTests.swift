import Foundation
import GRDB
import KitTestSupport
import MediaIO
import RunKit
import SessionStore
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// What may go wrong around a workspace, and that nothing is lost by it.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceFaultTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  private static var endless: GenerationSettings {
    WorkspaceFixture.settings(clips: nil, seed: 31, steps: 200, laterSteps: 200)
  }

  private func clipFiles() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: fixture.folders.data + "/clips").sorted()
  }

  @Test("SIGKILL in the middle of a clip loses at most steps of that clip")
  func killed() async throws {
    let root = fixture.folder.url.path
    await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String] in
      let workspace = try await WorkspaceFixture.open(WorkspaceFixture.folders(in: root))
      try await workspace.make(
        WorkspaceFixture.model(in: root + "/samples/tiny"), WorkspaceFaultTests.endless)
      await workspace.middleOfClip(after: 1)
      kill(getpid(), SIGKILL)
      _ = await workspace.settle()
    }
    let workspace = try await fixture.open()
    let job = try #require(await workspace.toldJobs.first)
    #expect(job.state == .interrupted && job.finishedClips >= 1)
    let video = try #require(job.video)
    #expect(try await workspace.tree(of: video).branch.count == job.finishedClips)
    let kept = try SavedRun(
      contentsOf: fixture.folders.data + "/runs/\(job.id.rawValue).safetensors")
    #expect((1...200).contains(kept.state.sampler?.stepIndex ?? 0))

    await workspace.resume(job.id)
    // It goes on from the saved step: no earlier step of the clip is told again.
    let first = await workspace.first { event -> JobProgress? in
      guard case .progress(let progress) = event, progress.phase == .sampling else { return nil }
      return progress
    }
    #expect(first.map { $0.step >= 1 || $0.finishedClips > job.finishedClips } == true)
    await workspace.middleOfClip(after: job.finishedClips + 1)
    await workspace.finish(job.id, atOnce: true)
    await workspace.settle()
    let branch = try await workspace.tree(of: video).branch
    #expect(branch.count > job.finishedClips)
    await workspace.close()
    var whole = Self.endless
    whole.clipCount = branch.count
    #expect(try await fixture.latents(branch) == fixture.longRun(whole))
  }

  @Test("a full disk fails the run in words and costs no clip; with space the run goes on")
  func diskFull() async throws {
    // A limit on the size of files makes writes fail as a full disk does, without needing a file
    // system of one's own; it holds for a whole process, so for a child.
    let root = fixture.folder.url.path
    await #expect(processExitsWith: .success) { [root = root as String] in
      signal(SIGXFSZ, SIG_IGN)
      let folders = WorkspaceFixture.folders(in: root)
      let workspace = try await WorkspaceFixture.open(folders)
      let (video, job) = try await workspace.make(
        WorkspaceFixture.model(in: root + "/samples/tiny"), WorkspaceFaultTests.endless)
      await workspace.middleOfClip(after: 1)
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      var none = limit
      none.rlim_cur = 0
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &none)
      await workspace.settle()
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      guard case .failed(let sentence, let remedy)? = await workspace.state(of: job) else {
        Issue.record("the job did not fail")
        return
      }
      #expect(sentence.contains("safetensors") || sentence.contains("space"))
      #expect(remedy.contains("Free some space"))
      let before = try await workspace.tree(of: video).branch
      #expect(before.count >= 1)
      await workspace.resume(job)
      await workspace.middleOfClip(after: before.count + 1)
      await workspace.finish(job, atOnce: true)
      await workspace.settle()
      let after = try await workspace.tree(of: video).branch
      #expect(Array(after.prefix(before.count)) == before && after.count > before.count)
      await workspace.close()
    }
    let workspace = try await fixture.open()
    let video = try #require(await workspace.toldVideos.first?.id)
    let branch = try await workspace.tree(of: video).branch
    await workspace.close()
    var whole = Self.endless
    whole.clipCount = branch.count
    #expect(try await fixture.latents(branch) == fixture.longRun(whole))
  }

  @Test("a data folder without permission to write gives way to a temporary one, and says so")
  func readOnly() async throws {
    let root = fixture.folder.url.path
    await #expect(processExitsWith: .success) { [root = root as String] in
      let data = root + "/locked"
      try FileManager.default.createDirectory(atPath: data, withIntermediateDirectories: false)
      chmod(data, 0o555)
      // Nothing is read-only to the superuser.
      if geteuid() == 0 { #expect(setuid(65534) == 0) }
      let workspace = try await WorkspaceFixture.open(
        StudioFolders(data: data + "/studio", configuration: root + "/configuration"))
      #expect(workspace.isTemporary && workspace.folders.data != data + "/studio")
      let notice = await workspace.first { event -> Notice? in
        if case .notice(let notice) = event { notice } else { nil }
      }
      #expect(notice?.level == .warning && notice?.remedy.contains("Export") == true)
      let (video, _) = try await workspace.make(
        WorkspaceFixture.model(in: root + "/samples/tiny"), WorkspaceFixture.settings())
      await workspace.settle()
      #expect(try await workspace.tree(of: video).branch.count == 1)
      await workspace.close()
      try FileManager.default.removeItem(atPath: workspace.folders.data)
    }
  }

  @Test("a data folder that is a file gives way too")
  func notAFolder() async throws {
    try Data("mine".utf8).write(to: URL(filePath: fixture.folder.path("file")))
    let workspace = try await WorkspaceFixture.open(
      StudioFolders(data: fixture.folder.path("file"), configuration: fixture.folder.path("c")))
    #expect(workspace.isTemporary)
    await workspace.close()
    #expect(try String(contentsOfFile: fixture.folder.path("file"), encoding: .utf8) == "mine")
  }

  @Test("a newer program's database is refused with what to do")
  func newerDatabase() async throws {
    let text = Explanation(SessionStoreError(path: "studio.sqlite", .newer)).text
    #expect(text.contains("newer version") && text.contains("--data FOLDER"))
  }

  @Test("two studios do not share a data folder")
  func inUse() async throws {
    let workspace = try await fixture.open()
    let error = await #expect(throws: StudioError.self) { _ = try await fixture.open() }
    guard case .inUse(let holder) = error?.problem else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(holder?.process == getpid())
    let sentence = try Explanation(#require(error)).sentence
    #expect(sentence.contains("process \(getpid()) of ") && sentence.contains("since 2001-01-01"))
    await workspace.close()
  }

  @Test("files that a killed process left are removed, and nobody else's")
  func leftovers() async throws {
    let workspace = try await fixture.open()
    _ = try await workspace.make(fixture.model, WorkspaceFixture.settings())
    await workspace.settle()
    await workspace.close()
    let whole = try clipFiles()
    let mine = ["notes.txt", "7b.png", ".hidden", "3.png.bak"]
    for name in mine + ["99.safetensors", "99.png", ".98.safetensors.1a2b.partial"] {
      try Data("x".utf8).write(to: URL(filePath: fixture.folders.data + "/clips/" + name))
    }
    try Data("x".utf8).write(to: URL(filePath: fixture.folders.data + "/runs/55.safetensors"))
    let again = try await fixture.open()
    #expect(try clipFiles() == (whole + mine).sorted())
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: fixture.folders.data + "/runs").isEmpty)
    await again.close()
  }

  @Test("SIGKILL in the middle of an export leaves nothing half, and the export is done again")
  func killedExport() async throws {
    let root = fixture.folder.url.path
    try FileManager.default.createDirectory(
      atPath: root + "/out", withIntermediateDirectories: false)
    await #expect(processExitsWith: .signal(SIGKILL)) { [root = root as String] in
      let workspace = try await WorkspaceFixture.open(WorkspaceFixture.folders(in: root))
      let (video, _) = try await workspace.make(
        WorkspaceFixture.model(in: root + "/samples/tiny"), WorkspaceFixture.settings(clips: 10))
      await workspace.settle()
      let tip = try #require(try await workspace.tree(of: video).tip)
      try await workspace.export(
        ExportTask(video: video, through: tip, paths: [root + "/out/a.mp4"], scale: 4))
      // The file has its temporary name from the beginning to the end of the job.
      while true {
        let names = try FileManager.default.contentsOfDirectory(atPath: root + "/out")
        if names.contains(where: { $0.hasPrefix(".a.mp4.") }) { kill(getpid(), SIGKILL) }
        if await workspace.toldJobs.allSatisfy(\.state.isOver) { return }
      }
    }
    let out = fixture.folder.path("out")
    #expect(try FileManager.default.contentsOfDirectory(atPath: out).count == 1)
    let workspace = try await fixture.open()
    #expect(try FileManager.default.contentsOfDirectory(atPath: out).isEmpty)
    let job = try #require(await workspace.toldJobs.first { $0.state == .interrupted })
    await workspace.resume(job.id)
    await workspace.settle()
    #expect(await workspace.state(of: job.id) == .finished)
    #expect(try VideoReader(path: out + "/a.mp4").frameCount() == 160)
    await workspace.close()
  }

  @Test("an export that was killed after its file had its name is done, and one of two goes on")
  func killedAfterRename() async throws {
    let names = ["a.gif", "b.png", "frames/"]
    let paths = names.map { fixture.folder.path($0) }
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(fixture.model, WorkspaceFixture.settings())
    await workspace.settle()
    let tip = try #require(try await workspace.tree(of: video).tip)
    let job = try await workspace.export(ExportTask(video: video, through: tip, paths: paths))
    await workspace.settle()
    await workspace.close()

    func kill(without removed: [String]) async throws {
      let database = fixture.folders.data + "/studio.sqlite"
      let queue = try DatabaseQueue(path: database)
      try await queue.write { database in
        try database.execute(sql: "DELETE FROM exports")
        try database.execute(
          sql: "UPDATE jobs SET state = '{\"running\":{}}', ended = NULL WHERE id = ?",
          arguments: [job.rawValue])
      }
      try queue.close()
      for name in removed { try FileManager.default.removeItem(atPath: fixture.folder.path(name)) }
    }
    try await kill(without: ["a.gif.json"])
    let second = try await fixture.open()
    #expect(await second.state(of: job) == .finished)
    #expect(await second.toldVideos.first?.exports.count == 3)
    #expect(FileManager.default.fileExists(atPath: fixture.folder.path("a.gif.json")))
    await second.close()

    try await kill(without: ["b.png", "b.png.json"])
    let third = try await fixture.open()
    #expect(await third.state(of: job) == .interrupted)
    let before = try Data(contentsOf: URL(filePath: fixture.folder.path("a.gif")))
    await third.resume(job)
    await third.settle()
    #expect(await third.state(of: job) == .finished)
    #expect(await third.toldVideos.first?.exports.count == 3)
    #expect(try Data(contentsOf: URL(filePath: fixture.folder.path("a.gif"))) == before)
    await third.close()
  }

  @Test("a file of somebody's under an export's name is not taken for the export's own")
  func foreignOutput() async throws {
    let path = fixture.folder.path("a.gif")
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(fixture.model, WorkspaceFixture.settings(clips: 2))
    await workspace.settle()
    let branch = try await workspace.tree(of: video).branch
    try await workspace.export(ExportTask(video: video, through: branch[0].id, paths: [path]))
    await workspace.settle()
    let job = try await workspace.export(
      ExportTask(video: video, through: branch[1].id, paths: [path]))
    await workspace.settle()
    await workspace.close()
    let queue = try DatabaseQueue(path: fixture.folders.data + "/studio.sqlite")
    try await queue.write { database in
      try database.execute(
        sql: "UPDATE jobs SET state = '{\"running\":{}}' WHERE id = ?", arguments: [job.rawValue])
    }
    try queue.close()
    let second = try await fixture.open()
    #expect(await second.state(of: job) == .interrupted)
    await second.close()
  }

  @Test("a clip whose frames were removed is noticed once and hides no other")
  func missingFrames() async throws {
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(fixture.model, WorkspaceFixture.settings(clips: 2))
    await workspace.settle()
    let clips = try await workspace.tree(of: video).branch.map(\.id)
    try FileManager.default.removeItem(
      atPath: fixture.folders.data + "/clips/\(clips[0].rawValue).png")
    for _ in 0..<2 { #expect(await workspace.frames(of: clips).map(\.clip) == [clips[1]]) }
    await workspace.close()
    var notices: [Notice] = []
    for await event in workspace.events() {
      if case .notice(let notice) = event, notice.level == .error { notices.append(notice) }
    }
    #expect(notices.count == 1 && notices[0].sentence.contains("gone"))
  }

  @Test("a listener that is slow hears the newest of everything, and no backlog")
  func slowListener() async throws {
    let workspace = try await fixture.open()
    let video = try await workspace.newCanvas(nil)
    let events = workspace.events()
    for number in 0..<200 { try await workspace.rename(video, "title \(number)") }
    await workspace.close()
    var count = 0
    var title = ""
    for await event in events {
      count += 1
      if case .videos(let videos) = event { title = videos.first?.title ?? "" }
    }
    #expect(title == "title 199" && count < 12)
  }
}

extension Job {
  /// The video that it makes.
  var video: VideoID? {
    switch task {
    case .generate(let task): task.video
    case .export(let task): task.video
    case .evaluate, .train: nil
    }
  }
}
