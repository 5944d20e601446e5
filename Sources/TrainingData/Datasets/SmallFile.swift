import Foundation

/// Files that lie in a set's folder beside its videos, which may be anything.
enum SmallFile {
  /// The bytes of a regular file; nil if there is none, if it cannot be read, or if it is larger than
  /// `limit` bytes. Never waits, as a pipe would make one.
  static func contents(of path: String, limit: Int) -> Data? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
      status.st_size <= limit
    else { return nil }
    return try? file.read(upToCount: Int(status.st_size)) ?? Data()
  }
}
