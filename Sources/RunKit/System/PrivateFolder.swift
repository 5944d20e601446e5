import Foundation
import OutputFiles

/// Keeps what lies in the data folder from other users of the machine: folders 0700, files 0600. What
/// somebody makes, and of which pictures, is nobody else's business.
package enum PrivateFolder {
  /// Makes a folder that only its owner may enter, with those that lead to it, so that a loss of power
  /// does not take it back.
  ///
  /// - Throws: `FileFailure`.
  package static func make(_ path: String) throws {
    try DurableFolder.make(path, permissions: 0o700)
  }

  /// Takes the permissions of others from a file or folder, and from everything in the folder. Links
  /// are not followed.
  ///
  /// - Returns: The first path of which they could not be taken.
  package static func tighten(_ path: String) -> String? {
    var failed: String?
    if !tightenAlone(path) { failed = path }
    guard let inside = FileManager.default.enumerator(atPath: path) else { return failed }
    while let name = inside.nextObject() as? String {
      if !tightenAlone("\(path)/\(name)") { failed = failed ?? "\(path)/\(name)" }
    }
    return failed
  }

  /// Takes the permissions of others from one file or folder.
  ///
  /// - Returns: Whether others have none now, or it is a link or not there.
  @discardableResult
  package static func tightenAlone(_ path: String) -> Bool {
    var status = stat()
    guard lstat(path, &status) == 0 else { return true }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFREG || kind == S_IFDIR, status.st_mode & 0o077 != 0 else { return true }
    return chmod(path, status.st_mode & 0o700) == 0
  }

  /// Whether a folder is one that only the studio uses, so that closing it to others takes nothing from
  /// anybody: `--data` may name any folder, such as one that everybody writes to.
  static func isOwn(_ folder: StudioFolders) -> Bool {
    var status = stat()
    guard lstat(folder.data, &status) == 0, status.st_uid == geteuid(),
      status.st_mode & S_IFMT == S_IFDIR, status.st_mode & S_ISVTX == 0
    else { return false }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.data)) ?? []
    return names.allSatisfy(folder.isOwnName)
  }
}

extension StudioFolders {
  /// Whether the studio gives such a name to things in the data folder.
  func isOwnName(_ name: String) -> Bool {
    let folders = [
      "backups", "clips", "runs", "previews", "training", "evaluations", "cluster", "cache",
    ]
    return folders.contains { name == $0 || name.hasPrefix("\($0).without-database-") }
      || name.hasPrefix("studio.sqlite")
      // On a file system that machines share, leases lie beside a lock: `studio.lock.N`.
      || ["studio.lock", "scratch.lock"].contains { name == $0 || name.hasPrefix($0 + ".") }
      || ["studio.sock", "worker.log"].contains(name)
  }

  /// Takes the permissions of other users from the data folder and from what the studio keeps in it.
  ///
  /// - Returns: The first path of which they could not be taken.
  package func tighten() -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: data)) ?? []
    let own = names.filter(isOwnName).sorted()
    var failed = own.lazy.compactMap { PrivateFolder.tighten("\(data)/\($0)") }.first
    if PrivateFolder.isOwn(self), !PrivateFolder.tightenAlone(data) { failed = failed ?? data }
    return failed
  }
}
