import Foundation
import GRDB
import SessionStore
import TestSupport
import Testing

/// What a damaged or lost database costs: rows on pages that are broken, unless a backup has them.
@Suite struct SessionRecoveryTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("studio.sqlite") }

  init() throws { folder = try TemporaryFolder() }

  private func open(hasWork: Bool = false) throws -> SessionStore.Opening {
    try SessionStore.open(at: path, stamp: "20260102-030405", hasWork: hasWork)
  }

  /// Rows of every table, on some dozens of pages, of which some are inner ones and some overflow.
  private func fill(_ store: SessionStore) throws {
    try store.write { transaction in
      for number in 1...120 {
        let video = try transaction.insert(
          VideoRecord(
            title: "video \(number)", modelName: String(repeating: "m", count: 90),
            framesPerSecond: 16, created: Double(number)))
        let job = try transaction.insert(
          JobRecord(
            video: video.id, position: number, task: "{\"a\":\(number)}", state: "{}", created: 1))
        let clip = ClipRecord(
          id: Int64(number), video: try #require(video.id),
          parent: number % 3 == 0 ? Int64(number - 1) : nil, fork: 0, job: job.id, source: "{}",
          settings: String(repeating: "s", count: 300), model: "{}", seed: .max, index: 0,
          steps: 1, created: 2, seconds: 3)
        _ = try transaction.insert(clip)
        _ = try transaction.insert(ExportRecord(video: 1, path: "/\(number).mp4", created: 1))
        _ = try transaction.insert(ComparisonRecord(content: "{\(number)}", created: 1))
        try transaction.save(
          TimingRecord(name: "timing \(number)", content: "{}", modified: 1))
        try transaction.save(
          FingerprintRecord(path: "/m/\(number)", size: 1, modified: 1, sha256: "\(number)"))
      }
      _ = try transaction.insert(
        EvaluationRecord(metric: "fvd", source: "m", content: "{}", folder: "/f", measured: 1.5))
      try transaction.save(StateRecord(name: "long", content: String(repeating: "x", count: 9_000)))
      try transaction.save(StateRecord(name: "short", content: "{}"))
    }
  }

  private func contents(_ store: SessionStore) throws -> Contents {
    try store.read { transaction in
      Contents(
        videos: Set(try transaction.all(VideoRecord.self)),
        clips: Set(try transaction.all(ClipRecord.self)),
        jobs: Set(try transaction.all(JobRecord.self)),
        exports: Set(try transaction.all(ExportRecord.self)),
        comparisons: Set(try transaction.all(ComparisonRecord.self)),
        evaluations: Set(try transaction.all(EvaluationRecord.self)),
        timings: Set(try transaction.all(TimingRecord.self)),
        fingerprints: Set(try transaction.all(FingerprintRecord.self)),
        states: Set(try transaction.all(StateRecord.self)))
    }
  }

  private struct Contents: Hashable {
    var videos: Set<VideoRecord>
    var clips: Set<ClipRecord>
    var jobs: Set<JobRecord>
    var exports: Set<ExportRecord>
    var comparisons: Set<ComparisonRecord>
    var evaluations: Set<EvaluationRecord>
    var timings: Set<TimingRecord>
    var fingerprints: Set<FingerprintRecord>
    var states: Set<StateRecord>

    var count: Int {
      videos.count + clips.count + jobs.count + exports.count + comparisons.count
        + evaluations.count + timings.count + fingerprints.count + states.count
    }
  }

  /// A whole database with rows, its bytes and what it holds.
  private func whole() throws -> (bytes: Data, contents: Contents) {
    let store = try open().store
    try fill(store)
    let contents = try contents(store)
    try store.close()
    return (try Data(contentsOf: URL(filePath: path)), contents)
  }

  /// Puts bytes in the database's place, without log and without what earlier tries left.
  private func put(_ bytes: Data) throws {
    for name in folder.contents where name.hasPrefix("studio.sqlite") {
      try FileManager.default.removeItem(atPath: folder.path(name))
    }
    try bytes.write(to: URL(filePath: path))
  }

  private func damaged(_ bytes: Data, page: Int) -> Data {
    var bytes = bytes
    for offset in stride(from: page * 4096, to: (page + 1) * 4096, by: 3) { bytes[offset] ^= 0x5A }
    return bytes
  }

  @Test("whatever page is broken, the rows of all others are read, and nothing is deleted")
  func everyPage() throws {
    let (bytes, contents) = try whole()
    #expect(bytes.count / 4096 > 30)
    for page in 0..<(bytes.count / 4096) {
      let broken = damaged(bytes, page: page)
      try put(broken)
      let opening = try open()
      let recovery = try #require(opening.recovery, "page \(page)")
      let found = try self.contents(opening.store)
      #expect(found.count >= contents.count * 3 / 4, "page \(page): \(found.count)")
      #expect(recovery.ownRows > 0 && recovery.backupRows == 0)
      let kept = try Data(contentsOf: URL(filePath: #require(opening.setAside)))
      #expect(kept == broken)
      try opening.store.close()
      try #expect(open().recovery == nil, "what was made is whole")
    }
  }

  @Test("whatever page is broken, a backup brings back what was on it")
  func everyPageWithBackup() throws {
    let first = try open().store
    try fill(first)
    try #expect(first.backUp(stamp: "20260101-000000"))
    // After the backup, one row comes, one changes and one goes.
    try first.write { transaction in
      try transaction.save(StateRecord(name: "later", content: "1"))
      try transaction.save(StateRecord(name: "short", content: "2"))
      try transaction.delete(ExportRecord.self, number: 120)
    }
    let contents = try contents(first)
    try first.close()
    let bytes = try Data(contentsOf: URL(filePath: path))
    for page in 0..<(bytes.count / 4096) {
      try put(damaged(bytes, page: page))
      let opening = try open()
      let found = try self.contents(opening.store)
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
    let (bytes, contents) = try whole()
    let cut = bytes.prefix(length < 0 ? bytes.count + length : length)
    try put(cut)
    let opening = try open()
    #expect(opening.recovery != nil)
    let found = try self.contents(opening.store)
    let loose = found.clips.filter { $0.parent == nil }
    #expect(found.clips.isSubset(of: contents.clips.union(loose)))
    if length < 0 { #expect(found.count > contents.count / 2) }
    #expect(try Data(contentsOf: URL(filePath: #require(opening.setAside))) == cut)
  }

  @Test("a wrong header costs nothing", arguments: [16, 60, 100])
  func header(length: Int) throws {
    var (bytes, contents) = try whole()
    for offset in 0..<length { bytes[offset] = UInt8(truncatingIfNeeded: offset * 37) }
    try put(bytes)
    let opening = try open()
    try #expect(self.contents(opening.store) == contents)
    #expect(opening.recovery?.ownRows == contents.count && opening.setAside != nil)
  }

  @Test("an index that does not fit its table costs nothing")
  func index() throws {
    let store = try open().store
    try fill(store)
    let contents = try contents(store)
    try store.close()
    let queue = try DatabaseQueue(path: path)
    let root = try queue.read { database in
      try Int.fetchOne(
        database,
        sql: "SELECT rootpage FROM sqlite_master WHERE type = 'index' AND tbl_name = 'clips'")
    }
    try queue.close()
    try put(damaged(Data(contentsOf: URL(filePath: path)), page: #require(root) - 1))
    let opening = try open()
    #expect(opening.recovery?.ownRows == contents.count)
    try #expect(self.contents(opening.store) == contents)
  }

  @Test("an empty file and a lost one are made again of the backup")
  func lost() throws {
    let store = try open().store
    try fill(store)
    let contents = try contents(store)
    try #expect(store.backUp(stamp: "20260101-000000"))
    try store.close()
    for bytes in [Data(), nil] {
      try put(bytes ?? Data())
      if bytes == nil { try FileManager.default.removeItem(atPath: path) }
      let opening = try open()
      #expect(opening.recovery?.finding == .missing)
      #expect(opening.recovery?.backupRows == contents.count)
      #expect((opening.setAside == nil) == (bytes == nil))
      try #expect(self.contents(opening.store) == contents)
      try opening.store.close()
    }
  }

  @Test("an empty file beside nothing is a new database")
  func empty() throws {
    try put(Data())
    let opening = try open()
    #expect(opening.isNew && opening.recovery == nil)
  }

  @Test("a folder or a pipe in the database's place is set aside")
  func notAFile() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try Data("mine".utf8).write(to: URL(filePath: path + "/note"))
    let first = try open()
    let name = try #require(first.setAside)
    #expect(try String(contentsOfFile: name + "/note", encoding: .utf8) == "mine")
    try first.store.close()
    for name in folder.contents { try FileManager.default.removeItem(atPath: folder.path(name)) }
    #expect(mkfifo(path, 0o600) == 0)
    let second = try open()
    #expect(second.isNew && second.setAside != nil)
  }

  /// The files of a database as they are while it is open, the log among them.
  private func openFiles(_ store: SessionStore) throws -> (database: Data, log: Data) {
    (
      try Data(contentsOf: URL(filePath: path)), try Data(contentsOf: URL(filePath: path + "-wal"))
    )
  }

  @Test("a log alone holds what was committed in a first session")
  func logAlone() throws {
    let store = try open().store
    try store.write { transaction in
      _ = try transaction.insert(
        VideoRecord(title: "a", modelName: "m", framesPerSecond: 16, created: 1))
    }
    let contents = try contents(store)
    let log = try openFiles(store).log
    try store.close()
    try put(Data())
    try log.write(to: URL(filePath: path + "-wal"))
    for _ in 0..<2 {
      let opening = try open()
      try #expect(self.contents(opening.store) == contents)
      try opening.store.close()
    }
    #expect(folder.contents.contains("studio.sqlite.damaged-20260102-030405-wal"))
  }

  @Test("a log whose database is lost is read with the backup that it belongs to")
  func logWithBackup() throws {
    let first = try open().store
    try fill(first)
    try first.backUp(stamp: "20260101-000000")
    try first.close()
    let second = try open().store
    try second.write { try $0.save(StateRecord(name: "newest", content: "1")) }
    let contents = try contents(second)
    let log = try openFiles(second).log
    try second.close()
    try put(Data())
    try log.write(to: URL(filePath: path + "-wal"))
    let opening = try open()
    try #expect(self.contents(opening.store) == contents)
  }

  @Test("without its log a database is as it was before what the log held")
  func logLost() throws {
    let first = try open().store
    try fill(first)
    let contents = try contents(first)
    try first.close()
    let second = try open().store
    try second.write { try $0.save(StateRecord(name: "newest", content: "1")) }
    let database = try openFiles(second).database
    try second.close()
    try put(database)
    let opening = try open()
    #expect(opening.recovery == nil)
    try #expect(self.contents(opening.store) == contents)
  }

  @Test(
    "rows of an older schema are read too", arguments: ["1 videos", "4 measurements and state"])
  func olderSchema(version: String) throws {
    let queue = try DatabaseQueue(path: path)
    try SessionSchema.migrator.migrate(queue, upTo: version)
    let kept = try queue.write { database in
      try (1...200).map { number in
        try VideoRecord(
          title: "video \(number)", modelName: "", framesPerSecond: 16, created: 1
        ).insertedAsFirst(database)
      }
    }
    try queue.close()
    var bytes = try Data(contentsOf: URL(filePath: path))
    bytes.replaceSubrange(0..<16, with: Data(count: 16))
    try put(bytes)
    let opening = try open()
    try #expect(contents(opening.store).videos == Set(kept))
  }

  @Test("a newer program's database is left as it is, damaged or not")
  func newerAndDamaged() throws {
    let store = try open().store
    try fill(store)
    try store.close()
    var migrator = SessionSchema.migrator
    migrator.registerMigration("99 to come") { try $0.execute(sql: "CREATE TABLE later (x)") }
    let queue = try DatabaseQueue(path: path)
    try migrator.migrate(queue)
    let root = try queue.read {
      try Int.fetchOne($0, sql: "SELECT rootpage FROM sqlite_master WHERE name = 'clips'")
    }
    try queue.close()
    let bytes = damaged(
      try Data(contentsOf: URL(filePath: path)), page: try #require(root) - 1)
    try put(bytes)
    #expect(throws: SessionStoreError(path: path, .newer)) { try open() }
    #expect(try Data(contentsOf: URL(filePath: path)).dropFirst(100) == bytes.dropFirst(100))
  }

  @Test("rows that lead nowhere get what they lead to, or do without")
  func dangling() throws {
    let (bytes, contents) = try whole()
    let queue = try DatabaseQueue(path: path)
    let roots = try queue.read { database in
      try Int.fetchAll(
        database, sql: "SELECT rootpage FROM sqlite_master WHERE name IN ('videos', 'jobs')")
    }
    try queue.close()
    let broken = roots.reduce(bytes) { damaged($0, page: $1 - 1) }
    try put(broken)
    let store = try open().store
    let found = try self.contents(store)
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
    let opening = try SessionStore.open(at: path, stamp: "1", hasWork: true) { records in
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

  // MARK: Backups

  @Test("a backup is made when there is something new, whole and for its owner alone")
  func backups() throws {
    let store = try open().store
    try fill(store)
    try #expect(store.backUp(stamp: "20260101-000000"))
    try #expect(!store.backUp(stamp: "20260101-000001"))
    try store.write { try $0.save(StateRecord(name: "n", content: "1")) }
    try #expect(store.backUp(stamp: "20260101-000002"))
    let contents = try contents(store)
    try store.close()
    let again = try open().store
    try #expect(!again.backUp(stamp: "20260101-000003"), "the newest holds the same")
    try again.close()
    let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("backups")).sorted()
    #expect(names == ["studio-20260101-000000.sqlite", "studio-20260101-000002.sqlite"])
    for place in ["backups/" + names[1], "studio.sqlite"] {
      var status = stat()
      #expect(stat(folder.path(place), &status) == 0 && status.st_mode & 0o777 == 0o600)
    }
    let copy = try SessionStore.open(at: folder.path("backups/" + names[1]), stamp: "x").store
    try #expect(self.contents(copy) == contents)
  }

  @Test("the newest three are kept, and one of each of four days before")
  func rotation() {
    let names = (1...9).flatMap { day in
      ["01", "02", "03"].map { "studio-2026010\(day)-0000\($0).sqlite" }
    }
    let kept = Set(names).subtracting(SessionBackups.expired(names))
    #expect(
      kept.sorted()
        == ["5-000003", "6-000003", "7-000003", "8-000003", "9-000001", "9-000002", "9-000003"]
        .map { "studio-2026010\($0).sqlite" })
    #expect(SessionBackups.expired(Array(names.prefix(2))).isEmpty)
  }

  @Test("a backup comes after all others, also where the clock was set back")
  func clockSetBack() throws {
    let store = try open().store
    for (number, stamp) in ["20260105-000000", "20260105-000000", "20260101-000000"].enumerated() {
      try store.write { try $0.save(StateRecord(name: "n", content: "\(number)")) }
      try #expect(store.backUp(stamp: stamp))
    }
    let contents = try contents(store)
    try store.close()
    try put(Data("damage".utf8))
    let opening = try open()
    #expect(opening.recovery?.backupStamp?.hasPrefix("20260105-000000-") == true)
    try #expect(self.contents(opening.store) == contents)
  }

  @Test("a backup that cannot be written says so and leaves the others")
  func backupFails() throws {
    let store = try open().store
    try fill(store)
    try Data("a file".utf8).write(to: URL(filePath: folder.path("backups")))
    #expect(throws: SessionStoreError.self) { try store.backUp(stamp: "20260101-000000") }
    try store.write { try $0.save(StateRecord(name: "n", content: "1")) }
  }
}

/// Values that no program writes, which SQLite keeps all the same.
@Suite struct OddRowTests {
  @Test("a row that cannot be read costs no other, and numbers go on below the highest there is")
  func oddRows() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("studio.sqlite")
    let store = try SessionStore.open(at: path, stamp: "1").store
    try store.write { transaction in
      for number in [1, 2, Int64.max] {
        var video = VideoRecord(title: "\(number)", modelName: "", framesPerSecond: 1, created: 1)
        video.id = number
        _ = try transaction.insert(video)
      }
      try transaction.database.execute(
        sql: "UPDATE videos SET framesPerSecond = 'many' WHERE id = 2")
      try #expect(transaction.all(VideoRecord.self).map(\.id) == [1, .max])
      try #expect(transaction.numbers(of: VideoRecord.self) == [1, 2, .max])
      let next = try transaction.insert(
        VideoRecord(title: "next", modelName: "", framesPerSecond: 1, created: 1))
      #expect(next.id == 3)
    }
  }
}
