import Glibc

/// Writes a file so that its name holds either the old content or the whole new one, never a part:
/// everything goes to a temporary file in the same folder, which `commit` syncs and renames.
///
/// A file that is not committed leaves nothing behind. If the name is a symbolic link, the link is
/// replaced, not its target. Use from one thread at a time.
public final class AtomicFile {
  /// The name that the file gets when it is committed.
  public let path: String
  /// Bytes written so far.
  public private(set) var count = 0
  /// Grows with everything that is written from when it is set.
  var digest: SHA256Digest?

  private let temporaryPath: String
  private var descriptor: CInt
  private var pending: [UInt8] = []
  private static let pendingLimit = 1 << 18

  /// Starts a new file that will replace what `path` names, if anything.
  ///
  /// - Throws: `CheckpointError` if the folder is missing or cannot be written to.
  public init(replacing path: String) throws(CheckpointError) {
    self.path = path
    let folder = Self.folder(of: path)
    var stem = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    // Cut, because the suffix must not push the name past what a file system allows (255 bytes).
    while stem.utf8.count > 200 { stem.removeLast() }
    var candidate = ""
    var descriptor: CInt = -1
    repeat {
      let tag = String(UInt32.random(in: 0 ... .max), radix: 36)
      candidate = "\(folder)/.\(stem).\(tag).partial"
      descriptor = open(candidate, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
    } while descriptor < 0 && errno == EEXIST
    guard descriptor >= 0 else {
      throw CheckpointError(
        path: path, kind: .fileSystem(operation: "create a file in its folder", code: errno))
    }
    temporaryPath = candidate
    self.descriptor = descriptor
    // The replaced file's permissions stay, as they would if it were written in place.
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
      _ = fchmod(descriptor, status.st_mode & 0o777)
    }
  }

  deinit { abandon() }

  /// Adds `bytes` at the end. Small pieces are collected.
  ///
  /// - Throws: `CheckpointError` if the disk is full or the file was abandoned.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    if pending.count + bytes.count > Self.pendingLimit { try flush() }
    if bytes.count >= Self.pendingLimit {
      try writeThrough(bytes)
    } else {
      pending.append(contentsOf: bytes)
    }
    count += bytes.count
    digest?.update(bytes)
  }

  /// Adds `bytes` at the end.
  ///
  /// - Throws: as `write(_:)` for raw bytes.
  public func write(_ bytes: [UInt8]) throws(CheckpointError) {
    try bytes.withUnsafeBufferPointer { buffer throws(CheckpointError) in
      try write(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Makes the file permanent under its name: syncs it, renames it, and syncs the folder.
  ///
  /// - Parameter isSynced: Without it the file survives the end of the process, but a power loss may
  ///   leave the name with the old content, or with a file that is cut.
  /// - Throws: `CheckpointError`; unless only the folder's sync failed, the name still holds what
  ///   it held before, and the temporary file is gone.
  public func commit(isSynced: Bool = true) throws(CheckpointError) {
    do throws(CheckpointError) {
      try flush()
      if isSynced { try check(fsync(descriptor), "write the file to disk") }
      let closing = descriptor
      descriptor = -1
      try check(close(closing), "close the file")
      try check(rename(temporaryPath, path), "rename the finished file")
    } catch {
      removeTemporary()
      throw error
    }
    if isSynced { try syncFolder() }
  }

  /// Drops what was written; does nothing after `commit`.
  public func abandon() {
    if descriptor >= 0 { removeTemporary() }
  }

  /// Writes a whole file: runs `body` and commits, or leaves nothing behind if it throws.
  public static func write(
    to path: String, isSynced: Bool = true, _ body: (AtomicFile) throws -> Void
  ) throws {
    let file = try AtomicFile(replacing: path)
    do {
      try body(file)
    } catch {
      file.abandon()
      throw error
    }
    try file.commit(isSynced: isSynced)
  }

  private func flush() throws(CheckpointError) {
    try pending.withUnsafeBufferPointer { buffer throws(CheckpointError) in
      try writeThrough(UnsafeRawBufferPointer(buffer))
    }
    pending.removeAll(keepingCapacity: true)
  }

  private func writeThrough(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest)
      let written = Glibc.write(descriptor, chunk.baseAddress, min(chunk.count, 1 << 30))
      if written < 0 && errno == EINTR { continue }
      try check(written < 0 ? -1 : 0, "write the file")
      rest = rest.dropFirst(written)
    }
  }

  private func syncFolder() throws(CheckpointError) {
    let folder = open(Self.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    try check(folder, "open the folder")
    let result = fsync(folder)
    let code = errno
    close(folder)
    // Some network file systems cannot sync a folder; the file itself is safe by then.
    if result != 0 && code != EINVAL && code != ENOTSUP {
      throw CheckpointError(
        path: path, kind: .fileSystem(operation: "write the folder to disk", code: code))
    }
  }

  private func check(_ result: CInt, _ operation: String) throws(CheckpointError) {
    guard result < 0 else { return }
    throw CheckpointError(path: path, kind: .fileSystem(operation: operation, code: errno))
  }

  private func removeTemporary() {
    if descriptor >= 0 { close(descriptor) }
    descriptor = -1
    unlink(temporaryPath)
  }

  private static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
