import Foundation
import GRDB
import OutputFiles

/// Copies of the session database as it was, few and old enough to be of use: the newest three, and the
/// newest of each of four days before those.
///
/// A copy is made with SQLite's online backup, checked, synced and only then given its name, so that
/// each one there is whole.
package struct SessionBackups {
  /// The folder that holds them.
  let folder: String

  private static let prefix = "studio-"
  private static let suffix = ".sqlite"
  /// Backups that are kept whatever their age.
  static let newest = 3
  /// Earlier days of which one is kept.
  static let days = 4

  /// The backups there are, the newest first.
  var paths: [String] { names.map { "\(folder)/\($0)" } }

  private var names: [String] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return Self.newestFirst(
      names.filter { $0.hasPrefix(Self.prefix) && $0.hasSuffix(Self.suffix) })
  }

  private static func newestFirst(_ names: [String]) -> [String] {
    names.sorted { stamp(of: $0) > stamp(of: $1) }
  }

  /// A name that comes after all others, also where the clock was set back.
  private func nextStamp(_ stamp: String) -> String {
    guard let newest = paths.first.map(Self.stamp), newest >= stamp else { return stamp }
    let parts = newest.split(separator: "-").map(String.init)
    let number = parts.count > 2 ? Int(parts[2]) ?? 0 : 0
    return parts.prefix(2).joined(separator: "-") + "-" + String(format: "%06d", number + 1)
  }

  /// When a backup was made, as its name says: `20261123-154210`.
  static func stamp(of path: String) -> String {
    String(
      URL(filePath: path).lastPathComponent.dropFirst(prefix.count).dropLast(suffix.count))
  }

  /// Copies a database and lets go of backups that are not needed any more.
  ///
  /// - Parameter stamp: `20261123-154210`, so that names are in the order of time.
  /// - Returns: `false` if the newest backup holds the same, and there is no other now.
  /// - Throws: ``SessionStoreError`` if it cannot be written or what was written is not whole; the
  ///   backups that were there stay.
  func make(of pool: any DatabaseWriter, stamp: String) throws -> Bool {
    let stamp = nextStamp(stamp)
    let path = "\(folder)/\(Self.prefix)\(stamp)\(Self.suffix)"
    let partial = "\(folder)/.\(Self.prefix)\(stamp)\(Self.suffix).partial"
    do {
      try DurableFolder.make(folder, permissions: 0o700)
      removeUnfinished()
      guard try copy(pool, to: partial, unlessAs: paths.first) else {
        removeUnfinished()
        return false
      }
      try DurableFolder.syncFile(partial)
      guard rename(partial, path) == 0 else { throw SessionStoreError(path: path, code: errno) }
      try DurableFolder.sync(folder)
    } catch {
      removeUnfinished()
      throw SessionStoreError(path: path, error)
    }
    for name in Self.expired(names) { unlink("\(folder)/\(name)") }
    return true
  }

  /// Copies a database to a new file, and looks whether all of it is in order.
  ///
  /// - Parameter last: Another copy.
  /// - Returns: Whether it holds something else than that.
  private func copy(
    _ pool: any DatabaseWriter, to path: String, unlessAs last: String?
  ) throws -> Bool {
    try DatabaseFiles(path: path).makePrivate()
    let copy = try DatabaseQueue(path: path)
    do {
      try pool.backup(to: copy)
      let isNew = try copy.writeWithoutTransaction { database in
        // The copy is one file: it has no log of its own.
        try database.execute(sql: "PRAGMA journal_mode = DELETE")
        try SessionStore.check(database, path: path)
        return last.map { !Self.holdsSame(database, $0) } ?? true
      }
      try copy.close()
      return isNew
    } catch {
      throw SessionStoreError(path: path, error, refusal: DatabaseFiles.refusal(beside: path))
    }
  }

  /// Whether another database, which may be damaged, has the same rows in the same tables. Bytes do not
  /// tell: opening one in write-ahead mode changes its list of free pages.
  private static func holdsSame(_ database: Database, _ path: String) -> Bool {
    func tables(_ schema: String) throws -> [String] {
      try String.fetchAll(
        database, sql: "SELECT name FROM \(schema).sqlite_master WHERE type = 'table' ORDER BY name"
      )
    }
    do {
      try database.execute(sql: "ATTACH DATABASE ? AS other", arguments: [path])
      defer { try? database.execute(sql: "DETACH DATABASE other") }
      let names = try tables("main")
      guard try names == tables("other") else { return false }
      return try names.allSatisfy { name in
        try Bool.fetchOne(
          database,
          sql: """
            SELECT NOT EXISTS (SELECT * FROM main.\(name) EXCEPT SELECT * FROM other.\(name))
              AND NOT EXISTS (SELECT * FROM other.\(name) EXCEPT SELECT * FROM main.\(name))
            """) ?? false
      }
    } catch {
      return false
    }
  }

  /// Removes what a process left that ended while it copied.
  private func removeUnfinished() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    where name.hasPrefix(".\(Self.prefix)") && name.contains("\(Self.suffix).partial") {
      unlink("\(folder)/\(name)")
    }
  }

  /// The names that are let go of.
  package static func expired(_ names: [String]) -> [String] {
    func day(_ name: String) -> Substring { name.dropFirst(prefix.count).prefix(8) }
    let names = newestFirst(names)
    var known = Set(names.prefix(newest).map(day))
    var days = 0
    return names.dropFirst(newest).filter { name in
      guard days < Self.days, known.insert(day(name)).inserted else { return true }
      days += 1
      return false
    }
  }
}
