import GRDB

/// Access to the records while the store is read or written. Of use inside that closure only.
public struct SessionTransaction {
  package let database: Database

  /// Adds a record.
  public func insert<Record: SessionRecord>(_ record: Record) throws -> Record {
    try record.inserted(database)
  }

  /// Adds a record.
  ///
  /// - Returns: The record with the number that it was given, if it had none.
  public func insert<Record: NumberedRecord>(_ record: Record) throws -> Record {
    var record = record
    // SQLite itself gives up where a row has the highest number there is.
    record.id = try record.id ?? nextNumber(of: Record.self)
    return try record.inserted(database)
  }

  /// Replaces a record by its key.
  public func update(_ record: some SessionRecord) throws { try record.update(database) }

  /// Replaces a record by its key, or adds it.
  public func save(_ record: some SessionRecord) throws {
    var record = record
    try record.upsert(database)
  }

  /// Every record of a kind that can be read, in the order in which they were added.
  public func all<Record: SessionRecord>(_ type: Record.Type) throws -> [Record] {
    var records: [Record] = []
    // SQLite keeps any value in any column; one row that is odd must not cost the others.
    let rows = try Row.fetchCursor(database, Record.order(Column.rowID))
    while let row = try rows.next() {
      // A copy is decoded by what it holds: of the cursor's own row, SQLite makes 0 of a text.
      if let record = try? Record(row: row.copy()) { records.append(record) }
    }
    return records
  }

  /// The numbers of all records of a kind, whether they can be read or not.
  public func numbers<Record: NumberedRecord>(of type: Record.Type) throws -> Set<Int64> {
    try Int64.fetchSet(database, Record.select(Column.rowID))
  }

  /// Deletes a record that has a number, with everything that belongs to it.
  ///
  /// - Returns: Whether it was there.
  @discardableResult
  public func delete<Record: SessionRecord>(_ type: Record.Type, number: Int64) throws -> Bool {
    try Record.deleteOne(database, key: number)
  }

  /// A record by its name; of kinds that have names.
  public func named<Record: SessionRecord>(_ type: Record.Type, _ name: String) throws -> Record? {
    try Record.fetchOne(database, key: name)
  }

  /// Deletes a record by its name.
  public func delete<Record: SessionRecord>(_ type: Record.Type, named name: String) throws {
    try Record.deleteOne(database, key: name)
  }

  /// The number that the next record of a kind gets at least. Numbers are never used twice, so that
  /// files can be named by them. Those that the program cannot have given are passed over.
  public func nextNumber<Record: NumberedRecord>(of type: Record.Type) throws -> Int64 {
    let table = Record.databaseTableName
    let end = SessionLimits.numbers.upperBound
    let last = try Int64.fetchOne(
      database,
      sql: """
        SELECT max(number) FROM (
          SELECT CAST(seq AS INTEGER) AS number FROM sqlite_sequence WHERE name = ?
          UNION ALL SELECT max(id) AS number FROM \(table) WHERE id < ?)
        WHERE number < ?
        """, arguments: [table, end, end])
    return max(last ?? 0, 0) + 1
  }
}

extension SessionTransaction {
  /// The clips that a job made, by number, in the order in which it did.
  public func clips(ofJob job: Int64) throws -> [Int64] {
    try ClipRecord.filter(Column("job") == job).select(Column("id")).order(Column("id"))
      .asRequest(of: Int64.self).fetchAll(database)
  }
}
