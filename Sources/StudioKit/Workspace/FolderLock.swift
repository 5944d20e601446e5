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
    if flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      close(descriptor)
      // File systems without locks answer otherwise; there is nothing to wait for then.
      if code == EWOULDBLOCK { throw StudioError(path, .inUse) }
      throw StudioError(path, .notWritable(reason: String(cString: strerror(code))))
    }
  }

  deinit { close(descriptor) }
}
