import Foundation

/// The files that this process has open.
package enum OpenFiles {
  /// Duplicates every descriptor that a file is open by, as a child has them before it runs its program.
  ///
  /// - Returns: The duplicates, to be closed.
  /// - Throws: What the listing of the descriptors throws.
  package static func duplicates(of path: String) throws -> [CInt] {
    var file = stat()
    guard stat(path, &file) == 0 else { return [] }
    let names = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")
    // All are found before the first duplicate takes a number that the listing itself had.
    let found = names.compactMap(CInt.init).filter { descriptor in
      var opened = stat()
      return fstat(descriptor, &opened) == 0 && opened.st_dev == file.st_dev
        && opened.st_ino == file.st_ino
    }
    return found.map { fcntl($0, F_DUPFD_CLOEXEC, 0) }
  }
}
