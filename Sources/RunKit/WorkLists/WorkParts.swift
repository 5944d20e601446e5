import Foundation
import OutputFiles

/// The folder in which the outputs of an item grow, `parts/ITEM.N`, until they move to the list's
/// outputs.
struct WorkParts {
  /// The folder. Whoever takes the item over renames it, so that nobody else writes there.
  let folder: String
  private let list: WorkList

  /// Makes the folder, or takes over that of the worker before.
  ///
  /// - Throws: ``StudioError`` if neither can be done.
  init(_ list: WorkList, _ claim: WorkClaims.Claim) throws {
    self.list = list
    let name = claim.item.name
    folder = list.file("parts", "\(name).\(claim.generation)")
    for before in stride(from: claim.generation - 1, to: 0, by: -1) {
      if rename(list.file("parts", "\(name).\(before)"), folder) == 0 { return }
      guard errno == ENOENT else { throw StudioError.unwritable(folder, code: errno) }
    }
    guard mkdir(folder, 0o777) == 0 || errno == EEXIST else {
      throw StudioError.unwritable(folder, code: errno)
    }
  }

  /// - Throws: ``StudioError`` if the folder cannot be read.
  private var names: [String] {
    get throws {
      do {
        return try FolderListing(of: folder).names.sorted()
      } catch {
        throw StudioError(folder, .workList(reason: "cannot be read (\(error.systemReason))"))
      }
    }
  }

  private static func isSavedRun(_ name: String) -> Bool { name.hasSuffix(".resume.safetensors") }

  /// Whether there is a run to go on with.
  ///
  /// - Throws: ``StudioError`` if the folder cannot be read.
  var holdSavedRun: Bool {
    get throws { try names.contains(where: Self.isSavedRun) }
  }

  /// Moves what is finished to the list's outputs. What another worker put there stays: it is the
  /// same.
  ///
  /// - Returns: The names; if there are none, the folder stays as it is.
  /// - Throws: ``StudioError`` if the folder cannot be read or a file cannot be moved; what was not
  ///   moved stays in it.
  func publish() throws -> [String] {
    let finished = try names.filter { !$0.hasPrefix(".") && !Self.isSavedRun($0) }
    guard !finished.isEmpty else { return [] }
    for name in finished {
      let (from, to) = (folder + "/" + name, list.outputs + "/" + name)
      var status = stat()
      guard lstat(from, &status) == 0 else { throw StudioError.unwritable(from, code: errno) }
      let code = OutputPlacement.renameWithoutReplacing(
        from, to, isFolder: status.st_mode & S_IFMT == S_IFDIR)
      guard code == 0 || code == EEXIST else { throw StudioError.unwritable(to, code: code) }
    }
    remove()
    return finished
  }

  /// Removes the folder with all that is in it.
  func remove() { try? FileManager.default.removeItem(atPath: folder) }
}
