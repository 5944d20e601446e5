import Foundation
import Synchronization

/// Keeps a second process out of a folder. The system lets go of it when the process ends, however that
/// happens.
///
/// It is a lock of the open file description on a file that only its owner may open (`F_OFD_SETLK` of
/// fcntl(2)): other users cannot hold it, nor can a program that merely looks, and whether it is held
/// can be asked without taking it. The file says who holds it.
package final class FolderLock: Sendable {
  private let descriptor: Mutex<CInt?>

  // Numbers of Linux's interface, which headers give to C programs alone.
  private static let query: CInt = 36
  private static let take: CInt = 37

  /// Takes the lock.
  ///
  /// - Parameters:
  ///   - path: The lock's file, which is made and stays.
  ///   - now: Since when it is held, to tell others.
  /// - Throws: ``StudioError`` if another process holds it or the file cannot be made.
  package init(path: String, now: Date = Date()) throws {
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard opened >= 0 else {
      throw StudioError(path, .notWritable(reason: String(cString: strerror(errno))))
    }
    var region = Self.wholeFile
    // A file system without locks answers with another code; there is no telling then who is there.
    if fcntl(opened, Self.take, &region) != 0, errno == EAGAIN || errno == EACCES {
      close(opened)
      throw StudioError(path, .inUse(by: LockHolder(ofLock: path)))
    }
    fchmod(opened, 0o600)
    // Who cannot be told is not worth failing for: the lock holds without it.
    let line = LockHolder(since: now).line
    ftruncate(opened, 0)
    _ = pwrite(opened, line, line.count, 0)
    descriptor = Mutex(opened)
  }

  /// Whether a process holds a lock now. Asking does not get into the way of one that takes it.
  package static func isHeld(_ path: String) -> Bool {
    let opened = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard opened >= 0 else { return false }
    defer { close(opened) }
    var region = wholeFile
    return fcntl(opened, query, &region) == 0 && region.l_type != Int16(F_UNLCK)
  }

  private static var wholeFile: flock {
    flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
  }

  /// Lets another process in.
  package func release() {
    descriptor.withLock { descriptor in
      if let descriptor {
        ftruncate(descriptor, 0)
        close(descriptor)
      }
      descriptor = nil
    }
  }

  deinit { release() }
}
