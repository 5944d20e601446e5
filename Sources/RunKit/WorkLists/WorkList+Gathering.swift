import CheckpointIO
import Foundation
import OutputFiles

extension WorkList {
  /// Puts the outputs of all items into a folder of their own, as hard links where the file system has
  /// them for both, else as copies.
  ///
  /// - Parameters:
  ///   - path: A folder that does not exist; it appears when it is whole.
  ///   - isPartial: Whether items may be missing.
  /// - Returns: Items whose outputs were gathered.
  /// - Throws: ``StudioError`` if items are missing or the folder exists or cannot be written. If
  ///   another program made it meanwhile, what was gathered is kept under the name that the error tells.
  public func gather(into path: String, isPartial: Bool) throws -> Int {
    var records: [(item: WorkItem, outputs: [String])] = []
    var missing: [String] = []
    for item in items {
      if let record = WorkRecord(contentsOf: doneRecord(of: item)), !record.outputs.isEmpty,
        record.outputs.allSatisfy({ access(outputs + "/" + $0, F_OK) == 0 && !$0.contains("/") })
      {
        records.append((item, record.outputs))
      } else {
        missing.append(item.name)
      }
    }
    guard isPartial || missing.isEmpty else {
      throw StudioError(
        folder,
        .workList(
          reason: "\(missing.count) of \(items.count) items are not done, \(missing[0]) the first; "
            + "\"pvdm work run\" does them, and --partial gathers the others"))
    }
    var target = path
    while target.count > 1, target.hasSuffix("/") { target.removeLast() }
    guard access(target, F_OK) != 0 else { throw StudioError(path, .exists) }
    let name: String
    let isOther: Bool
    do {
      try DurableFolder.make(OutputName.folder(of: target))
      let staged = try StagedPath(target: target, kind: .folder, permissions: 0o777)
      for (_, names) in records {
        for name in names where link(outputs + "/" + name, staged.path + "/" + name) != 0 {
          try FileManager.default.copyItem(
            atPath: outputs + "/" + name, toPath: staged.path + "/" + name)
        }
      }
      try DurableFolder.syncTree(staged.path)
      name = try staged.place(replacing: false)
      isOther = name != staged.target
      try DurableFolder.sync(OutputName.folder(of: name))
    } catch let failure as FileFailure {
      throw StudioError.unwritable(path, code: failure.code)
    } catch {
      throw StudioError(
        path, .workList(reason: "cannot be written (\(error.systemReason))"))
    }
    guard !isOther else {
      throw StudioError(
        path,
        .workList(
          reason: "was made by another program meanwhile and is left as it is; what was gathered "
            + "is kept as \(name)"))
    }
    return records.count
  }

  /// Lets items that failed be tried again: the workers that they took with them count no more, and
  /// runs that were saved are gone on with.
  ///
  /// - Throws: ``StudioError`` if the folder cannot be written.
  public func forgetFailures() throws {
    for item in items where isFailed(item) {
      let count = claimCount(of: item)
      // Counted before this look: who claims it once another has forgotten the failure is at work.
      guard isFailed(item) else { continue }
      for generation in 0..<count { try noteLetGo(item, generation + 1) }
      let record = failedRecord(of: item)
      guard unlink(record) == 0 || errno == ENOENT else {
        throw StudioError.unwritable(record, code: errno)
      }
    }
  }
}
