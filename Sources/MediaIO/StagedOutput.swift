import Glibc
import OutputFiles

/// An output under construction: a file or folder with a temporary name beside its target, renamed
/// by `commit` and removed in every other case, so the final name never shows partial work.
final class StagedOutput {
  /// The path asked for, for messages and the final name; no slash at the end.
  let target: String
  /// Where to write: the temporary file, or a folder to put files into.
  var path: String { staged.path }

  private let isFolder: Bool
  private let overwrite: Bool
  private let staged: StagedPath

  /// Creates the temporary file or folder. Throws `alreadyExists` or `cannotWrite`.
  ///
  /// A link is followed: what it leads to is written, and the link stays.
  init(target: String, isFolder: Bool, overwrite: Bool) throws {
    var trimmed = target
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.target = trimmed
    self.isFolder = isFolder
    self.overwrite = overwrite
    let place = OutputName.resolved(trimmed)
    try Self.checkTarget(place, named: trimmed, isFolder: isFolder, overwrite: overwrite)

    let parent = OutputName.folder(of: place)
    guard FileSystem.exists(parent) else {
      throw MediaError(
        .cannotWrite, file: target, found: "cannot be written (its folder does not exist)",
        expected: "create \(parent) first")
    }
    do {
      staged = try StagedPath(
        target: trimmed, kind: isFolder ? .folder : .file, permissions: isFolder ? 0o755 : 0o644)
    } catch {
      throw FileSystem.writeError(target, code: error.code)
    }
  }

  /// Gives the finished work its final name, once it is on the disk.
  ///
  /// Throws `cannotWrite`, after which nothing is left; `nameTaken` if the name was taken meanwhile, where
  /// the work is kept under the name that the error tells.
  func commit() throws {
    let name: String
    do {
      if isFolder {
        // All at once at the end: the system has written most of them by then.
        try DurableFolder.syncTree(path)
      } else {
        try DurableFolder.syncFile(path)
      }
      name = try staged.place(replacing: overwrite) { old in
        let listing = try FolderListing(of: old)
        return listing.unreadableNames.isEmpty
          && listing.names.allSatisfy(FrameFolderSink.isOwnName)
      }
    } catch {
      throw Self.writeError(target, error)
    }
    do {
      try DurableFolder.sync(OutputName.folder(of: name))
    } catch {
      throw Self.writeError(target, error)
    }
    guard name == staged.target else {
      throw MediaError(
        .nameTaken, file: target,
        found: "was made by another program meanwhile and is left as it is",
        expected: "the new \(isFolder ? "frames are" : "one is") kept as \(name)")
    }
  }

  private static func writeError(_ target: String, _ error: any Error) -> MediaError {
    error as? MediaError
      ?? FileSystem.writeError(target, code: (error as? FileFailure)?.code ?? EIO)
  }

  /// Removes the temporary work; does nothing after `commit`.
  func discard() { staged.discard() }

  private static func checkTarget(
    _ place: String, named target: String, isFolder: Bool, overwrite: Bool
  ) throws {
    guard OutputPlacement.isTaken(place, byFolder: isFolder) else { return }
    let kind = try FileSystem.kind(of: place)
    guard (kind == .folder) == isFolder else {
      throw MediaError(
        .alreadyExists, file: target,
        found: isFolder ? "exists and is not a folder" : "exists and is a folder",
        expected: "choose another name")
    }
    guard overwrite else {
      throw MediaError(
        .alreadyExists, file: target,
        found: isFolder ? "exists already and is not empty" : "exists already",
        expected: "choose another name or allow overwriting")
    }
    guard isFolder else { return }
    let listing: FolderListing
    do {
      listing = try FolderListing(of: place)
    } catch {
      throw FileSystem.readError(target, code: error.code)
    }
    // Overwriting deletes the folder, so it must hold nothing but an earlier output of ours.
    if let foreign = listing.unreadableNames.min()
      ?? listing.names.sorted().first(where: { !FrameFolderSink.isOwnName($0) })
    {
      throw MediaError(
        .alreadyExists, file: target, found: "holds other files (\(foreign))",
        expected: "choose another name")
    }
  }
}
