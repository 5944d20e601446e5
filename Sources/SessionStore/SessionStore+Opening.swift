import Foundation
import GRDB
import OutputFiles

extension SessionStore {
  /// A store, and what was found where it is.
  public struct Opening: Sendable {
    /// The store.
    public let store: SessionStore
    /// Whether it holds nothing yet.
    public let isNew: Bool
    /// What became of a database that was damaged or lost; `nil` if none was.
    public let recovery: SessionRecovery?
    /// Where a damaged database was moved; `nil` if there was none.
    public var setAside: String? { recovery?.setAside }
  }

  /// Opens the database at a path, makes one where there is none, and brings an older one up to date.
  ///
  /// A damaged database keeps its content under a new name, with its log. A new one is made of the rows
  /// that can be read of it, of those that only backups have, and of what `complete` adds. The same is
  /// done where the database is lost while its log, a backup or other work of its is there.
  ///
  /// - Parameters:
  ///   - path: The file; its folder must exist. Backups are in `backups` beside it.
  ///   - kind: What it lies on; `nil` looks.
  ///   - stamp: Goes into the name of a damaged database that is set aside.
  ///   - hasWork: Whether there are files that a database must have known; asked where it is missing.
  ///   - complete: Adds to the rows that were rescued what other files tell.
  /// - Throws: ``SessionStoreError``, of which `newer` means that the file was left as it was.
  package static func open(
    at path: String, on kind: FileSystemKind? = nil, stamp: String,
    hasWork: @autoclosure () -> Bool = false,
    complete: (inout RescuedRecords) -> Void = { _ in }
  ) throws -> Opening {
    let kind = kind ?? FileSystemKind(of: path)
    let files = DatabaseFiles(path: path)
    var finding = SessionRecovery.finding(files, hasWork: hasWork())
    do {
      if finding == nil {
        let (store, isNew) = try opened(path, kind)
        return Opening(store: store, isNew: isNew, recovery: nil)
      }
    } catch let error as SessionStoreError {
      guard case .damaged(let found) = error.problem else { throw error }
      finding = .damaged(found)
    }
    do {
      let recovery = try SessionRecovery(
        of: files, finding ?? .missing, stamp: stamp, complete: complete)
      let (store, _) = try opened(path, kind)
      return Opening(store: store, isNew: recovery.rowCount == 0, recovery: recovery)
    } catch {
      throw SessionStoreError(path: path, error)
    }
  }

  /// Opens the database that another process has open as well, to add to it or to read it.
  ///
  /// It is neither made, nor brought up to date, nor set aside: that is for the process that was there
  /// first.
  ///
  /// - Parameter kind: What it lies on; `nil` looks.
  /// - Throws: ``SessionStoreError``, of which `older` means that the other process keeps an older
  ///   schema, and `exclusive` that the file system lets only one have it.
  package static func join(at path: String, on kind: FileSystemKind? = nil) throws -> SessionStore {
    do {
      if case .shared(let name) = kind ?? FileSystemKind(of: path) {
        throw SessionStoreError(path: path, .exclusive(on: name))
      }
      try checkHeader(path)
      guard FileManager.default.fileExists(atPath: path) else {
        throw SessionStoreError(path: path, .notWritable("it is not there"))
      }
      let pool = try logged(path)
      let migrator = SessionSchema.migrator
      let (isNewer, isCurrent) = try pool.read { database in
        (try migrator.hasBeenSuperseded(database), try migrator.hasCompletedMigrations(database))
      }
      if isNewer { throw SessionStoreError(path: path, .newer) }
      guard isCurrent else { throw SessionStoreError(path: path, .older) }
      return SessionStore(path: path, pool: pool)
    } catch {
      throw SessionStoreError(path: path, error)
    }
  }

  /// A command may add a score while a studio has the database open: either waits for the other's
  /// transaction, which takes milliseconds.
  private static var configuration: Configuration {
    var configuration = Configuration()
    configuration.busyMode = .timeout(5)
    return configuration
  }

  /// Lets every transaction be on the disk when it ends.
  private static let syncing = "PRAGMA synchronous = FULL"

