import Foundation
import GRDB
import KitTestSupport
import RunKit
import StudioKit
import TestSupport
import Testing

/// Rows that no version of the program writes: the studio opens, shows what it can, and says the rest.
@Suite(.serialized, .timeLimit(.minutes(20)))
struct OddRecordTests {
  private let fixture: WorkspaceFixture

  init() throws { fixture = try WorkspaceFixture() }

  private var database: String { fixture.folders.data + "/studio.sqlite" }

  /// A session with a row in every table that can be had without training.
  private func fill() async throws -> VideoID {
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(
      fixture.model, WorkspaceFixture.settings(clips: 3, seed: 3))
    let other = WorkspaceFixture.settings(seed: 4)
    try await workspace.compare(
      title: "two",
      [
        Comparison.Variant(model: fixture.model, settings: other),
        Comparison.Variant(model: fixture.model, settings: WorkspaceFixture.settings(steps: 2)),
      ])
    await workspace.settle()
    let tip = try #require(try await workspace.tree(of: video).tip)
    try await workspace.export(
      ExportTask(video: video, through: tip, paths: [fixture.folder.path("a.gif")]))
    await workspace.settle()
    try await workspace.setState("number", 1)
    await workspace.close()
    return video
  }

  private func change(_ sql: String, _ arguments: StatementArguments = []) throws {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let queue = try DatabaseQueue(path: database, configuration: configuration)
    try queue.writeWithoutTransaction { try $0.execute(sql: sql, arguments: arguments) }
    try queue.close()
  }

  /// Opens the studio, asks everything of every video that a screen asks, and makes one more.
  private func use(_ comment: String) async throws {
    let workspace = try await fixture.open()
    for video in await workspace.toldVideos {
      let tree = try await workspace.tree(of: video.id)
      for clip in tree.visible {
        #expect(tree.path(to: clip.id).count <= tree.clips.count)
        _ = (tree.rolls(of: clip.id), tree.nextFork(of: clip.id), tree.continuations(of: clip.id))
      }
      _ = (tree.tip, tree.branch)
      _ = await workspace.frames(of: tree.visible.map(\.id))
      _ = video.created.formatted(.iso8601) + video.modified.formatted(.iso8601)
      try await workspace.undo(video.id)
      try await workspace.redo(video.id)
    }
    _ = await workspace.toldJobs.map { $0.created.formatted(.iso8601) }
    let (video, job) = try await workspace.make(fixture.model, WorkspaceFixture.settings(seed: 9))
    await workspace.settle()
    #expect(await workspace.state(of: job) == .finished, Comment(rawValue: comment))
    #expect(try await workspace.tree(of: video).branch.count == 1, Comment(rawValue: comment))
    await workspace.close()
  }

  @Test(
    "every number of every table at 0, below, and at its ends",
    arguments: ["0", "-9223372036854775808", "9223372036854775807", "'text'"])
  func numbers(value: String) async throws {
    _ = try await fill()
    let whole = try Data(contentsOf: URL(filePath: database))
    let queue = try DatabaseQueue(path: database)
    let columns = try await queue.read { database in
      try ["videos", "clips", "jobs", "comparisons", "exports", "timings"].flatMap { table in
        try database.columns(in: table).filter { $0.type != "TEXT" }.map { (table, $0.name) }
      }
    }
    try queue.close()
    #expect(columns.count > 25)
    // SQLite itself keeps other values than whole numbers from a table's own numbers.
    let isWhole = Int(value) != nil
    for (table, column) in columns where isWhole || column != "id" {
      try whole.write(to: URL(filePath: database))
      // Of several rows under one number, the first gets it.
      try change("UPDATE OR IGNORE \(table) SET \"\(column)\" = \(value)")
      try await use("\(table).\(column) = \(value)")
    }
  }

  @Test("texts that are long, no JSON, or of kinds that are not known")
  func texts() async throws {
    _ = try await fill()
    let whole = try Data(contentsOf: URL(filePath: database))
    let long = String(repeating: "x\u{1b}[31m", count: 200_000)
    let deep = String(repeating: "[", count: 100_000)
    let columns = [
      ("videos", ["title", "modelName", "dropped", "edits", "undoneEdits"]),
      ("clips", ["source", "settings", "model"]), ("jobs", ["task", "state"]),
      ("comparisons", ["content"]), ("exports", ["path"]), ("timings", ["content"]),
      ("state", ["content"]),
    ].flatMap { table, names in names.map { (table, $0) } }
    for (index, (table, column)) in columns.enumerated() {
      // A long text everywhere, and of the others one for each.
      for text in [long, [deep, "{\"unknown\":{}}", ""][index % 3]] {
        try whole.write(to: URL(filePath: database))
        try change("UPDATE \(table) SET \(column) = ?", [text])
        try await use("\(table).\(column)")
      }
    }
  }

