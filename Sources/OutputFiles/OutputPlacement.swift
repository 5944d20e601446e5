import Glibc

/// Gives a finished work its name.
package enum OutputPlacement {
  /// Renames a finished file or folder, whole, to its target.
  ///
  /// What appeared under the target's name meanwhile is never replaced unasked: the work is then kept
  /// under the next name that is free (`sky-2.mp4`). The system itself refuses a name that is taken, so
  /// that of two programs which finish at once each keeps its own.
  ///
  /// - Parameters:
  ///   - path: The finished work, in the target's folder.
  ///   - target: Its name; an empty folder gives way to a folder.
  ///   - replacing: Whether what is there may be replaced.
  ///   - mayRemove: Whether a folder that was there may be removed, asked when it is out of the way. If
  ///     not, it gets its name back, and the work is kept under another one.
  /// - Returns: The name that the work has.
  /// - Throws: ``FileFailure``, and what `mayRemove` throws; the work has the name that it had, and so
  ///   has what was there.
  package static func place(
    _ path: String, as target: String, replacing: Bool,
    mayRemove: (String) throws -> Bool = { _ in true }
  ) throws -> String {
    var status = stat()
    guard lstat(path, &status) == 0 else { throw FileFailure(operation(false), code: errno) }
    let isFolder = status.st_mode & S_IFMT == S_IFDIR
    if replacing {
      if !isFolder {
        guard rename(path, target) == 0 else { throw FileFailure(operation(false), code: errno) }
        return target
      }
      if try replaceFolder(path, as: target, mayRemove) { return target }
    }
    // A folder takes the place of an empty one.
    if isFolder, lstat(target, &status) == 0, rmdir(target) != 0, errno != ENOTEMPTY,
      errno != EEXIST, errno != ENOTDIR
    {
      throw FileFailure(operation(true), code: errno)
    }
    var number = 1
    while true {
      let name = number == 1 ? target : OutputName.alternative(number, to: target)
      let code = renameWithoutReplacing(path, name, isFolder: isFolder)
      if code == 0 { return name }
      guard code == EEXIST, number < 10_000 else {
        throw FileFailure(operation(isFolder), code: code)
      }
      number += 1
    }
  }

  /// Whether a work could have a name only in the place of what is there: an empty folder gives way to
  /// a folder.
  ///
  /// - Parameters:
  ///   - path: The name; a link is followed.
  ///   - byFolder: Whether the work is a folder.
  package static func isTaken(_ path: String, byFolder: Bool) -> Bool {
    let place = OutputName.resolved(path)
    var status = stat()
    guard lstat(place, &status) == 0 else { return false }
    guard byFolder, status.st_mode & S_IFMT == S_IFDIR,
      let listing = try? FolderListing(of: place)
    else { return true }
    return !listing.names.isEmpty || !listing.unreadableNames.isEmpty
  }

  /// - Returns: Whether the folder has the target's name; if not, another must be found.
  private static func replaceFolder(
    _ path: String, as target: String, _ mayRemove: (String) throws -> Bool
  ) throws -> Bool {
    var status = stat()
    guard lstat(target, &status) == 0 else { return false }
    guard status.st_mode & S_IFMT == S_IFDIR else { return false }
    // A name of its own, which no cleaning takes for work that was given up: for a moment it may be
    // the only one of what was there before.
    let stem =
      path.hasSuffix(OutputName.partialEnding)
      ? String(path.dropLast(OutputName.partialEnding.count)) : path
    let aside = stem + ".replaced"
    guard rename(path, aside) == 0 else { throw FileFailure(operation(true), code: errno) }
    guard exchange(aside, target) else {
      let code = errno
      _ = rename(aside, path)
      throw FileFailure(operation(true), code: code)
    }
    let isRemovable: Result<Bool, any Error> = Result { try mayRemove(aside) }
    if case .success(true) = isRemovable {
      removeTree(aside)
      return true
    }
    // Also where that cannot be told, what was there gets its name back.
    guard exchange(aside, target), rename(aside, path) == 0 else {
      throw FileFailure("put back what was there", code: errno)
    }
    return try isRemovable.get()
  }

  /// Exchanges the names of two folders, at once where the system can.
  private static func exchange(_ first: String, _ second: String) -> Bool {
    if let call = renameCall, call(AT_FDCWD, first, AT_FDCWD, second, exchangeFlag) == 0 {
      return true
    }
    let third = OutputName.temporary(for: second) + ".exchange"
    guard rename(second, third) == 0 else { return false }
    guard rename(first, second) == 0 else {
      let code = errno
      _ = rename(third, second)
      errno = code
      return false
    }
    return rename(third, first) == 0
  }

  /// Renames a finished file or folder, unless its name is taken.
  ///
  /// - Returns: 0, or the system's number for the reason; `EEXIST` for a name that is taken.
  package static func renameWithoutReplacing(
    _ path: String, _ target: String, isFolder: Bool
  ) -> Int32 {
    if let call = renameCall {
      if call(AT_FDCWD, path, AT_FDCWD, target, keepFlag) == 0 { return 0 }
      // Only some file systems know the flag; the others answer so.
      guard [EINVAL, ENOSYS, ENOTSUP].contains(errno) else { return errno }
    }
    return reserving(path, target, isFolder: isFolder)
  }

  /// The same where the system has no such call: a link is refused where its name is taken, and so is
  /// making the name anew, which is then replaced by the work at once.
  package static func reserving(_ path: String, _ target: String, isFolder: Bool) -> Int32 {
    if isFolder {
      guard mkdir(target, 0o700) == 0 else { return errno }
    } else if link(path, target) == 0 {
      return unlink(path) == 0 ? 0 : errno
    } else if errno == EEXIST {
      return EEXIST
    } else {
      let descriptor = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
      guard descriptor >= 0 else { return errno }
      close(descriptor)
    }
    guard rename(path, target) != 0 else { return 0 }
    // Somebody put files into the folder that was reserved: it is theirs now.
    return errno == ENOTEMPTY ? EEXIST : errno
  }

  private typealias RenameCall =
    @convention(c) (
      Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
    ) -> Int32

  /// `renameat2`, which Swift's module of the C library leaves out, and older libraries do not have.
  private static let renameCall: RenameCall? = dlsym(nil, "renameat2").map {
    unsafeBitCast($0, to: RenameCall.self)
  }
  /// `RENAME_NOREPLACE` and `RENAME_EXCHANGE` of linux/fs.h.
  private static let keepFlag: UInt32 = 1
  private static let exchangeFlag: UInt32 = 2

  private static func operation(_ isFolder: Bool) -> String {
    "rename the finished \(isFolder ? "folder" : "file")"
  }

  /// Removes a file, or a folder with all that is in it; links are removed, not followed.
  package static func removeTree(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return }
    guard status.st_mode & S_IFMT == S_IFDIR else {
      unlink(path)
      return
    }
    // By bytes: names that are no UTF-8 are removed as well.
    for name in (try? FolderListing.rawNames(of: path)) ?? [] {
      let bytes = Array(path.utf8) + [UInt8(ascii: "/")] + name
      var inner = stat()
      let isFolder = (bytes + [0]).withUnsafeBufferPointer { buffer in
        buffer.withMemoryRebound(to: CChar.self) { text in
          guard let text = text.baseAddress, lstat(text, &inner) == 0 else { return false }
          if inner.st_mode & S_IFMT == S_IFDIR { return true }
          unlink(text)
          return false
        }
      }
      if isFolder, let text = String(validating: bytes, as: UTF8.self) { removeTree(text) }
    }
    rmdir(path)
  }
}
