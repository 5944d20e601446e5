import Glibc
import OutputFiles

/// The few file operations this module needs, each failure a `MediaError`.
enum FileSystem {
  /// What a name can stand for.
  enum EntryKind {
    case file, folder, pipe, socket, device

    /// From the mode that `stat` gives.
    init(mode: mode_t) {
      switch mode & S_IFMT {
      case S_IFREG: self = .file
      case S_IFDIR: self = .folder
      case S_IFIFO: self = .pipe
      case S_IFSOCK: self = .socket
      default: self = .device
      }
    }

    /// With its article, for a sentence.
    var words: String {
      switch self {
      case .file: "a file"
      case .folder: "a folder"
      case .pipe: "a named pipe"
      case .socket: "a socket"
      case .device: "a device"
      }
    }
  }

  /// What stands at `path`. Throws `notFound` or `unreadable`.
  static func kind(of path: String) throws -> EntryKind {
    var status = stat()
    guard stat(path, &status) == 0 else { throw readError(path) }
    return EntryKind(mode: status.st_mode)
  }

  static func exists(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0
  }

  /// Bytes in the file, 0 when it cannot be asked.
  static func size(of path: String) -> Int {
    var status = stat()
    return stat(path, &status) == 0 ? Int(status.st_size) : 0
  }

  /// The names in a folder, without `.` and `..`, in no order.
  ///
  /// Throws `unsupported` for a name with one of some endings that is not UTF-8: no path could say it,
  /// so that its file would be missing without a word.
  static func entries(of folder: String, refusing endings: Set<String> = []) throws -> [String] {
    let listing: FolderListing
    do {
      listing = try FolderListing(of: folder)
    } catch {
      throw readError(folder, code: error.code)
    }
    if let name = listing.unreadableNames.sorted().first(where: {
      !$0.hasPrefix(".") && endings.contains(fileExtension(of: $0))
    }) {
      throw MediaError(
        .unsupported, file: folder, found: "holds a file whose name is not UTF-8 (\(name))",
        expected: "rename it, for example with convmv")
    }
    return listing.names
  }

  /// Up to `limit` bytes of the file from `offset` on.
  static func read(_ path: String, from offset: Int = 0, limit: Int = .max) throws -> [UInt8] {
    try InputFile(path: path).read(from: offset, limit: limit)
  }

  /// Writes all of `bytes` at the descriptor's position; `file` is the name for the error.
  static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, file: String) throws {
    var written = 0
    while written < bytes.count {
      let result = Glibc.write(
        descriptor, bytes.baseAddress.map { $0 + written }, bytes.count - written)
      if result < 0, errno == EINTR { continue }
      guard result > 0 else { throw writeError(file) }
      written += result
    }
  }

  /// Creates or replaces the file at `path`; `file` is the name for the error.
  static func create(_ path: String, holding bytes: [UInt8], for file: String) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw writeError(file) }
    defer { close(descriptor) }
    try bytes.withUnsafeBytes { try write($0, to: descriptor, file: file) }
  }

  /// The error for the system call on `path` that has just failed, by `errno`.
  static func readError(_ path: String) -> MediaError { readError(path, code: errno) }

  /// The error for a system call on `path` that failed with a code.
  static func readError(_ path: String, code: Int32) -> MediaError {
    if code == ENOENT || code == ENOTDIR {
      return MediaError(.notFound, file: path, found: "does not exist")
    }
    return MediaError(.unreadable, file: path, found: "cannot be read (\(reason(code)))")
  }

  /// The error for the system call on the output `path` that has just failed, by `errno`.
  static func writeError(_ path: String) -> MediaError { writeError(path, code: errno) }

  /// The error for a system call on the output `path` that failed with a code.
  static func writeError(_ path: String, code: Int32) -> MediaError {
    MediaError(.cannotWrite, file: path, found: "cannot be written (\(reason(code)))")
  }

  static func lastComponent(of path: String) -> String {
    let parts = path.split(separator: "/")
    return parts.last.map(String.init) ?? path
  }

  /// The extension in lower case, without the dot; empty if there is none.
  static func fileExtension(of path: String) -> String {
    let name = lastComponent(of: path)
    guard let dot = name.lastIndex(of: "."), dot != name.startIndex else { return "" }
    return name[name.index(after: dot)...].lowercased()
  }

  private static func reason(_ code: Int32) -> String {
    strerror(code).map { String(cString: $0) } ?? "error \(code)"
  }
}
