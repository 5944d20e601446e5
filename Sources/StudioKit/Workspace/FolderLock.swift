import Foundation
import Synchronization

/// Keeps a second studio out of a data folder. The system lets go of it when the process ends, however
/// that happens.
final class FolderLock: Sendable {
  private let descriptor: Mutex<CInt?>

  /// Takes the lock.
  ///
  /// - Parameter path: The lock's file, which is made and stays.
  /// - Throws: ``StudioError`` if another studio holds it or the file cannot be made.
  init(path: String) throws {
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard opened >= 0 else {
      throw StudioError(path, .notWritable(reason: String(cString: strerror(errno))))
    }
    // A file system without locks answers with another code; there is no telling then who is there.
    if flock(opened, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      close(opened)
      throw StudioError(path, .inUse)
    }
    descriptor = Mutex(opened)
  }

  /// Lets another studio in.
  func release() {
    descriptor.withLock { descriptor in
      if let descriptor { close(descriptor) }
      descriptor = nil
    }
  }

  deinit { release() }
}
