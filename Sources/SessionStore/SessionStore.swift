import Foundation
import GRDB

/// What a studio keeps from one session to the next, in one SQLite file: videos, clips, the queue,
/// comparisons, exports, scores, measurements, and a few small values.
///
/// Latents and frames are files beside it; a row says that its files are whole. The store knows the
/// records, not what they mean: settings, tasks and the like are JSON text.
///
/// The journal is a write-ahead log with `synchronous = FULL`: every transaction is on the disk when
/// `write` returns. `NORMAL` would keep the database consistent too, but a power loss could take back
/// a committed clip whose files are there, which would then count as left over. Transactions are as
/// rare as clips and key presses, so the sync costs nothing that can be felt.
public final class SessionStore: Sendable {
  /// The database's file.
  public let path: String
  private let pool: DatabasePool

  /// A store, and what was found where it is.
  public struct Opening: Sendable {
    /// The store.
    public let store: SessionStore
    /// Whether there was no database before.
    public let isNew: Bool
    /// Where a damaged database was moved; `nil` if there was none.
    public let setAside: String?
  }

  /// Opens the database at a path, makes one where there is none, and brings an older one up to date.
  ///
  /// A damaged database keeps its content under a new name, with its log, and a new one is begun.
  ///
  /// - Parameters:
  ///   - path: The file; its folder must exist.
  ///   - stamp: Goes into the name of a damaged database that is set aside.
  /// - Throws: ``SessionStoreError``, of which `newer` means that the file was left as it was.
  public static func open(at path: String, stamp: String) throws -> Opening {
    do {
      let (store, isNew) = try opened(path)
      return Opening(store: store, isNew: isNew, setAside: nil)
    } catch let error as SessionStoreError {
      guard case .damaged = error.problem else { throw error }
      let name = try setAside(path, stamp: stamp)
      let (store, _) = try opened(path)
      return Opening(store: store, isNew: true, setAside: name)
    }
  }

  /// Opens the database that another process has open as well, to add to it or to read it.
  ///
  /// It is neither made, nor brought up to date, nor set aside: that is for the process that was there
  /// first.
  ///
  /// - Throws: ``SessionStoreError``, of which `older` means that the other process keeps an older
  ///   schema.
  public static func join(at path: String) throws -> SessionStore {
    do {
      try checkHeader(path)
      guard FileManager.default.fileExists(atPath: path) else {
        throw SessionStoreError(path: path, .notWritable("it is not there"))
      }
      let pool = try DatabasePool(path: path, configuration: configuration)
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

  private static func opened(_ path: String) throws -> (SessionStore, isNew: Bool) {
    do {
      try checkHeader(path)
      let pool = try DatabasePool(path: path, configuration: configuration)
      do {
        let isNew = try prepare(pool, path)
        return (SessionStore(path: path, pool: pool), isNew)
      } catch {
        try? pool.close()
        throw error
      }
    } catch {
      throw SessionStoreError(path: path, error)
    }
  }

  /// Tells a file that cannot be a database before SQLite sees it, which would delete the log of one.
  private static func checkHeader(_ path: String) throws {
    guard let file = FileHandle(forReadingAtPath: path),
      let start = try? file.read(upToCount: 16), !start.isEmpty
    else { return }
    guard start == Data("SQLite format 3\0".utf8) else {
      throw SessionStoreError(path: path, .damaged("it does not begin as one"))
    }
  }

  private init(path: String, pool: DatabasePool) {
    self.path = path
    self.pool = pool
  }

  /// Checks the file and migrates it. True if it was empty.
  private static func prepare(_ pool: DatabasePool, _ path: String) throws -> Bool {
    let migrator = SessionSchema.migrator
    let (isNew, isNewer) = try pool.read { database in
      let applied = try migrator.appliedIdentifiers(database)
      let findings = try String.fetchAll(database, sql: "PRAGMA quick_check(1)")
      guard findings == ["ok"] else {
        throw SessionStoreError(path: path, .damaged(findings.joined(separator: ", ")))
      }
      return (applied.isEmpty, try migrator.hasBeenSuperseded(database))
    }
    if isNewer { throw SessionStoreError(path: path, .newer) }
    // Set here, because GRDB chooses NORMAL when it turns the log on.
    try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    do {
      try migrator.migrate(pool)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_ERROR {
      // Tables of these names, but not ours.
      throw SessionStoreError(path: path, .damaged(error.message ?? "other tables"))
    }
    return isNew
  }

  /// Moves a database with its log out of the way.
  private static func setAside(_ path: String, stamp: String) throws -> String {
    let name = "\(path).damaged-\(stamp)"
    for suffix in ["", "-wal", "-shm"]
    where FileManager.default.fileExists(atPath: path + suffix) {
      do {
        try FileManager.default.moveItem(atPath: path + suffix, toPath: name + suffix)
      } catch {
        throw SessionStoreError(path: path, .notWritable(error.localizedDescription))
      }
    }
    return name
  }

  /// Closes the database; nothing can be read or written afterwards.
  ///
  /// - Throws: ``SessionStoreError`` if it is in use.
  public func close() throws {
    do {
      // The pool closes its readers last, and they leave the log where it is: with it in the file, a
      // copy of the one file is a copy of everything.
      _ = try? pool.writeWithoutTransaction { try $0.checkpoint(.truncate) }
      try pool.close()
    } catch {
      throw SessionStoreError(path: path, error)
    }
  }

  /// Changes the database: everything that `body` does, or nothing of it if it throws.
  ///
  /// - Throws: ``SessionStoreError``.
  public func write<Result>(_ body: (SessionTransaction) throws -> Result) throws -> Result {
    do {
      return try pool.write { try body(SessionTransaction(database: $0)) }
    } catch {
      throw SessionStoreError(path: path, error)
    }
  }

  /// Reads the database as it is at one moment.
  ///
  /// - Throws: ``SessionStoreError``.
  public func read<Result>(_ body: (SessionTransaction) throws -> Result) throws -> Result {
    do {
      return try pool.read { try body(SessionTransaction(database: $0)) }
    } catch {
      throw SessionStoreError(path: path, error)
    }
  }
}

extension SessionStore {
  /// How safe a transaction is, by SQLite's own words.
  public struct Durability: Sendable, Hashable {
    /// `wal` for a write-ahead log.
    public var journal: String
    /// 2 for `FULL`.
    public var synchronous: Int

    /// Describes it.
    public init(journal: String, synchronous: Int) {
      self.journal = journal
      self.synchronous = synchronous
    }
  }

  /// What the writing connection does, for diagnosis.
  ///
  /// - Throws: ``SessionStoreError``.
  public var durability: Durability {
    get throws {
      do {
        return try pool.writeWithoutTransaction { database in
          Durability(
            journal: try String.fetchOne(database, sql: "PRAGMA journal_mode") ?? "",
            synchronous: try Int.fetchOne(database, sql: "PRAGMA synchronous") ?? 0)
        }
      } catch {
        throw SessionStoreError(path: path, error)
      }
    }
  }
}
