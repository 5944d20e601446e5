import Glibc
import Synchronization

/// A file or folder that grows under a hidden name beside its own and gets that name when it is whole.
///
/// While it grows it is locked, so that what a process left which was killed can be told from what a
/// living one works on. The first output that a process begins in a folder removes what others left
/// there.
package final class StagedPath {
  /// What grows.
  package enum Kind: Sendable { case file, folder }

  /// The name that it is to have; links are followed.
  package let target: String
  /// The name that it has meanwhile.
  package let path: String
  /// The new file, open for writing, or the new folder.
  package let descriptor: Int32

  private var isDone = false
  private static let cleaned = Mutex<Set<String>>([])

  /// Begins an empty file or folder.
  ///
  /// - Parameter permissions: Of the new file or folder, less what the process's mask takes.
  /// - Throws: ``FileFailure`` if the folder around it is missing or cannot be written to.
  package init(target: String, kind: Kind, permissions: mode_t) throws(FileFailure) {
    self.target = OutputName.resolved(target)
    let folder = OutputName.folder(of: self.target)
    if Self.cleaned.withLock({ $0.insert(folder).inserted }) { Self.removeAbandoned(in: folder) }
    let operation = "create a \(kind == .file ? "file" : "folder") in its folder"
    while true {
      let candidate = OutputName.temporary(for: self.target)
      let opened: Int32
      switch kind {
      case .file: opened = open(candidate, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, permissions)
      case .folder:
        let isMade = mkdir(candidate, permissions) == 0
        opened = isMade ? open(candidate, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1
        // Who cleans up may have found it before it was open.
        if isMade, opened < 0, errno == ENOENT { continue }
      }
      guard opened >= 0 else {
        if errno == EEXIST { continue }
        throw FileFailure(operation, code: errno)
      }
      // Who cleans up may have found it before it was locked: then it holds the lock, and removes it next,
      // or has removed it. Some file systems have no locks; there nothing is ever cleaned away.
      let isTaken = flock(opened, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK
      var status = stat()
      if !isTaken, lstat(candidate, &status) == 0 {
        path = candidate
        descriptor = opened
        return
      }
      close(opened)
    }
  }

  deinit {
    discard()
    PathLock.unlock(descriptor)
  }

  /// Gives the finished work its name; see ``OutputPlacement``.
  ///
  /// - Returns: The name that it has, which is another than ``target`` if that was taken meanwhile.
  /// - Throws: ``FileFailure``; the work is gone then.
  package func place(
    replacing: Bool, mayRemove: (String) throws -> Bool = { _ in true }
  ) throws -> String {
    do {
      let name = try OutputPlacement.place(
        path, as: target, replacing: replacing, mayRemove: mayRemove)
      isDone = true
      return name
    } catch {
      discard()
      throw error
    }
  }

  /// Removes the work; does nothing when it has its name.
  package func discard() {
    guard !isDone else { return }
    isDone = true
    OutputPlacement.removeTree(path)
  }

  /// Removes what processes that are gone left in a folder of outputs that were growing: ours by their
  /// names, of this user, and locked by nobody.
  package static func removeAbandoned(in folder: String) {
    guard let listing = try? FolderListing(of: folder) else { return }
    for name in listing.names where OutputName.isTemporary(name) {
      let path = folder + "/" + name
      let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
      guard descriptor >= 0 else { continue }
      defer { PathLock.unlock(descriptor) }
      var status = stat()
      if fstat(descriptor, &status) == 0, status.st_uid == geteuid(),
        [S_IFREG, S_IFDIR].contains(status.st_mode & S_IFMT),
        flock(descriptor, LOCK_EX | LOCK_NB) == 0
      {
        OutputPlacement.removeTree(path)
      }
    }
  }
}

/// A lock on a file or folder that is there, held until the value is dropped or the process ends.
package final class PathLock {
  private let descriptor: Int32

  /// - Returns: `nil` if another process, or another value of this one, holds it, or there is no such
  ///   file.
  package init?(_ path: String) {
    let opened = open(path, O_RDONLY | O_CLOEXEC)
    guard opened >= 0 else { return nil }
    // A file system without locks must not keep anybody from working.
    if flock(opened, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
      close(opened)
      return nil
    }
    descriptor = opened
  }

  deinit { Self.unlock(descriptor) }

  /// Lets go of the lock and closes what it is on. A program that is being started has it open too until it runs,
  /// so that closing alone could leave it locked.
  fileprivate static func unlock(_ descriptor: Int32) {
    _ = flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}

/// A call to the file system that failed.
package struct FileFailure: Error, Hashable {
  /// What was to be done, such as `rename the finished file`.
  package let operation: String
  /// The system's number for the reason.
  package let code: Int32

  /// A failure with its reason.
  package init(_ operation: String, code: Int32) {
    self.operation = operation
    self.code = code
  }
}
