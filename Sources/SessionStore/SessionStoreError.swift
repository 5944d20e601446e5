import Foundation
import GRDB
import OutputFiles

/// A session database that cannot be used as asked.
public struct SessionStoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The database's file.
  public let path: String
  /// What is wrong.
  public let problem: Problem

  /// What can be wrong with a database.
  public enum Problem: Sendable, Hashable {
    /// A newer version of the program wrote it; nothing in it was touched.
    case newer
    /// An older version of the program has it open; nothing in it was touched.
    case older
    /// It is no database, or a damaged one. What SQLite found.
    case damaged(String)
    /// The file system refuses to write it: no permission, or read-only.
    case notWritable(String)
    /// There is no space left to write it.
    case full
    /// Another process has it, on a file system (its name) where only one at a time can.
    case exclusive(on: String)
    /// Anything else, with SQLite's extended result code.
    case failed(code: Int, String)
  }

  /// Describes a problem.
  public init(path: String, _ problem: Problem) {
    self.path = path
    self.problem = problem
  }

  /// Puts an error of GRDB, or of a file, into the store's own terms.
  ///
  /// - Parameter refusal: The system's number for why nothing can be written beside the database; 0 where
  ///   something can, or it is not known. Asked for only where SQLite tells no reason.
  package init(
    path: String, _ error: any Error, refusal: @autoclosure () -> Int32 = 0
  ) {
    switch error {
    case let error as SessionStoreError: self = error
    case let error as FileFailure: self.init(path: path, code: error.code)
    case let error as DatabaseError: self.init(path: path, error, refusal)
    default: self.init(path: path, .failed(code: 0, "\(error)"))
    }
  }

  private init(path: String, _ error: DatabaseError, _ refusal: () -> Int32) {
    let message = error.message ?? "\(error.resultCode)"
    switch error.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: self.init(path: path, .damaged(message))
    case .SQLITE_FULL: self.init(path: path, .full)
    // SQLite itself tells a full disk from other reasons, but not a quota or a limit.
    case .SQLITE_IOERR, .SQLITE_CANTOPEN:
      let code = refusal()
      self = code == 0 ? Self(path: path, .notWritable(message)) : Self(path: path, code: code)
    case .SQLITE_READONLY, .SQLITE_PERM:
      self.init(path: path, .notWritable(message))
    default:
      self.init(
        path: path, .failed(code: Int(error.extendedResultCode.rawValue), message))
    }
  }

  /// A file that cannot be written, by the system's number for the reason.
  init(path: String, code: Int32) {
    let problem: Problem =
      [ENOSPC, EDQUOT, EFBIG].contains(code) ? .full : .notWritable(String(cString: strerror(code)))
    self.init(path: path, problem)
  }

  public var description: String { "\(path): \(problem.description)" }
}

extension SessionStoreError.Problem: CustomStringConvertible {
  public var description: String {
    switch self {
    case .newer: "a newer version of the program wrote this database"
    case .older: "an older version of the program has this database open"
    case .damaged(let found): "the database is damaged (\(found))"
    case .notWritable(let found): "the database cannot be written (\(found))"
    case .exclusive(let system):
      "another program has the database open, and on \(system) only one at a time can use it"
    case .full: "there is no space left to write the database"
    case .failed(let code, let message): "the database failed (\(message), SQLite code \(code))"
    }
  }
}
