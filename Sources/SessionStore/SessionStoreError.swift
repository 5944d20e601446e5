import GRDB

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

  /// Puts an error of GRDB into the store's own terms.
  init(path: String, _ error: any Error) {
    if let error = error as? SessionStoreError {
      self = error
      return
    }
    guard let error = error as? DatabaseError else {
      self.init(path: path, .failed(code: 0, "\(error)"))
      return
    }
    let message = error.message ?? "\(error.resultCode)"
    switch error.resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: self.init(path: path, .damaged(message))
    case .SQLITE_FULL: self.init(path: path, .full)
    // A write that fails on a full disk or at a size limit is an input/output error where the system
    // does not say why.
    case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_WRITE:
      self.init(path: path, .full)
    case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_IOERR:
      self.init(path: path, .notWritable(message))
    default:
      self.init(
        path: path, .failed(code: Int(error.extendedResultCode.rawValue), message))
    }
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
