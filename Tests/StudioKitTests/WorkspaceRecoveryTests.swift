import Foundation
import GRDB
import KitTestSupport
import RunKit
import StudioKit
import TestSupport
import Testing
import VideoDiffusion

/// What a damaged or lost database costs the studio: nothing that clip files or backups know.
@Suite(.timeLimit(.minutes(20)))
struct WorkspaceRecoveryTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  private var data: String { fixture.folders.data }
  private var database: String { data + "/studio.sqlite" }

  private func names(_ folder: String = "") throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: data + "/" + folder).sorted()
  }

  /// A video of two clips with a roll and a branch, and another video.
  private func makeTrees() async throws -> [ClipTree] {
    let workspace = try await fixture.open()
    let (first, _) = try await workspace.make(
      fixture.model, WorkspaceFixture.settings(clips: 2, seed: 3))
    try await workspace.make(fixture.model, WorkspaceFixture.settings(seed: 4))
    await workspace.settle()
    let start = try #require(try await workspace.tree(of: first).branch.first)
    for (fork, seed) in [(0, UInt64(5)), (1, 6)] {
      try await workspace.extend(
        first, after: start.id, fork: fork, model: fixture.model,
        settings: WorkspaceFixture.settings(seed: seed))
      await workspace.settle()
    }
    let trees = try await trees(workspace)
    await workspace.close()
    return trees
  }

  private func trees(_ workspace: Workspace) async throws -> [ClipTree] {
    var trees: [ClipTree] = []
    for video in await workspace.toldVideos.map(\.id).sorted() {
      trees.append(try await workspace.tree(of: video))
    }
    return trees
  }

  @Test(
    "without database and backups, clip files bring back every tree, bit for bit",
    arguments: [Data?.none, Data(), Data("damage".utf8)])
  func clipFilesAlone(content: Data?) async throws {
    let trees = try await makeTrees()
    let files = try names("clips")
    try FileManager.default.removeItem(atPath: data + "/backups")
    try FileManager.default.removeItem(atPath: database)
    if let content { try content.write(to: URL(filePath: database)) }

    let workspace = try await fixture.open()
    let told = await workspace.openingNotices
    let found = try await self.trees(workspace)
    #expect(found.map(\.visible) == trees.map(\.visible))
    #expect(await workspace.toldVideos.map(\.title).allSatisfy { $0.hasPrefix("tiny, seed ") })
    #expect(try names("clips") == files)
    // It goes on where it was, under numbers that were never used.
    try await workspace.extend(
      found[0].video, after: found[0].tip, fork: 0, model: fixture.model,
      settings: WorkspaceFixture.settings(seed: 3))
    await workspace.settle()
    let longer = try await workspace.tree(of: found[0].video)
    #expect(longer.clips.keys.max().map { $0.rawValue } == 6)
    await workspace.close()
    let notice = try #require(told.first { $0.sentence.contains("database was ") })
    #expect(notice.sentence.contains("2 videos, 5 clips"))
    #expect(notice.sentence.contains("from clip files"))
    if content != nil {
      let name = try #require(try names().first { $0.hasPrefix("studio.sqlite.damaged-") })
      #expect(notice.remedy.contains(data + "/" + name))
    }
  }

  @Test("with a backup, titles, marks, jobs and edits are back too")
  func backup() async throws {
    _ = try await makeTrees()
    let workspace = try await fixture.open()
    let video = try #require(await workspace.toldVideos.map(\.id).min())
    try await workspace.rename(video, "my clouds")
    try await workspace.mark(video, true)
    try await workspace.star(video, true)
    let starred = try #require(try await workspace.tree(of: video).tip)
    try await workspace.star(starred, in: video, true)
    let (videos, jobs) = (await workspace.toldVideos, await workspace.toldJobs)
    await workspace.close()
    try Data("damage".utf8).write(to: URL(filePath: database))

    let again = try await fixture.open()
    let told = await again.openingNotices
    #expect(await again.toldVideos == videos)
    #expect(await again.toldJobs == jobs)
    try await again.undo(video)
    await again.close()
    #expect(told.contains { $0.sentence.contains("from the backup of 2001-01-01") }, "\(told)")
  }

  @Test("clips whose rows were lost with the log are entered again at the next start")
  func logLost() async throws {
    let before = try await fixture.open()
    await before.close()
    let old = try Data(contentsOf: URL(filePath: database))
    let trees = try await makeTrees()
    // The database as it was before anything was made: what a lost log leaves.
    try old.write(to: URL(filePath: database))
    let workspace = try await fixture.open()
    #expect(await workspace.openingNotices.contains { $0.sentence.hasPrefix("5 clips") })
    #expect(try await self.trees(workspace).map(\.visible) == trees.map(\.visible))
    await workspace.close()
  }

  @Test("files that nothing can be told of are moved out of the way, and not deleted")
  func unknownFiles() async throws {
    _ = try await makeTrees()
    try Data("x".utf8).write(to: URL(filePath: data + "/clips/77.png"))
    try Data("y".utf8).write(to: URL(filePath: data + "/clips/78.safetensors"))
    try Data("z".utf8).write(to: URL(filePath: data + "/runs/55.safetensors"))
    try FileManager.default.removeItem(atPath: data + "/backups")
    try FileManager.default.removeItem(atPath: database)
    let workspace = try await fixture.open()
    let clips = try #require(try names().first { $0.hasPrefix("clips.without-database-") })
    let runs = try #require(try names().first { $0.hasPrefix("runs.without-database-") })
    #expect(try names(clips) == ["77.png", "78.safetensors"])
    #expect(try names(runs) == ["55.safetensors"])
    #expect(await workspace.openingNotices.contains { $0.remedy.contains(clips) })
    await workspace.close()
  }

  @Test("so are those of a start that ended before it could move them")
  func unknownFilesLater() async throws {
    let before = try await fixture.open()
    await before.close()
    try Data("y".utf8).write(to: URL(filePath: data + "/clips/78.safetensors"))
    try Data().write(to: URL(filePath: database + ".unsorted"))
    let workspace = try await fixture.open()
    let clips = try #require(try names().first { $0.hasPrefix("clips.without-database-") })
    #expect(try names(clips) == ["78.safetensors"])
    #expect(try !names().contains("studio.sqlite.unsorted"))
    await workspace.close()
  }

  @Test("clips of earlier versions, whose files say less, are put together by seed and model")
  func olderClipFiles() async throws {
    let trees = try await makeTrees()
    for clip in trees.flatMap(\.visible) {
      let path = "\(data)/clips/\(clip.id.rawValue).safetensors"
      let file = try LatentFile(contentsOf: path)
      try LatentFile.write(
        file.latents, metadata: file.metadata.filter { $0.key == "pvdm" }, to: path)
    }
    try FileManager.default.removeItem(atPath: data + "/backups")
    try Data().write(to: URL(filePath: database))
    let workspace = try await fixture.open()
    let found = try await self.trees(workspace)
    #expect(found.flatMap(\.visible).map(\.id).sorted() == (1...5).map { ClipID(rawValue: $0) })
    let first = try #require(found.first)
    #expect(first.path(to: ClipID(rawValue: 2)).map(\.id.rawValue) == [1, 2])
    #expect(first.clips[ClipID(rawValue: 2)]?.settings.seed == 3)
    await workspace.close()
  }

  @Test("a clip that was complete when the process ended, and not entered yet, is entered once")
  func killedBeforeRow() async throws {
    let trees = try await makeTrees()
    let last = try #require(trees[1].visible.first)
    // As the database was before the clip's row: neither row nor number is known.
    let queue = try DatabaseQueue(path: database)
    try await queue.write { database in
      try database.execute(sql: "DELETE FROM clips WHERE id >= ?", arguments: [last.id.rawValue])
      try database.execute(
        sql: "UPDATE sqlite_sequence SET seq = ? WHERE name = 'clips'",
        arguments: [last.id.rawValue - 1])
    }
    try queue.close()
    for _ in 0..<2 {
      let workspace = try await fixture.open()
      #expect(try await workspace.tree(of: last.video).visible == [last])
      await workspace.close()
    }
  }

  @Test("the database is copied when the queue comes to rest and when the studio ends")
  func backups() async throws {
    _ = try await makeTrees()
    let copies = try names("backups")
    #expect(!copies.isEmpty && copies.count <= 3)
    let workspace = try await fixture.open()
    await workspace.close()
    #expect(try names("backups") == copies, "nothing changed")
    #expect(try names().allSatisfy { !$0.contains("partial") && !$0.contains("recovering") })
  }
}
