import Foundation
import GRDB
import OutputFiles

/// What became of a session database that was damaged or lost.
///
/// Its rows are read from a copy, as far as they can be; those of tables that are not whole are
/// completed from the backups, and then from what the caller knows. The new database is made beside the
/// old one and takes its place when it is whole and on the disk; the old one keeps its content under
/// another name. Nothing is deleted.
public struct SessionRecovery: Sendable, Hashable {
  /// What was wrong.
  public enum Finding: Sendable, Hashable {
    /// There was no database, or an empty file, and what belongs to one.
    case missing
    /// What SQLite found, or that it is no database.
    case damaged(String)
  }

  /// What was wrong.
  public let finding: Finding
  /// Where the damaged database was moved, or what was left of it; `nil` if there was nothing.
  public private(set) var setAside: String?
  /// Rows that could be read of the damaged database and its log.
  public private(set) var ownRows = 0
  /// Rows that came from backups, and when the newest of those was made (`20261123-154210`).
  public private(set) var backupRows = 0
  public private(set) var backupStamp: String?
  /// Rows that other files told of.
  public private(set) var addedRows = 0
  /// What the new database holds.
  public private(set) var videos = 0
  public private(set) var clips = 0
  public private(set) var jobs = 0
  public private(set) var evaluations = 0

  /// Rows of the new database.
  public private(set) var rowCount = 0

  /// What is wrong with a database that SQLite must not see: it would wait for a pipe, and delete the
  /// log of an empty file.
  static func finding(_ files: DatabaseFiles, hasWork: @autoclosure () -> Bool) -> Finding? {
    switch files.content {
    case .other: return .damaged("it is no file")
    case .file: return nil
    case .missing, .empty:
      let backups = SessionBackups(folder: SessionStore.backupFolder(of: files.path))
      return files.hasLog || !backups.paths.isEmpty || hasWork() ? .missing : nil
    }
  }

  /// Makes a new database of what can be read, in the place of the old one, which is set aside.
  ///
  /// - Throws: whatever reading and writing files and databases throws; the old database is in its
  ///   place then, or under its new name.
  init(
    of files: DatabaseFiles, _ finding: Finding, stamp: String,
    complete: (inout RescuedRecords) -> Void
  ) throws {
    self.finding = finding
    // Its own kind of name, so that what a killed process left is found and made anew.
    let work = files.path + ".recovering"
    try? FileManager.default.removeItem(atPath: work)
    try FileManager.default.createDirectory(
      atPath: work, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(atPath: work) }

    let target = work + "/new.sqlite"
    try DatabaseFiles(path: target).makePrivate()
    var configuration = Configuration()
    configuration.foreignKeysEnabled = false
    let new = try DatabaseQueue(path: target, configuration: configuration)
    try SessionSchema.migrator.migrate(new)

    var records = salvage(files, work: work, fresh: target)
    let found = records.count
    complete(&records)
    records.settle()
    addedRows = records.count - found
    (videos, clips) = (records.videos.count, records.clips.count)
    (jobs, evaluations) = (records.jobs.count, records.evaluations.count)
    rowCount = records.count
    try new.write { try records.write(to: $0) }
    try new.close()
    try DurableFolder.syncFile(target)

    if files.content != .missing || files.hasLog { setAside = try files.setAside(stamp: stamp) }
    guard rename(target, files.path) == 0 else {
      throw SessionStoreError(path: files.path, code: errno)
    }
    try DurableFolder.sync(OutputName.folder(of: files.path))
  }

  /// Reads one source after the other, the newest first, until every table is known.
  private mutating func salvage(
    _ files: DatabaseFiles, work: String, fresh: String
  ) -> RescuedRecords {
    var salvage = SessionSalvage()
    var copies = 0
    /// Reads a copy with its header put right; with `isStrict` only if all of it is in order.
    func take(
      _ path: String?, log: String?, _ firstPage: DatabaseImage.FirstPage = .own,
      isStrict: Bool = false
    ) -> Int {
      copies += 1
      let copy = "\(work)/\(copies).sqlite"
      defer { for suffix in DatabaseFiles.suffixes { unlink(copy + suffix) } }
      do {
        try DatabaseImage.write(path, log: log, firstPage: firstPage, to: copy)
        if isStrict {
          let queue = try DatabaseQueue(path: copy)
          try queue.inDatabase { try SessionStore.check($0, path: copy) }
          try queue.close()
        }
        return salvage.take(copy)
      } catch {
        return 0
      }
    }
    let backups = SessionBackups(folder: SessionStore.backupFolder(of: files.path)).paths
    let log = files.hasLog ? files.log : nil
    if files.content == .file {
      ownRows += take(files.path, log: log)
      if log != nil, !salvage.isComplete { ownRows += take(files.path, log: nil) }
      for donor in [backups.first, fresh].compactMap({ $0 }) where salvage.lacksTables {
        ownRows += take(files.path, log: log, .header(of: donor))
        if salvage.lacksTables { ownRows += take(files.path, log: log, .page(of: donor)) }
      }
    } else if let log {
      // A backup that was made when the session before ended is the database that the log belongs to;
      // if it is not, the two make nothing whole.
      for backup in backups where salvage.records.count == 0 {
        ownRows += take(backup, log: log, isStrict: true)
      }
      if salvage.records.count == 0 { ownRows += take(nil, log: log) }
    }
    for backup in backups where !salvage.isComplete {
      let rows = take(backup, log: nil)
      guard rows > 0 else { continue }
      backupRows += rows
      backupStamp = backupStamp ?? SessionBackups.stamp(of: backup)
    }
    return salvage.records
  }
}
