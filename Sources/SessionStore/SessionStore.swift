import Foundation
import GRDB
import OutputFiles
import Synchronization

/// What a studio keeps from one session to the next, in one SQLite file: videos, clips, the queue,
/// comparisons, exports, scores, measurements, and a few small values.
///
/// Latents and frames are files beside it; a row says that its files are whole. The store knows the
/// records, not what they mean: settings, tasks and the like are JSON text.
///
/// The journal is a write-ahead log with `synchronous = FULL`: every transaction is on the disk when
/// `write` returns. `NORMAL` would keep the database consistent too, but a power loss could take back
/// a committed clip whose files are there, which would then count as left over. Transactions are as
/// rare as clips and key presses, so the sync costs nothing that can be felt. On a file system that machines
/// share, where such a log does not work, the journal is rolled back and the database one process's alone.
public final class SessionStore: Sendable {
  /// The database's file.
  public let path: String
  let pool: any DatabaseWriter

  /// Changes of rows when the last backup was made; `nil` before there is one of this session.
  private let backedUpChanges = Mutex<Int?>(nil)

  init(path: String, pool: any DatabaseWriter) {
    self.path = path
    self.pool = pool
  }

  /// Closes the database; nothing can be read or written afterwards.
  ///
  /// - Throws: ``SessionStoreError`` if it is in use.
  public func close() throws {
    do {
      // The pool closes its readers last, and they leave the log where it is: with it in the file, a
      // copy of the one file is a copy of everything.
      _ = try? pool.writeWithoutTransaction { database in
        guard try String.fetchOne(database, sql: "PRAGMA journal_mode") == "wal" else { return }
        _ = try database.checkpoint(.truncate)
      }
      try pool.close()
    } catch {
      throw SessionStoreError(path: path, error)
    }
  }

  /// Copies the database into the folder of backups, unless the newest there holds the same, and lets go
  /// of copies that are not needed any more.
  ///
  /// - Parameter stamp: When, as `20261123-154210`.
  /// - Returns: Whether there is a new copy.
  /// - Throws: ``SessionStoreError`` if the copy cannot be written; earlier ones stay. It is
  ///   `damaged` only if the database itself is.
  @discardableResult
  public func backUp(stamp: String) throws -> Bool {
    let backups = SessionBackups(folder: Self.backupFolder(of: path))
    do {
      let changes = pool.writeWithoutTransaction { $0.totalChangesCount }
      guard backedUpChanges.withLock({ $0 != changes }) else { return false }
      let isNew = try backups.make(of: pool, stamp: stamp)
      backedUpChanges.withLock { $0 = changes }
      return isNew
    } catch {
      throw backupFailure(error)
    }
  }

  /// Why there is no copy. Damage of a copy is told as the database's own only where that has it too:
  /// what mends the one is of no use to the other.
  private func backupFailure(_ error: any Error) -> SessionStoreError {
    let failure = SessionStoreError(path: path, error)
    guard case .damaged(let found) = failure.problem else { return failure }
    do {
      try pool.read { try Self.check($0, path: path) }
    } catch {
      return SessionStoreError(path: path, error)
    }
    let code = Int(ResultCode.SQLITE_CORRUPT.rawValue)
    return SessionStoreError(
      path: failure.path, .failed(code: code, "the copy is not whole: \(found)"))
  }

  /// The folder with the backups of a database.
  static func backupFolder(of path: String) -> String {
    "\(OutputName.folder(of: path))/backups"
  }

  /// Changes the database: everything that `body` does, or nothing of it if it throws.
  ///
  /// - Throws: ``SessionStoreError``.
  public func write<Result>(_ body: (SessionTransaction) throws -> Result) throws -> Result {
    do {
      return try pool.write { try body(SessionTransaction(database: $0)) }
    } catch {
      throw SessionStoreError(path: path, error, refusal: DatabaseFiles.refusal(beside: path))
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
    /// `wal` for a write-ahead log, `delete` for a journal that is rolled back.
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
