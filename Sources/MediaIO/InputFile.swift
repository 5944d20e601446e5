import Glibc

/// A regular file that is open for reading: the one way in which this module opens what a user names
/// or a folder holds.
///
/// Neither a named pipe without a writer nor a terminal can make it wait: what a name stands for is
/// looked at first, and the opening itself does not block.
final class InputFile {
  /// The path, as it was given.
  let path: String
  /// For reading by position; it has no position of its own that anyone relies on.
  let descriptor: Int32
  /// Bytes in the file when it was opened.
  let size: Int

  /// Opens the file. Throws `notFound`, or `unreadable` for what is no file and what the system
  /// refuses.
  init(path: String) throws {
    self.path = path
    try Self.check(FileSystem.kind(of: path), path)
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
    guard descriptor >= 0 else { throw FileSystem.readError(path) }
    // Looked at again, since another file may have taken the name.
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      let error = FileSystem.readError(path)
      close(descriptor)
      throw error
    }
    size = Int(status.st_size)
    do {
      try Self.check(FileSystem.EntryKind(mode: status.st_mode), path)
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  /// Up to `limit` bytes from `offset` on; fewer where the file ends. Throws `unreadable`.
  func read(from offset: Int = 0, limit: Int) throws -> [UInt8] {
    let wanted = min(max(size - offset, 0), limit)
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, count in
      while count < wanted {
        let got = pread(
          descriptor, buffer.baseAddress.map { $0 + count }, wanted - count, offset + count)
        if got < 0, errno == EINTR { continue }
        if got < 0 { failed = true }
        if got <= 0 { break }
        count += got
      }
    }
    if failed { throw FileSystem.readError(path) }
    return bytes
  }

  private static func check(_ kind: FileSystem.EntryKind, _ path: String) throws {
    guard kind != .file else { return }
    throw MediaError(.unreadable, file: path, found: "is \(kind.words)", expected: "give a file")
  }
}
