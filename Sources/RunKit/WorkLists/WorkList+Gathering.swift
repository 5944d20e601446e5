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
  /// - Throws: ``StudioError`` if items are missing or the folder exists or cannot be written.
  public func gather(into path: String, isPartial: Bool) throws -> Int {
    var records: [(item: WorkItem, outputs: [String])] = []
    var missing: [String] = []
    for item in items {
      if let record = WorkRecord(contentsOf: doneRecord(of: item)),
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
    do {
      try DurableFolder.make(OutputName.folder(of: target))
      let staged = try StagedPath(target: target, kind: .folder, permissions: 0o777)
      for (_, names) in records {
        for name in names where link(outputs + "/" + name, staged.path + "/" + name) != 0 {
          try FileManager.default.copyItem(
            atPath: outputs + "/" + name, toPath: staged.path + "/" + name)
        }
      }
      _ = try staged.place(replacing: false)
    } catch let failure as FileFailure {
      throw StudioError.unwritable(path, code: failure.code)
    } catch {
      throw StudioError(
        path, .workList(reason: "cannot be written (\(error.localizedDescription))"))
    }
    return records.count
  }

  /// Lets items that failed be tried again.
  public func forgetFailures() {
    for item in items { unlink(failedRecord(of: item)) }
  }
}