  /// Connects with a database through a write-ahead log.
  private static func logged(_ path: String) throws -> DatabasePool {
    let pool = try DatabasePool(path: path, configuration: configuration)
    // Only now, because GRDB chooses NORMAL when it turns the log on.
    try pool.writeWithoutTransaction { try $0.execute(sql: syncing) }
    return pool
  }

  /// Connects with a database.
  ///
  /// The write-ahead log is shared through memory, of which another machine sees nothing. Where several
  /// machines may see the file, the journal is a file that a lost process leaves for the next to roll back, and
  /// the database is one process's alone from the first moment to the last.
  private static func connect(
    _ path: String, _ kind: FileSystemKind
  ) throws -> any DatabaseWriter {
    guard case .shared(let name) = kind else { return try logged(path) }
    var configuration = configuration
    configuration.prepareDatabase { database in
      // Before the first page is read: with it, a log that is there is read without shared memory.
      try database.execute(sql: "PRAGMA locking_mode = EXCLUSIVE")
    }
    do {
      let queue = try DatabaseQueue(path: path, configuration: configuration)
      try queue.writeWithoutTransaction { database in
        try database.execute(sql: "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE; COMMIT")
        try database.execute(sql: syncing)
      }
      return queue
    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
      throw SessionStoreError(path: path, .exclusive(on: name))
    }
  }

  private static func opened(
    _ path: String, _ kind: FileSystemKind
  ) throws -> (SessionStore, isNew: Bool) {
    do {
      try checkHeader(path)
      try DatabaseFiles(path: path).makePrivate()
      let pool = try connect(path, kind)
      do {
        let isNew = try prepare(pool, path)
        return (SessionStore(path: path, pool: pool), isNew)
      } catch {
        let failure = SessionStoreError(
          path: path, error, refusal: DatabaseFiles.refusal(beside: path))
        try? pool.close()
        throw failure
      }
    } catch {
      throw SessionStoreError(path: path, error)
    }
  }

  /// Tells a file that cannot be a database before SQLite sees it, which would delete the log of one,
  /// and one that was cut within a page, of which SQLite reads zeros.
  private static func checkHeader(_ path: String) throws {
    let files = DatabaseFiles(path: path)
    guard files.content == .file, let file = FileHandle(forReadingAtPath: path) else { return }
    defer { try? file.close() }
    let start = try file.read(upToCount: DatabaseImage.headerSize) ?? Data()
    guard start.prefix(DatabaseImage.magic.count) == DatabaseImage.magic else {
      throw SessionStoreError(path: path, .damaged("it does not begin as one"))
    }
    // What a log is being written back to may end within a page; the log then holds that page.
    guard !files.hasLog, let size = DatabaseImage.pageSize(of: start),
      let length = DatabaseFiles.size(of: path), !length.isMultiple(of: size)
    else { return }
    throw SessionStoreError(path: path, .damaged("it ends within a page"))
  }

  /// Checks the file and migrates it. True if it was empty.
  private static func prepare(_ pool: any DatabaseWriter, _ path: String) throws -> Bool {
    let migrator = SessionSchema.migrator
    let isNew = try pool.read { database in
      let applied = try migrator.appliedIdentifiers(database)
      // A newer program knows better what is wrong with its database.
      if try migrator.hasBeenSuperseded(database) { throw SessionStoreError(path: path, .newer) }
      try check(database, path: path)
      return applied.isEmpty
    }
    do {
      try migrator.migrate(pool)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
      // Tables of these names, but not ours.
      throw SessionStoreError(path: path, .damaged(error.message ?? "other tables"))
    }
    return isNew
  }

  /// Looks at every page and index of a database.
  ///
  /// - Throws: ``SessionStoreError`` with the first findings if anything is wrong.
  static func check(_ database: Database, path: String) throws {
    let findings = try String.fetchAll(database, sql: "PRAGMA integrity_check(3)")
    guard findings == ["ok"] else {
      throw SessionStoreError(path: path, .damaged(findings.joined(separator: ", ")))
    }
  }
}
