import Glibc
import OutputFiles

/// Writes a file so that its name holds either the old content or the whole new one, never a part:
/// everything goes to a temporary file in the same folder, which `commit` syncs and renames.
///
/// A file that is not committed leaves nothing behind. If the name is a symbolic link, the file that it
/// leads to is written, and the link stays. Use from one thread at a time.
package final class AtomicFile {
  /// The name that the file gets when it is committed.
  package let path: String
  /// Bytes written so far.
  package private(set) var count = 0
  /// Grows with everything that is written from when it is set.
  var digest: SHA256Digest?

  private let replaces: Bool
  private var staged: StagedPath?
  private var pending: [UInt8] = []
  private static let pendingLimit = 1 << 18

  /// Starts a new file.
  ///
  /// - Parameter replaces: Whether what `path` names is replaced, if anything. Without it, a file that is
  ///   there when the new one is complete is left as it is; see ``commit(isSynced:)``.
  /// - Throws: `CheckpointError` if the folder is missing or cannot be written to.
  package init(replacing path: String, replaces: Bool = true) throws(CheckpointError) {
    self.path = path
    self.replaces = replaces
    do {
      let staged = try StagedPath(target: path, kind: .file, permissions: 0o666)
      self.staged = staged
      // The replaced file's permissions stay, as they would if it were written in place.
      var status = stat()
      if replaces, stat(staged.target, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
        _ = fchmod(staged.descriptor, status.st_mode & 0o777)
      }
    } catch {
      throw CheckpointError(path: path, error)
    }
  }

  deinit { abandon() }

  /// Adds `bytes` at the end. Small pieces are collected.
  ///
  /// - Throws: `CheckpointError` if the disk is full or the file was abandoned.
  package func write(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
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
  package func write(_ bytes: [UInt8]) throws(CheckpointError) {
    try bytes.withUnsafeBufferPointer { buffer throws(CheckpointError) in
      try write(UnsafeRawBufferPointer(buffer))
    }
  }

  /// Makes the file permanent under its name: syncs it, renames it, and syncs the folder.
  ///
  /// - Parameter isSynced: Without it the file survives the end of the process, but a power loss may
  ///   leave the name with the old content, or with a file that is cut.
  /// - Throws: `CheckpointError`. Unless only the folder's sync failed, the name still holds what it held
  ///   before, and the temporary file is gone; but a complete file whose name was taken is kept under
  ///   another one, which the error tells (`nameTaken`).
  package func commit(isSynced: Bool = true) throws(CheckpointError) {
    guard let staged else {
      throw CheckpointError(
        path: path, kind: .fileSystem(operation: "close the file", code: EBADF))
    }
    let name: String
    do throws(CheckpointError) {
      try flush()
      if isSynced { try check(fsync(staged.descriptor), "write the file to disk") }
      // Network file systems tell of failed writes when a file is closed; the descriptor itself stays
      // open, since it holds the lock.
      let copy = dup(staged.descriptor)
      try check(copy < 0 ? -1 : close(copy), "close the file")
      do {
        name = try staged.place(replacing: replaces)
      } catch {
        throw CheckpointError(path: path, error)
      }
    } catch {
      abandon()
      throw error
    }
    self.staged = nil
    if isSynced { try syncFolder(of: name) }
    if name != staged.target {
      throw CheckpointError(path: path, kind: .nameTaken(kept: name))
    }
  }

  /// Drops what was written; does nothing after `commit`.
  package func abandon() {
    staged?.discard()
    staged = nil
  }

  /// Writes a whole file: runs `body` and commits, or leaves nothing behind if it throws.
  package static func write(
    to path: String, isSynced: Bool = true, replaces: Bool = true,
    _ body: (AtomicFile) throws -> Void
  ) throws {
    let file = try AtomicFile(replacing: path, replaces: replaces)
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
    guard let staged else { return }
    var rest = bytes[...]
    while !rest.isEmpty {
      let chunk = UnsafeRawBufferPointer(rebasing: rest)
      let written = Glibc.write(staged.descriptor, chunk.baseAddress, min(chunk.count, 1 << 30))
      if written < 0 && errno == EINTR { continue }
      try check(written < 0 ? -1 : 0, "write the file")
      rest = rest.dropFirst(written)
    }
  }

  private func syncFolder(of name: String) throws(CheckpointError) {
    do {
      try DurableFolder.sync(OutputName.folder(of: name))
    } catch {
      throw CheckpointError(path: path, error)
    }
  }

  private func check(_ result: CInt, _ operation: String) throws(CheckpointError) {
    guard result < 0 else { return }
    throw CheckpointError(path: path, kind: .fileSystem(operation: operation, code: errno))
  }
}

extension CheckpointError {
  /// A failed call as an error about a file.
  init(path: String, _ error: any Error) {
    let failure = error as? FileFailure ?? FileFailure("write the file", code: EIO)
    self.init(
      path: path, kind: .fileSystem(operation: failure.operation, code: failure.code))
  }
}
