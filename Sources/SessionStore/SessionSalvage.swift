import GRDB

/// Reads what can be read of a database that may be damaged, row by row: a page that is broken costs
/// the rows on it and no others.
struct SessionSalvage {
  /// What was read so far; rows of an earlier source stand before those of a later one.
  private(set) var records = RescuedRecords()
  /// Tables of which every row is known, so that a row which is not there was deleted and is not taken
  /// from an older source.
  private var settled: Set<String> = []
  /// Tables that no source could open.
  private var unopened: Set<String> = Self.tables

  private static let tables: Set<String> = [
    VideoRecord.databaseTableName, ClipRecord.databaseTableName, JobRecord.databaseTableName,
    ComparisonRecord.databaseTableName, ExportRecord.databaseTableName,
    EvaluationRecord.databaseTableName, TimingRecord.databaseTableName,
    FingerprintRecord.databaseTableName, StateRecord.databaseTableName,
  ]
  /// Numbers that are looked up behind the last row that was found, where nothing says how many there
  /// were.
  private static let gap: Int64 = 10_000
  /// Numbers that are looked up at most in one table.
  private static let lookups: Int64 = 2_000_000

  /// Whether nothing more can be learnt from older sources.
  var isComplete: Bool { settled == Self.tables }
  /// Whether the first page, which says where the tables are, could not be read.
  var lacksTables: Bool { !unopened.isEmpty }

  /// Takes the rows of a database that are not known yet.
  ///
  /// - Parameter path: A copy, since SQLite may write to it.
  /// - Returns: How many rows came from it.
  mutating func take(_ path: String) -> Int {
    let before = records.count
    guard let queue = try? DatabaseQueue(path: path) else { return 0 }
    queue.inDatabase { database in
      // A damaged schema fails each table by itself.
      takeNumbers(database)
      take(database, \.videos) { $0.id }
      take(database, \.clips) { $0.id }
      take(database, \.jobs) { $0.id }
      take(database, \.comparisons) { $0.id }
      take(database, \.exports) { $0.id }
      take(database, \.evaluations) { $0.id }
      take(database, \.timings) { $0.name }
      take(database, \.fingerprints) { $0.path }
      take(database, \.states) { $0.name }
    }
    try? queue.close()
    return records.count - before
  }

  private mutating func takeNumbers(_ database: Database) {
    let rows = try? Row.fetchAll(database, sql: "SELECT name, seq FROM sqlite_sequence")
    for row in rows ?? [] {
      guard let name = String.fromDatabaseValue(row["name"]), Self.tables.contains(name),
        let number = Int64.fromDatabaseValue(row["seq"]), SessionLimits.numbers.contains(number)
      else { continue }
      records.lastNumbers[name] = max(records.lastNumbers[name] ?? 0, number)
    }
  }

  private mutating func take<Record: SessionRecord, Key: Hashable>(
    _ database: Database, _ list: WritableKeyPath<RescuedRecords, [Record]>,
    key: (Record) -> Key?
  ) {
    let table = Record.databaseTableName
    guard !settled.contains(table) else { return }
    var known = Set(records[keyPath: list].compactMap(key))
    let (rows, isOpen) = Self.rows(database, table, last: records.lastNumbers[table])
    guard isOpen else { return }
    unopened.remove(table)
    for row in rows {
      guard let record = try? Record(row: row), let key = key(record),
        known.insert(key).inserted
      else { continue }
      records[keyPath: list].append(record)
    }
    if Self.isWhole(database, table) { settled.insert(table) }
  }

  /// The rows of a table that can be read, and whether the table could be opened at all.
  private static func rows(
    _ database: Database, _ table: String, last: Int64?
  ) -> (rows: [Row], isOpen: Bool) {
    var rows: [Int64: Row] = [:]
    /// Takes rows until one cannot be read.
    func scan(_ order: String) -> Bool {
      do {
        let cursor = try Row.fetchCursor(
          database, sql: "SELECT rowid AS rescuedNumber, * FROM \(table) ORDER BY rowid \(order)")
        while let row = try cursor.next() {
          if let number = Int64.fromDatabaseValue(row["rescuedNumber"]) {
            rows[number] = row.copy()
          }
        }
        return true
      } catch {
        return false
      }
    }
    guard
      let statement = try? database.makeStatement(
        sql: "SELECT rowid AS rescuedNumber, * FROM \(table) NOT INDEXED WHERE rowid = ?")
    else { return ([], false) }
    if !scan("ASC") {
      let first = (rows.keys.max() ?? 0) + 1
      _ = scan("DESC")
      let end = max(
        rows.keys.filter { $0 >= first }.max() ?? 0, min(last ?? 0, first + lookups),
        first + gap)
      for number in first...min(end, first + lookups) where rows[number] == nil {
        if let row = try? Row.fetchOne(statement, arguments: [number]) {
          rows[number] = row.copy()
        }
      }
    }
    return (rows.sorted { $0.key < $1.key }.map(\.value), true)
  }

  /// Whether a table's own pages are in order; what is wrong with an index costs no row.
  private static func isWhole(_ database: Database, _ table: String) -> Bool {
    let findings = try? String.fetchAll(database, sql: "PRAGMA integrity_check('\(table)')")
    guard let findings, !findings.isEmpty else { return false }
    return findings.allSatisfy { $0 == "ok" || $0.contains("index") }
  }
}

/// What numbers of rows can be: beyond, one more would not fit any arithmetic on them.
package enum SessionLimits {
  /// Numbers that the program gives: 1 to 2^53.
  package static let numbers: ClosedRange<Int64> = 1...(1 << 53)
}
