import Foundation
import GRDB
import SessionStore
import TestSupport
import Testing

struct SessionStoreTests {
  private let folder: TemporaryFolder
  private var path: String { folder.path("studio.sqlite") }

  init() throws { folder = try TemporaryFolder() }

  private func open() throws -> SessionStore.Opening {
    try SessionStore.open(at: path, stamp: "20260102-030405")
  }

  private func video(_ title: String = "a") -> VideoRecord {
    VideoRecord(title: title, modelName: "m", framesPerSecond: 16, created: 1.0625)
  }

  private func clip(_ id: Int64, video: Int64, parent: Int64? = nil, job: Int64? = nil)
    -> ClipRecord
  {
    ClipRecord(
      id: id, video: video, parent: parent, fork: 0, job: job, source: "{}", settings: "{}",
      model: "{}", seed: .max, index: 0, steps: 1, created: 2, seconds: 3)
  }

  @Test("what was written is there after the store was closed and opened")
  func reopening() throws {
    let first = try open()
    #expect(first.isNew && first.setAside == nil)
    let kept = try first.store.write { transaction in
      let video = try transaction.insert(video())
      let clip = try transaction.insert(clip(1, video: #require(video.id)))
      try transaction.save(StateRecord(name: "theme", content: "\"dark\""))
      try transaction.save(StateRecord(name: "theme", content: "\"light\""))
      return (video, clip)
    }
    try first.store.close()
    let second = try open()
    #expect(!second.isNew)
    try second.store.read { transaction in
      try #expect(transaction.all(VideoRecord.self) == [kept.0])
      try #expect(transaction.all(ClipRecord.self) == [kept.1])
      try #expect(transaction.named(StateRecord.self, "theme")?.content == "\"light\"")
    }
  }

  @Test("every transaction is synced to the disk, into a write-ahead log")
  func durability() throws {
    let store = try open().store
    // What the one writing connection has; a connection of its own would have its own setting.
    #expect(try store.durability == SessionStore.Durability(journal: "wal", synchronous: 2))
  }

  @Test("so is every transaction of a command that joins")
  func durabilityOfJoined() throws {
    let store = try open().store
    let joined = try SessionStore.join(at: path)
    #expect(try joined.durability == SessionStore.Durability(journal: "wal", synchronous: 2))
    try joined.close()
    try store.close()
  }

  @Test(
    "a lack of space is told from a disk that fails",
    arguments: [
      (ENOSPC, true), (EDQUOT, true), (EFBIG, true), (EIO, false), (EROFS, false), (0, false),
    ])
  func reasons(code: Int32, isFull: Bool) {
    let failure = DatabaseError(resultCode: .SQLITE_IOERR_WRITE)
    let problem = SessionStoreError(path: path, failure, refusal: code).problem
    #expect((problem == .full) == isFull)
    let isRefused = if case .notWritable = problem { true } else { false }
    #expect(isRefused != isFull)
  }

  @Test("a file that may not grow is told as a lack of space")
  func sizeLimit() async {
    // The limit holds for a whole process, so for a child.
    await #expect(processExitsWith: .success) {
      let folder = try TemporaryFolder()
      signal(SIGXFSZ, SIG_IGN)
      let store = try SessionStore.open(at: folder.path("studio.sqlite"), stamp: "s").store
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      var none = limit
      none.rlim_cur = 0
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &none)
      let error = #expect(throws: SessionStoreError.self) {
        try store.write { try $0.save(StateRecord(name: "n", content: "1")) }
      }
      setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
      #expect(error?.problem == .full, "\(String(describing: error))")
      try store.close()
    }
  }

  @Test("a transaction that throws leaves nothing")
  func rollback() throws {
    let store = try open().store
    #expect(throws: SessionStoreError.self) {
      try store.write { transaction in
        let video = try transaction.insert(video())
        _ = try transaction.insert(clip(1, video: #require(video.id)))
        _ = try transaction.insert(clip(1, video: #require(video.id)))
      }
    }
    #expect(try store.read { try $0.all(VideoRecord.self) }.isEmpty)
  }

  @Test("a video takes its clips and jobs along, a job leaves its clips")
  func deletion() throws {
    let store = try open().store
    try store.write { transaction in
      let number = try #require(try transaction.insert(video()).id)
      let job = try #require(
        try transaction.insert(
          JobRecord(video: number, position: 1, task: "{}", state: "{}", created: 0)
        ).id)
      _ = try transaction.insert(clip(1, video: number, job: job))
      _ = try transaction.insert(clip(2, video: number, parent: 1, job: job))
      try #expect(transaction.clips(ofJob: job) == [1, 2])
      try transaction.delete(JobRecord.self, number: job)
      try #expect(transaction.all(ClipRecord.self).map(\.job) == [nil, nil])
      try transaction.delete(VideoRecord.self, number: number)
      try #expect(transaction.all(ClipRecord.self).isEmpty)
      // A number that was used names files that may still be there.
      try #expect(transaction.nextNumber(of: ClipRecord.self) == 3)
    }
  }

  @Test("a file that is no database is set aside with its log, and a new one begun")
  func notADatabase() throws {
    let content = Data("this was never a database".utf8)
    try content.write(to: URL(filePath: path))
    try content.write(to: URL(filePath: path + "-wal"))
    let opening = try open()
    let name = try #require(opening.setAside)
    #expect(opening.isNew && name == path + ".damaged-20260102-030405")
    #expect(try Data(contentsOf: URL(filePath: name)) == content)
    #expect(try Data(contentsOf: URL(filePath: name + "-wal")) == content)
    #expect(try opening.store.read { try $0.all(VideoRecord.self) }.isEmpty)
  }

  @Test("a database with damaged pages is set aside as it is")
  func damagedPages() throws {
    let first = try open()
    try first.store.write { transaction in
      for number in 0..<200 { _ = try transaction.insert(video("video \(number)")) }
    }
    try first.store.close()
    var bytes = try Data(contentsOf: URL(filePath: path))
    for offset in stride(from: 4096 + 100, to: bytes.count, by: 512) { bytes[offset] ^= 0xFF }
    for page in stride(from: 4096, to: bytes.count, by: 4096) { bytes[page] = 0x77 }
    try bytes.write(to: URL(filePath: path))
    let second = try open()
    #expect(second.isNew && second.recovery?.rowCount == 0)
    let kept = try Data(contentsOf: URL(filePath: #require(second.setAside)))
    #expect(bytes.count > 4096 && kept.dropFirst(4096) == bytes.dropFirst(4096))
  }

  @Test("another program's tables are set aside too")
  func foreignTables() throws {
    let queue = try DatabaseQueue(path: path)
    try queue.write {
      try $0.execute(sql: "CREATE TABLE videos (x); INSERT INTO videos VALUES (7)")
    }
    try queue.close()
    let name = try #require(try open().setAside)
    let kept = try DatabaseQueue(path: name).read {
      try Int.fetchOne($0, sql: "SELECT x FROM videos")
    }
    #expect(kept == 7)
  }

  @Test("a newer program's database is refused and stays as it is")
  func newer() throws {
    let first = try open()
    try first.store.write { _ = try $0.insert(video()) }
    try first.store.close()
    var migrator = SessionSchema.migrator
    migrator.registerMigration("99 to come") { try $0.execute(sql: "CREATE TABLE later (x)") }
    let queue = try DatabaseQueue(path: path)
    try migrator.migrate(queue)
    try queue.close()
    let before = try Data(contentsOf: URL(filePath: path))
    #expect(throws: SessionStoreError(path: path, .newer)) { try open() }
    #expect(try Data(contentsOf: URL(filePath: path)) == before)
    #expect(folder.contents.filter { $0.contains("damaged") }.isEmpty)
  }

  @Test(
    "an older schema is brought up to date with what it holds",
    arguments: ["1 videos", "2 queue", "4 measurements and state", "6 time at work"])
  func migration(from version: String) throws {
    let pool = try DatabasePool(path: path)
    try SessionSchema.migrator.migrate(pool, upTo: version)
    let kept = try pool.write { try video("old").insertedAsFirst($0) }
    try pool.close()
    let opening = try open()
    #expect(!opening.isNew && opening.setAside == nil)
    try opening.store.write { transaction in
      try #expect(transaction.all(VideoRecord.self) == [kept])
      _ = try transaction.insert(clip(1, video: #require(kept.id)))
      try #expect(transaction.all(JobRecord.self).isEmpty)
      try #expect(transaction.all(ComparisonRecord.self).isEmpty)
      try #expect(transaction.all(TimingRecord.self).isEmpty)
    }
  }

  @Test("jobs of an older schema stay, with what they belong to and the numbers they had")
  func jobsWithoutVideos() throws {
    let pool = try DatabasePool(path: path)
    try SessionSchema.migrator.migrate(pool, upTo: "4 measurements and state")
    let (kept, number) = try pool.write { database -> (JobRecord, Int64) in
      let number = try self.video().insertedAsFirst(database).id ?? 0
      func job(_ position: Int) throws -> JobRecord {
        // As the programs of that schema wrote it, without the columns that came later.
        try database.execute(
          sql: """
            INSERT INTO jobs (video, position, task, state, finishedClips, created)
            VALUES (?, ?, '{}', '{}', 0, 0)
            """, arguments: [number, position])
        var job = JobRecord(
          video: number, position: position, task: "{}", state: "{}", created: 0)
        job.id = database.lastInsertedRowID
        return job
      }
      let (first, second) = (try job(1), try job(2))
      _ = try clip(1, video: number, job: first.id).inserted(database)
      try second.delete(database)
      return (first, number)
    }
    try pool.close()
    let store = try open().store
    try store.write { transaction in
      try #expect(transaction.all(JobRecord.self) == [kept])
      try #expect(transaction.all(ClipRecord.self).map(\.job) == [kept.id])
      let new = try transaction.insert(
        JobRecord(video: nil, position: 3, task: "{}", state: "{}", created: 0))
      #expect(new.id == 3, "the second job's number is not used again")
      try transaction.delete(VideoRecord.self, number: number)
      try #expect(transaction.all(JobRecord.self) == [new])
    }
  }

  private func evaluation(_ source: String) -> EvaluationRecord {
    EvaluationRecord(metric: "fvd", source: source, content: "{}", folder: "/f", measured: 1.5)
  }

  @Test("two processes add rows in turn, and each reads the other's")
  func joining() throws {
    let studio = try open().store
    let command = try SessionStore.join(at: path)
    let kept = try [studio, command, studio].map { store in
      try store.write { try $0.insert(evaluation("\(store === command)")) }
    }
    for store in [studio, command] {
      #expect(try store.read { try $0.all(EvaluationRecord.self) } == kept)
    }
  }

  @Test("a database that is not there, or of another version, is not joined")
  func joiningInVain() throws {
    #expect(throws: SessionStoreError.self) { try SessionStore.join(at: path) }
    #expect(folder.contents.isEmpty)
    let pool = try DatabasePool(path: path)
    try SessionSchema.migrator.migrate(pool, upTo: "2 queue")
    #expect(throws: SessionStoreError(path: path, .older)) { try SessionStore.join(at: path) }
    var migrator = SessionSchema.migrator
    migrator.registerMigration("99 to come") { try $0.execute(sql: "CREATE TABLE later (x)") }
    try migrator.migrate(pool)
    #expect(throws: SessionStoreError(path: path, .newer)) { try SessionStore.join(at: path) }
  }
}
