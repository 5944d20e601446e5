import Glibc

/// An output under construction: a file or folder with a temporary name beside its target, renamed
/// by `commit` and removed in every other case, so the final name never shows partial work.
final class StagedOutput {
  /// The path asked for, for messages and the final name; no slash at the end.
  let target: String
  /// Where to write: the temporary file, or a folder to put files into.
  let path: String

  private let isFolder: Bool
  private var committed = false

  /// Creates the temporary file or folder. Throws `alreadyExists` or `cannotWrite`.
  init(target: String, isFolder: Bool, overwrite: Bool) throws {
    var trimmed = target
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.target = trimmed
    self.isFolder = isFolder
    try Self.checkTarget(trimmed, isFolder: isFolder, overwrite: overwrite)

    let parent = FileSystem.parent(of: trimmed)
    guard FileSystem.exists(parent) else {
      throw MediaError(
        .cannotWrite, file: target, found: "cannot be written (its folder does not exist)",
        expected: "create \(parent) first")
    }
    path = parent + "/" + Self.temporaryName(for: FileSystem.lastComponent(of: trimmed))
    if isFolder {
      guard mkdir(path, 0o755) == 0 else { throw FileSystem.writeError(target) }
    } else {
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      guard descriptor >= 0 else { throw FileSystem.writeError(target) }
      close(descriptor)
    }
  }

  /// Gives the finished work its final name, once it is on the disk.
  func commit() throws {
    if isFolder {
      // All at once at the end: the system has written most of them by then.
      for name in try FileSystem.entries(of: path) {
        try FileSystem.synchronise(path + "/" + name, for: target)
      }
    }
    try FileSystem.synchronise(path, for: target)
    var replaced: String?
    if isFolder, FileSystem.exists(target) {
      // A folder cannot be renamed onto one with content, so the old one steps aside first.
      let aside =
        FileSystem.parent(of: target) + "/"
        + Self.temporaryName(for: FileSystem.lastComponent(of: target))
      guard rename(target, aside) == 0 else { throw FileSystem.writeError(target) }
      replaced = aside
    }
    guard rename(path, target) == 0 else {
      let error = FileSystem.writeError(target)
      if let replaced { rename(replaced, target) }
      throw error
    }
    committed = true
    if let replaced { Self.removeFolder(replaced) }
    try FileSystem.synchronise(FileSystem.parent(of: target), for: target)
  }

  /// Removes the temporary work; does nothing after `commit`.
  func discard() {
    if committed { return }
    if isFolder { Self.removeFolder(path) } else { unlink(path) }
  }

  deinit { discard() }

  private static func checkTarget(_ target: String, isFolder: Bool, overwrite: Bool) throws {
    guard FileSystem.exists(target) else { return }
    let kind = try FileSystem.kind(of: target)
    guard (kind == .folder) == isFolder else {
      throw MediaError(
        .alreadyExists, file: target,
        found: isFolder ? "exists and is not a folder" : "exists and is a folder",
        expected: "choose another name")
    }
    guard isFolder else {
      if overwrite { return }
      throw MediaError(
        .alreadyExists, file: target, found: "exists already",
        expected: "choose another name or allow overwriting")
    }
    let entries = try FileSystem.entries(of: target)
    if entries.isEmpty { return }
    guard overwrite else {
      throw MediaError(
        .alreadyExists, file: target, found: "exists already and is not empty",
        expected: "choose another name or allow overwriting")
    }
    // Overwriting deletes the folder, so it must hold nothing but an earlier output of ours.
    if let foreign = entries.sorted().first(where: { !FrameFolderSink.isOwnName($0) }) {
      throw MediaError(
        .alreadyExists, file: target, found: "holds other files (\(foreign))",
        expected: "choose another name")
    }
  }

  private static func temporaryName(for name: String) -> String {
    let tag = String(UInt32.random(in: 0...UInt32.max), radix: 16)
    return ".\(name).\(tag).partial"
  }

  /// Removes a folder of plain files; our outputs have no folders within.
  private static func removeFolder(_ folder: String) {
    for name in (try? FileSystem.entries(of: folder)) ?? [] { unlink(folder + "/" + name) }
    rmdir(folder)
  }
}
