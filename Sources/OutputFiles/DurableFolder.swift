import Glibc

/// Folders that outlast a loss of power with what is in them.
///
/// A file that was synced has its content on the disk, but its name is an entry of the folder around it,
/// which has to be synced as well; and so has the name of a new folder, in the folder around that.
package enum DurableFolder {
  /// Makes a folder with those that lead to it; the name of each new one is on the disk when it returns.
  ///
  /// - Parameter permissions: Of each new folder, less what the process's mask takes.
  /// - Throws: ``FileFailure``; the folder that could not be made or synced is not there then.
  package static func make(_ path: String, permissions: mode_t = 0o777) throws(FileFailure) {
    var path = path
    while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
    if isFolder(path) { return }
    let parent = OutputName.folder(of: path)
    if parent != path { try make(parent, permissions: permissions) }
    guard mkdir(path, permissions) == 0 else {
      let code = errno
      // Another process may have made it meanwhile.
      if code == EEXIST, isFolder(path) { return }
      throw FileFailure("make the folder", code: code)
    }
    do {
      try sync(parent)
    } catch {
      rmdir(path)
      throw error
    }
  }

  /// Waits until the names in a folder are on the disk.
  ///
  /// - Throws: ``FileFailure``.
  package static func sync(_ path: String) throws(FileFailure) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      // A folder may be written to that must not be listed; there is no way to wait for it.
      if errno == EACCES { return }
      throw FileFailure("open the folder", code: errno)
    }
    defer { close(descriptor) }
    // Some network file systems cannot sync a folder; what is in it is safe by then.
    guard fsync(descriptor) == 0 || errno == EINVAL || errno == ENOTSUP else {
      throw FileFailure("write the folder to disk", code: errno)
    }
  }

  /// Waits until a folder is on the disk with all that is in it, for one that is to take the place of
  /// another. Links are not followed.
  ///
  /// - Throws: ``FileFailure``.
  package static func syncTree(_ path: String) throws(FileFailure) {
    let listing = try FolderListing(of: path)
    for name in listing.names {
      let inner = path + "/" + name
      var status = stat()
      guard lstat(inner, &status) == 0 else { throw FileFailure("read the folder", code: errno) }
      switch status.st_mode & S_IFMT {
      case S_IFDIR: try syncTree(inner)
      case S_IFREG: try syncFile(inner)
      default: break
      }
    }
    // Files that no path names are waited for with everything else that the system has to write.
    if !listing.unreadableNames.isEmpty { Glibc.sync() }
    try sync(path)
  }

  /// Waits until a file is on the disk.
  ///
  /// - Throws: ``FileFailure``, also for a link.
  package static func syncFile(_ path: String) throws(FileFailure) {
    let descriptor = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure("open the file", code: errno) }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else { throw FileFailure("write the file to disk", code: errno) }
  }

  private static func isFolder(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}
