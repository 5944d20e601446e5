import Glibc

/// A file's bytes, mapped read-only into memory and unmapped when the last owner lets go.
///
/// Pages are read when touched, so mapping a file of gigabytes costs microseconds. The size is
/// taken once, when the file is opened. If another process truncates the file in place later, a
/// touch of the lost pages raises SIGBUS, which no reader of mapped files can turn into an error;
/// `checkUnchanged` narrows that window, and writers that replace a file by renaming (as
/// `AtomicFile` does) never open it, since the mapping keeps the old file alive.
final class MappedFile: Sendable {
  /// The path as the caller gave it.
  let path: String
  /// The mapped bytes; valid only while this object is alive.
  private nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  private let descriptor: CInt
  private static let pageSize = max(Int(sysconf(Int32(_SC_PAGESIZE))), 1)

  /// Maps the regular file at `path`; an empty file gives no bytes.
  init(path: String) throws(CheckpointError.Kind) {
    self.path = path
    // Non-blocking, so that a named pipe is refused below rather than waited for.
    descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
      // What cannot be opened as a file: a socket, a device that is not there.
      if errno == ENXIO { throw .unknownContainer(found: "a socket or a device") }
      throw .fileSystem(operation: "open the file", code: errno)
    }
    do throws(CheckpointError.Kind) {
      bytes = try Self.map(descriptor)
    } catch {
      close(descriptor)
      throw error
    }
  }

  deinit {
    if let base = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: base), bytes.count) }
    close(descriptor)
  }

  /// Number of bytes.
  var count: Int { bytes.count }

  /// Gives `body` the bytes and keeps them mapped until it returns.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    defer { withExtendedLifetime(self) {} }
    return try body(bytes)
  }

  /// Throws if the file has become shorter than what is mapped.
  func checkUnchanged() throws(CheckpointError.Kind) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .fileSystem(operation: "read the file's size", code: errno)
    }
    guard Int(status.st_size) >= bytes.count else {
      throw .fileChanged(found: Int(status.st_size), expected: bytes.count)
    }
  }

  /// Tells the kernel that the whole pages within `range` are no longer needed. They leave this
  /// process's resident memory (not the page cache) and come back by themselves if touched again.
  func release(_ range: Range<Int>) {
    let first = (range.lowerBound + Self.pageSize - 1) / Self.pageSize * Self.pageSize
    advise(first..<max(first, range.upperBound / Self.pageSize * Self.pageSize), MADV_DONTNEED)
  }

  /// Tells the kernel that `range` is about to be read, so that it starts fetching it.
  func willNeed(_ range: Range<Int>) {
    advise(range.lowerBound / Self.pageSize * Self.pageSize..<range.upperBound, MADV_WILLNEED)
  }

  /// Advice is only advice: a kernel that declines it changes speed and memory, never results.
  private func advise(_ range: Range<Int>, _ advice: CInt) {
    guard let base = bytes.baseAddress, !range.isEmpty, range.upperBound <= bytes.count else {
      return
    }
    let start = UnsafeMutableRawPointer(mutating: base + range.lowerBound)
    _ = madvise(start, range.count, advice)
  }

  private static func map(
    _ descriptor: CInt
  ) throws(CheckpointError.Kind) -> UnsafeRawBufferPointer {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      throw .fileSystem(operation: "read the file's size", code: errno)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw .unknownContainer(found: "a folder or a device")
    }
    let size = Int(status.st_size)
    guard size > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    guard let address = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0),
      address != MAP_FAILED
    else { throw .fileSystem(operation: "map the file", code: errno) }
    return UnsafeRawBufferPointer(start: address, count: size)
  }
}
