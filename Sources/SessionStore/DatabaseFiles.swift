import Foundation

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
    guard descriptor >= 0 else {
      throw SessionStoreError(path: path, .notWritable(String(cString: strerror(errno))))
    }
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

  /// Syncs a file or folder to the disk.
  ///
  /// - Throws: ``SessionStoreError``.
  static func sync(_ path: String) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    defer { if descriptor >= 0 { close(descriptor) } }
    // Some network file systems cannot sync a folder.
    guard descriptor >= 0, fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
      let code = errno
      if code == ENOSPC || code == EDQUOT { throw SessionStoreError(path: path, .full) }
      throw SessionStoreError(path: path, .notWritable(String(cString: strerror(code))))
    }
  }

  /// The folder that holds a file.
  static func folder(of path: String) -> String {
    URL(filePath: path).deletingLastPathComponent().path
  }
}
