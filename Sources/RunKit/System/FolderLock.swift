import Foundation
import OutputFiles
import Synchronization

/// Keeps a second process out of a folder. The system lets go of it when the process ends, however that
/// happens.
///
/// It is a lock of the open file description on a file that only its owner may open (`F_OFD_SETLK` of
/// fcntl(2)): other users cannot hold it, nor can a program that merely looks, and whether it is held
/// can be asked without taking it. The file says who holds it.
///
/// On a file system that several machines share such a lock may not be told of from one to the other, or not at
/// all. A ``SharedLease`` beside it then keeps other machines out.
package final class FolderLock: Sendable {
  private let descriptor: Mutex<CInt?>
  private let lease: SharedLease?

  // Numbers of Linux's interface, which headers give to C programs alone.
  private static let query: CInt = 36
  private static let take: CInt = 37

  /// Takes the lock.
  ///
  /// - Parameters:
  ///   - path: The lock's file, which is made and stays.
  ///   - now: Since when it is held, to tell others.
  ///   - kind: What the file lies on; `nil` looks.
  /// - Throws: ``StudioError`` if another process holds it or the file cannot be made.
  package init(path: String, now: Date = Date(), on kind: FileSystemKind? = nil) throws {
    let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard opened >= 0 else {
      throw StudioError(path, .notWritable(reason: String(cString: strerror(errno))))
    }
    var region = Self.wholeFile
    // A file system without locks answers with another code; there is no telling then who is there.
    let isTaken = fcntl(opened, Self.take, &region) == 0
    if !isTaken, errno == EAGAIN || errno == EACCES {
      close(opened)
      throw StudioError(path, .inUse(by: LockHolder(ofLock: path)))
    }
    fchmod(opened, 0o600)
    let holder = LockHolder(since: now)
    if (kind ?? FileSystemKind(of: path)).isShared {
      do { lease = try SharedLease(path, holder, knowsOwnHost: isTaken) } catch {
        Self.unlock(opened)
        throw error
      }
    } else {
      lease = nil
    }
    // Who cannot be told is not worth failing for: the lock holds without it.
    let line = holder.line
    ftruncate(opened, 0)
    _ = pwrite(opened, line, line.count, 0)
    descriptor = Mutex(opened)
  }

  /// Whether another process took it over meanwhile: one of another machine, for which this one gave no sign
  /// for too long.
  package var isLost: Bool { lease?.isLost ?? false }

  /// Who holds a lock, as far as its files say.
  package static func holder(_ path: String) -> LockHolder? {
    LockHolder(ofLock: path) ?? SharedLease.holder(path)
  }

  /// Whether a process holds a lock now. Asking does not get into the way of one that takes it.
  ///
  /// - Parameter kind: What the file lies on; `nil` looks.
  package static func isHeld(_ path: String, on kind: FileSystemKind? = nil) -> Bool {
    isLocked(path)
      || (kind ?? FileSystemKind(of: path)).isShared && SharedLease.isHeld(path)
  }

  private static func isLocked(_ path: String) -> Bool {
    let opened = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard opened >= 0 else { return false }
    defer { close(opened) }
    var region = wholeFile
    return fcntl(opened, query, &region) == 0 && region.l_type != Int16(F_UNLCK)
  }

  private static var wholeFile: flock {
    flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
  }

  /// Lets go of the lock and closes the file. A program that is being started has the file open too until it
  /// runs, so that closing alone could leave it locked.
  private static func unlock(_ descriptor: CInt) {
    var region = wholeFile
    region.l_type = Int16(F_UNLCK)
    _ = fcntl(descriptor, take, &region)
    close(descriptor)
  }

  /// Lets another process in.
  package func release() {
    descriptor.withLock { descriptor in
      if let descriptor {
        ftruncate(descriptor, 0)
        Self.unlock(descriptor)
      }
      descriptor = nil
    }
    lease?.release()
  }

  deinit { release() }
}
