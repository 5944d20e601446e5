import CheckpointIO
import Foundation
import OutputFiles

/// Work that any number of processes, on any number of machines, share through one folder, without a
/// server: each claims an item, does it, and records it.
///
/// The folder holds `list.json` (what is to be done, never changed), `outputs/` (what is finished),
/// and for the workers `claims/`, `workers/`, `done/`, `failed/`, `logs/` and `parts/`. It relies on two
/// things that local disks, NFS and Lustre all promise: a hard link to a name that is taken fails, and a
/// rename is whole. Clocks are never compared: ages are told by the file system that holds the folder.
public struct WorkList: Sendable {
  /// The folder, as an absolute path.
  public let folder: String
  /// The program's version that made the list.
  public let program: String
  /// The folder in which commands run, so that their relative paths mean what they meant.
  public let directory: String
  /// What is to be done, in its order.
  public let items: [WorkItem]

  private struct Contents: Codable {
    var version: Int
    var program: String
    var directory: String
    var items: [WorkItem]
  }

  private static let version = 1
  /// The most items that a list may have.
  public static let mostItems = 1_000_000
  private static let largestFile = 1 << 30
  static let folders = ["claims", "done", "failed", "logs", "outputs", "parts", "workers"]

  /// Makes a list in a folder that does not exist or is empty.
  ///
  /// - Parameter directory: The folder in which the commands are to run.
  /// - Throws: ``StudioError`` if the folder holds something or cannot be made, or the items are none
  ///   that a list can have; `CheckpointError` if the list cannot be written.
  public init(creating folder: String, directory: String, items: [WorkItem]) throws {
    let folder = URL(filePath: folder).standardizedFileURL.path
    try Self.check(items, path: folder)
    do {
      try DurableFolder.make(folder)
      if let name = try FolderListing(of: folder).names.min() {
        throw StudioError(
          folder, .workList(reason: "the folder holds \(name) already; expected an empty one"))
      }
      for name in Self.folders { try DurableFolder.make(folder + "/" + name) }
    } catch let failure as FileFailure {
      throw StudioError.unwritable(folder, code: failure.code)
    }
    self.folder = folder
    self.directory = directory
    self.items = items
    program = RunSettings.programVersion
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    let text = try encoder.encode(
      Contents(
        version: Self.version, program: program, directory: directory, items: items))
    // The list's own name comes last: with it, the folder is one.
    try AtomicFile.write(to: folder + "/list.json", replaces: false) { try $0.write(Array(text)) }
  }

  /// Opens a list.
  ///
  /// - Throws: ``StudioError`` if the folder is no list, or one of a later version or with names that lead
  ///   outside.
  public init(opening folder: String) throws {
    let folder = URL(filePath: folder).standardizedFileURL.path
    let path = folder + "/list.json"
    guard let status = try? FileManager.default.attributesOfItem(atPath: path),
      status[.type] as? FileAttributeType == .typeRegular
    else {
      throw StudioError(
        folder, .workList(reason: "it has no list.json; \"pvdm work create\" makes one"))
    }
    guard let size = status[.size] as? Int, size <= Self.largestFile,
      let data = FileManager.default.contents(atPath: path),
      let contents = try? JSONDecoder().decode(Contents.self, from: data)
    else { throw StudioError(path, .workList(reason: "it is no list of work")) }
    guard contents.version == Self.version else {
      throw StudioError(
        path,
        .workList(
          reason: "its version is \(contents.version), expected \(Self.version); use the program "
            + "that made it, \(contents.program)"))
    }
    try Self.check(contents.items, path: path)
    self.folder = folder
    program = contents.program
    directory = contents.directory
    items = contents.items
  }

  /// - Throws: ``StudioError`` for items that no list can have.
  private static func check(_ items: [WorkItem], path: String) throws {
    guard !items.isEmpty, items.count <= mostItems, Set(items.map(\.name)).count == items.count,
      items.allSatisfy(\.isSafe)
    else {
      throw StudioError(
        path,
        .workList(reason: "its items have names that are taken twice or cannot be names of files"))
    }
  }

  /// A path of the folder: `file("done", item.name + ".json")`.
  func file(_ kind: String, _ name: String) -> String { "\(folder)/\(kind)/\(name)" }

  /// Where finished outputs are.
  public var outputs: String { folder + "/outputs" }
  /// What the command said about an item, last run.
  public func log(of item: WorkItem) -> String { file("logs", item.name + ".txt") }

  /// Where it stands that an item is done, and that it failed.
  func doneRecord(of item: WorkItem) -> String { file("done", item.name + ".json") }
  func failedRecord(of item: WorkItem) -> String { file("failed", item.name + ".json") }

  /// Whether an item is done for good, well or not.
  func isSettled(_ item: WorkItem) -> Bool {
    isDone(item) || isFailed(item)
  }
  func isDone(_ item: WorkItem) -> Bool { access(doneRecord(of: item), F_OK) == 0 }
  func isFailed(_ item: WorkItem) -> Bool { access(failedRecord(of: item), F_OK) == 0 }
}
