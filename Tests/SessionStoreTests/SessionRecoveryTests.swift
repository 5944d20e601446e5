import Foundation
import GRDB
import SessionStore
import TestSupport
import Testing

/// What a damaged or lost database costs: rows on pages that are broken, unless a backup has them.
@Suite struct SessionRecoveryTests {
  private let database: DatabaseFixture

  init() throws { database = try DatabaseFixture() }

  @Test("whatever page is broken, the rows of all others are read, and nothing is deleted")
  func everyPage() throws {
    let (bytes, contents) = try database.whole()
    #expect(bytes.count / 4096 > 30)
    for page in 0..<(bytes.count / 4096) {
      let broken = database.damaged(bytes, page: page)
      try database.put(broken)
      let opening = try database.open()
      let recovery = try #require(opening.recovery, "page \(page)")
      let found = try database.contents(opening.store)
      #expect(found.count >= contents.count * 3 / 4, "page \(page): \(found.count)")
      #expect(recovery.ownRows > 0 && recovery.backupRows == 0)
      let kept = try Data(contentsOf: URL(filePath: #require(opening.setAside)))
      #expect(kept == broken)
      try opening.store.close()
      try #expect(database.open().recovery == nil, "what was made is whole")
    }
  }

  @Test("whatever page is broken, a backup brings back what was on it")
  func everyPageWithBackup() throws {
    let first = try database.open().store
    try database.fill(first)
    try #expect(first.backUp(stamp: "20260101-000000"))
    // After the backup, one row comes, one changes and one goes.
    try first.write { transaction in
      try transaction.save(StateRecord(name: "later", content: "1"))
      try transaction.save(StateRecord(name: "short", content: "2"))
      try transaction.delete(ExportRecord.self, number: 120)
    }
    let contents = try database.contents(first)
    try first.close()
    let bytes = try Data(contentsOf: URL(filePath: database.path))
    for page in 0..<(bytes.count / 4096) {
      try database.put(database.damaged(bytes, page: page))
      let opening = try database.open()
      let found = try database.contents(opening.store)
      #expect(found.videos.isSuperset(of: contents.videos), "page \(page)")
      #expect(found.clips == contents.clips, "page \(page)")
      #expect(found.jobs == contents.jobs, "page \(page)")
      #expect(found.exports.isSuperset(of: contents.exports), "page \(page)")
      #expect(found.states.map(\.name).contains("long"), "page \(page)")
      let recovery = try #require(opening.recovery)
      #expect(recovery.backupRows == 0 || recovery.backupStamp == "20260101-000000")
      try opening.store.close()
    }
  }

  @Test(
    "a file that is cut keeps the rows before the cut",
    arguments: [1, 50, 99, 100, 512, 4095, 4096, 5000, 40_960, -4096, -1])
  func truncated(length: Int) throws {
    let (bytes, contents) = try database.whole()
    let cut = bytes.prefix(length < 0 ? bytes.count + length : length)
    try database.put(cut)
    let opening = try database.open()
    #expect(opening.recovery != nil)
    let found = try database.contents(opening.store)
    let loose = found.clips.filter { $0.parent == nil }
    #expect(found.clips.isSubset(of: contents.clips.union(loose)))
    if length < 0 { #expect(found.count > contents.count / 2) }
    #expect(try Data(contentsOf: URL(filePath: #require(opening.setAside))) == cut)
  }

  @Test("a wrong header costs nothing", arguments: [16, 60, 100])
  func header(length: Int) throws {
    var (bytes, contents) = try database.whole()
    for offset in 0..<length { bytes[offset] = UInt8(truncatingIfNeeded: offset * 37) }
    try database.put(bytes)
    let opening = try database.open()
    try #expect(database.contents(opening.store) == contents)
    #expect(opening.recovery?.ownRows == contents.count && opening.setAside != nil)
  }

  @Test("an index that does not fit its table costs nothing")
  func index() throws {
    let store = try database.open().store
    try database.fill(store)
    let contents = try database.contents(store)
    try store.close()
    let queue = try DatabaseQueue(path: database.path)
    let root = try queue.read { database in
      try Int.fetchOne(
        database,
        sql: "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'clips'")
    }
    try queue.close()
    try database.put(
      database.damaged(Data(contentsOf: URL(filePath: database.path)), page: #require(root) - 1))
    let opening = try database.open()
    #expect(opening.recovery?.ownRows == contents.count)
    try #expect(database.contents(opening.store) == contents)
  }

  @Test("an empty file and a lost one are made again of the backup")
  func lost() throws {
    let store = try database.open().store
    try database.fill(store)
    let contents = try database.contents(store)
    try #expect(store.backUp(stamp: "20260101-000000"))
    try store.close()
    for bytes in [Data(), nil] {
      try database.put(bytes ?? Data())
      if bytes == nil { try FileManager.default.removeItem(atPath: database.path) }
      let opening = try database.open()
      #expect(opening.recovery?.finding == .missing)
      #expect(opening.recovery?.backupRows == contents.count)
      #expect((opening.setAside == nil) == (bytes == nil))
      try #expect(database.contents(opening.store) == contents)
      try opening.store.close()
    }
  }

  @Test("an empty file beside nothing is a new database")
  func empty() throws {
    try database.put(Data())
    let opening = try database.open()
    #expect(opening.isNew && opening.recovery == nil)
  }

  @Test("a folder or a pipe in the database's place is set aside")
  func notAFile() throws {
    try FileManager.default.createDirectory(
      atPath: database.path, withIntermediateDirectories: false)
    try Data("mine".utf8).write(to: URL(filePath: database.path + "/note"))
    let first = try database.open()
    let name = try #require(first.setAside)
    #expect(try String(contentsOfFile: name + "/note", encoding: .utf8) == "mine")
    try first.store.close()
    for name in database.folder.contents {
      try FileManager.default.removeItem(atPath: database.folder.path(name))
    }
    #expect(mkfifo(database.path, 0o600) == 0)
    let second = try database.open()
    #expect(second.isNew && second.setAside != nil)
  }

  /// The files of a database as they are while it is open, the log among them.
  private func openFiles(_ store: SessionStore) throws -> (database: Data, log: Data) {
    (
      try Data(contentsOf: URL(filePath: database.path)),
      try Data(contentsOf: URL(filePath: database.path + "-wal"))
    )
  }

  @Test("a log alone holds what was committed in a first session")
  func logAlone() throws {
    let store = try database.open().store
    try store.write { transaction in
      _ = try transaction.insert(
        VideoRecord(title: "a", modelName: "m", framesPerSecond: 16, created: 1))
    }
    let contents = try database.contents(store)
    let log = try openFiles(store).log
    try store.close()
    try database.put(Data())
    try log.write(to: URL(filePath: database.path + "-wal"))
    for _ in 0..<2 {
      let opening = try database.open()
      try #expect(database.contents(opening.store) == contents)
      try opening.store.close()
    }
    #expect(database.folder.contents.contains("studio.sqlite.damaged-20260102-030405-wal"))
  }

  @Test("a log whose database is lost is read with the backup that it belongs to")
  func logWithBackup() throws {
    let first = try database.open().store
    try database.fill(first)
    try first.backUp(stamp: "20260101-000000")
    try first.close()
    let second = try database.open().store
    try second.write { try $0.save(StateRecord(name: "newest", content: "1")) }
    let contents = try database.contents(second)
    let log = try openFiles(second).log
    try second.close()
    try database.put(Data())
    try log.write(to: URL(filePath: database.path + "-wal"))
    let opening = try database.open()
    try #expect(database.contents(opening.store) == contents)
  }

  @Test("without its log a database is as it was before what the log held")
  func logLost() throws {
    let first = try database.open().store
    try database.fill(first)
    let contents = try database.contents(first)
    try first.close()
    let second = try database.open().store
    try second.write { try $0.save(StateRecord(name: "newest", content: "1")) }
    let withoutLog = try openFiles(second).database
    try second.close()
    try database.put(withoutLog)
    let opening = try database.open()
    #expect(opening.recovery == nil)
    try #expect(database.contents(opening.store) == contents)
  }

  @Test(
    "rows of an older schema are read too", arguments: ["1 videos", "4 measurements and state"])
  func olderSchema(version: String) throws {
    let queue = try DatabaseQueue(path: database.path)
    try SessionSchema.migrator.migrate(queue, upTo: version)
    let kept = try queue.write { database in
      try (1...200).map { number in
        try VideoRecord(
          title: "video \(number)", modelName: "", framesPerSecond: 16, created: 1
        ).insertedAsFirst(database)
      }
    }
    try queue.close()
    var bytes = try Data(contentsOf: URL(filePath: database.path))
    bytes.replaceSubrange(0..<16, with: Data(count: 16))
    try database.put(bytes)
    let opening = try database.open()
    try #expect(database.contents(opening.store).videos == Set(kept))
  }

  @Test("a newer program's database is left as it is, damaged or not")
  func newerAndDamaged() throws {
    let store = try database.open().store
    try database.fill(store)
    try store.close()
    var migrator = SessionSchema.migrator
    migrator.registerMigration("99 to come") { try $0.execute(sql: "CREATE TABLE later (x)") }
    let queue = try DatabaseQueue(path: database.path)
    try migrator.migrate(queue)
    let root = try queue.read {
      try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'clips'")
    }
    try queue.close()
    let bytes = database.damaged(
      try Data(contentsOf: URL(filePath: database.path)), page: try #require(root) - 1)
    try database.put(bytes)
    #expect(throws: SessionStoreError(path: database.path, .newer)) { try database.open() }
    #expect(
      try Data(contentsOf: URL(filePath: database.path)).dropFirst(100) == bytes.dropFirst(100))
  }

  @Test("rows that lead nowhere get what they lead to, or do without")
  func dangling() throws {
    let (bytes, contents) = try database.whole()
    let queue = try DatabaseQueue(path: database.path)
    let roots = try queue.read { database in
      try Int.fetchAll(
        database, sql: "SELECT rootpage FROM sqlite_master WHERE name IN ('videos', 'jobs')")
    }
    try queue.close()
    let broken = roots.reduce(bytes) { database.damaged($0, page: $1 - 1) }
    try database.put(broken)
    let store = try database.open().store
    let found = try database.contents(store)
    #expect(found.clips.count == contents.clips.count)
    #expect(found.videos.count == contents.videos.count)
    try store.read { transaction in
      try #expect(Row.fetchAll(transaction.database, sql: "PRAGMA foreign_key_check").isEmpty)
      // Numbers name files, and none is given again.
      try #expect(transaction.nextNumber(of: ClipRecord.self) == 121)
      try #expect(transaction.nextNumber(of: VideoRecord.self) == 121)
    }
  }

  @Test("what the caller knows is added, and its numbers are not used again")
  func completed() throws {
    let opening = try SessionStore.open(at: database.path, stamp: "1", hasWork: true) { records in
      records.clips.append(
        ClipRecord(
          id: 7, video: 3, parent: 6, fork: 0, job: 2, source: "{}", settings: "{}", model: "{}",
          seed: 1, index: 0, steps: 1, created: 2, seconds: 3))
      records.note(9, of: JobRecord.self)
    }
    #expect(opening.recovery?.addedRows == 2 && !opening.isNew)
    try opening.store.read { transaction in
      let clip = try #require(try transaction.all(ClipRecord.self).first)
      #expect(clip.id == 7 && clip.video == 3 && clip.parent == nil && clip.job == nil)
      try #expect(transaction.all(VideoRecord.self).map(\.id) == [3])
      try #expect(transaction.nextNumber(of: JobRecord.self) == 10)
    }
  }
}
