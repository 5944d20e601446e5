import Foundation
import Glibc

/// A database's file with those that SQLite keeps beside it.
struct DatabaseFiles {
  /// The database's own file.
  let path: String
  /// The write-ahead log, which holds what was committed last.
  var log: String { path + "-wal" }

  static let suffixes = ["", "-wal", "-shm"]

  /// What lies at the database's path.
  enum Content {
    /// Nothing, or a link to nothing.
    case missing
    /// A file without content.
    case empty
    /// A file.
    case file
    /// A folder, a pipe or the like.
    case other
  }

  /// What lies there. It is looked at and not opened, since opening a pipe waits for its other end.
  var content: Content {
    var status = stat()
    guard stat(path, &status) == 0 else { return .missing }
    guard status.st_mode & S_IFMT == S_IFREG else { return .other }
    return status.st_size == 0 ? .empty : .file
  }

  /// Whether the log holds anything.
  var hasLog: Bool { (Self.size(of: log) ?? 0) > 0 }

  /// The system's number for why a file beside a database takes nothing, which SQLite does not tell of a
  /// commit; 0 if one does.
  static func refusal(beside path: String) -> Int32 {
    let trial = "\(path)-trial-\(getpid())"
    let descriptor = Glibc.open(trial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return errno }
    defer {
      close(descriptor)
      unlink(trial)
    }
    return Glibc.write(descriptor, [0], 1) == 1 && fsync(descriptor) == 0 ? 0 : errno
  }

  static func size(of path: String) -> Int? {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : nil
  }

  /// Makes an empty file that only its owner may read, unless there is one: what SQLite puts beside a
  /// database has the database's permissions.
  ///
  /// - Throws: ``SessionStoreError`` if the file system refuses.
  func makePrivate() throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw SessionStoreError(path: path, code: errno) }
    close(descriptor)
  }

  /// Gives the database and what belongs to it another name.
  ///
  /// - Returns: The new name of the database.
  /// - Throws: ``SessionStoreError`` if the file system refuses.
  func setAside(stamp: String) throws -> String {
    let name = Self.unused("\(path).damaged-\(stamp)")
    // The log goes first: a database that was put in this one's place must never meet it.
    for suffix in Self.suffixes.reversed() where Self.exists(path + suffix) {
      guard rename(path + suffix, name + suffix) == 0 else {
        throw SessionStoreError(
          path: path, .notWritable("\(path + suffix): \(String(cString: strerror(errno)))"))
      }
    }
    return name
  }

  /// Whether there is anything under a name, a broken link included.
  private static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// The name, with a number if it is taken.
  private static func unused(_ name: String) -> String {
    func isFree(_ name: String) -> Bool { suffixes.allSatisfy { !exists(name + $0) } }
    if isFree(name) { return name }
    return (2...).lazy.map { "\(name)-\($0)" }.first(where: isFree) ?? name
  }
}