  @Test("numbers in stored settings that are out of their range")
  func settings() async throws {
    _ = try await fill()
    let whole = try Data(contentsOf: URL(filePath: database))
    for value in ["0", "-1", "9223372036854775807", "1e300"] {
      for key in ["steps", "laterSteps", "clipCount", "previewInterval", "threadCount", "eta"] {
        try whole.write(to: URL(filePath: database))
        try change("UPDATE clips SET settings = json_set(settings, '$.\(key)', json('\(value)'))")
        try change(
          "UPDATE jobs SET state = '{\"paused\":{}}', finishedClips = 0, "
            + "task = json_set(task, '$.generate._0.settings.\(key)', json('\(value)'))")
        try await use("\(key) = \(value)")
      }
    }
  }

  @Test("clips that are their own parents, go in circles, or continue what is not there")
  func circles() async throws {
    let video = try await fill()
    let whole = try Data(contentsOf: URL(filePath: database))
    for sql in [
      "UPDATE clips SET parent = id", "UPDATE clips SET parent = 3 WHERE id = 1",
      "UPDATE clips SET parent = 999 WHERE id = 2", "UPDATE clips SET parent = 4 WHERE id = 2",
      "UPDATE clips SET parent = id + 1", "UPDATE clips SET video = 999",
    ] {
      try whole.write(to: URL(filePath: database))
      try change(sql)
      let workspace = try await fixture.open()
      let tree = try await workspace.tree(of: video)
      // Whatever leads nowhere begins a branch, so that every clip can be reached.
      for clip in tree.visible {
        let path = tree.path(to: clip.id)
        #expect(path.first?.parent == nil && Set(path.map(\.id)).count == path.count, "\(sql)")
      }
      if !sql.contains("video") { #expect(tree.visible.count == 3) }
      await workspace.close()
      try await use(sql)
    }
  }

  @Test("settings of a folder of frames that are out of their ranges are none to use again")
  func settingsBeside() async throws {
    let workspace = try await fixture.open()
    let (video, _) = try await workspace.make(fixture.model, WorkspaceFixture.settings())
    await workspace.settle()
    let tip = try #require(try await workspace.tree(of: video).tip)
    let frames = fixture.folder.path("frames/")
    try await workspace.export(ExportTask(video: video, through: tip, paths: [frames]))
    await workspace.settle()
    #expect(
      try await workspace.runSettings(in: frames).flatMap(GenerationSettings.init)?.steps == 3)
    let file = frames + "settings.json"
    let text = try String(contentsOfFile: file, encoding: .utf8)
    for (old, new) in [
      ("\"steps\":3", "\"steps\":9223372036854775807"), ("\"steps\":3", "\"steps\":-1"),
      ("\"steps\":3", "\"steps\":1e400"), ("\"guidanceScale\":0", "\"guidanceScale\":-1e308"),
    ] {
      #expect(text.contains(old))
      try Data(text.replacing(old, with: new).utf8).write(to: URL(filePath: file))
      #expect(try await workspace.runSettings(in: frames) == nil, "\(new)")
    }
    var settings = WorkspaceFixture.settings(clips: .max)
    settings.preview = .decoded
    let estimate = await workspace.estimate(fixture.model, settings)
    #expect(estimate == nil || estimate?.seconds ?? 0 > 1e9)
    await workspace.close()
  }

  @Test("what cannot be read is counted and said, and stays where it is")
  func unreadable() async throws {
    _ = try await fill()
    let files = try FileManager.default.contentsOfDirectory(
      atPath: fixture.folders.data + "/clips"
    ).sorted()
    try change("UPDATE clips SET settings = 'no JSON' WHERE id = 2")
    try change("UPDATE clips SET steps = 'many' WHERE id = 3")
    let workspace = try await fixture.open()
    let notices = await workspace.openingNotices
    await workspace.close()
    #expect(notices.contains { $0.sentence.hasPrefix("2 records") })
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: fixture.folders.data + "/clips").sorted()
        == files)
  }
}
