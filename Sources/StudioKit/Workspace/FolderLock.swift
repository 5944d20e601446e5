import Foundation

/// Keeps a second studio out of a data folder for as long as it lives. The system lets go of it when
/// the process ends, however that happens.
final class FolderLock: Sendable {
  private let descriptor: CInt

  /// Takes the lock.
  ///
  /// - Parameter path: The lock's file, which is made and stays.
  /// - Throws: ``StudioError`` if another studio holds it or the file cannot be made.
  init(path: String) throws {
    descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw StudioError(path, .notWritable(reason: String(cString: strerror(errno))))
    }
    // A file system without locks answers with another code; there is no telling then who is there.
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      close(descriptor)
      throw StudioError(path, .inUse)
    }
  }

  deinit { close(descriptor) }
}
