import EvaluationKit
import Foundation
import RunKit
import SessionStore

/// The stored scores for a command, which opens no workspace: a studio may have its folder open.
///
/// Where none has, the database is opened as a studio would, alone. Where one has, this process joins it
/// for one row: the write-ahead log lets both write in turn, and the studio reads the scores again when
/// it shows them.
public struct EvaluationArchive: Sendable {
  private let folders: StudioFolders
  private let now: @Sendable () -> Date
  private let onNotice: @Sendable (Notice) -> Void

  /// The scores of a data folder.
  ///
  /// - Parameter onNotice: Called with what a person should know, such as a damaged database that was
  ///   set aside.
  public init(
    folders: StudioFolders = StudioFolders(), now: @escaping @Sendable () -> Date = { Date() },
    onNotice: @escaping @Sendable (Notice) -> Void = { _ in }
  ) {
    self.folders = folders
    self.now = now
    self.onNotice = onNotice
  }

  /// Stores a score.
  ///
  /// - Parameter folder: Where its report was written.
  /// - Throws: ``SessionStoreError`` or ``StudioError`` if the database cannot be used; nothing is
  ///   changed then.
  public func add(_ report: EvaluationReport, folder: String) throws {
    let record = try EvaluationRecord(report, folder: folder)
    _ = try use { try $0.write { try $0.insert(record) } }
  }

  /// The scores, the latest first; none where there is no database.
  ///
  /// - Throws: as ``add(_:folder:)``.
  public func evaluations() throws -> [StoredEvaluation] {
    guard FileManager.default.fileExists(atPath: folders.database) else { return [] }
    return try use { try $0.evaluations() }
  }

  private func use<Result>(_ body: (SessionStore) throws -> Result) throws -> Result {
    let opening: WorkspaceOpening
    do {
      opening = try WorkspaceOpening(only: folders, now: now())
    } catch let error as StudioError where error.isInUse {
      let store = try SessionStore.join(at: folders.database)
      // What was written is in the log, and tidying that is for the studio.
      return try body(store)
    }
    defer {
      try? opening.store.close()
      opening.lock.release()
    }
    for notice in opening.notices { onNotice(notice) }
    return try body(opening.store)
  }
}
