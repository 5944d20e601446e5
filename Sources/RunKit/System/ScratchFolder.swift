import Foundation

/// A folder among the system's temporary files that a process holds while it uses it, so that one which
/// a killed process left is known and removed by the next.
package final class ScratchFolder {
  /// The folder.
  package let path: String
  private let lock: FolderLock

  /// Makes an empty folder, and removes those that ended processes left.
  ///
  /// - Parameters:
  ///   - purpose: Part of the name; what has the same is looked through.
  ///   - isWorthless: Whether nothing that somebody may want is in a folder that was left.
  /// - Throws: ``StudioError`` or an error of the file system.
  package init(_ purpose: String, isWorthless: (String) -> Bool = { _ in true }) throws {
    let root = FileManager.default.temporaryDirectory.path
    let prefix = "pvdm-\(purpose)-"
    for name in (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    where name.hasPrefix(prefix) {
      Self.removeLeft("\(root)/\(name)", isWorthless)
    }
    path = "\(root)/\(prefix)\(UUID().uuidString)"
    try PrivateFolder.make(path)
    lock = try FolderLock(path: Self.lockPath(path))
  }

  /// Removes the folder with all that is in it.
  package func remove() {
    try? FileManager.default.removeItem(atPath: path)
    lock.release()
  }

  private static func lockPath(_ folder: String) -> String { folder + "/scratch.lock" }

  private static func removeLeft(_ folder: String, _ isWorthless: (String) -> Bool) {
    var status = stat()
    // Without its lock, it is one that is being made, or none of ours.
    guard lstat(folder, &status) == 0, status.st_mode & S_IFMT == S_IFDIR,
      status.st_uid == geteuid(), access(lockPath(folder), F_OK) == 0,
      !FolderLock.isHeld(lockPath(folder)), isWorthless(folder)
    else { return }
    try? FileManager.default.removeItem(atPath: folder)
  }
}
