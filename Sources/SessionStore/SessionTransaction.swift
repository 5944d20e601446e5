import GRDB

/// Access to the records while the store is read or written. Of use inside that closure only.
public struct SessionTransaction {
  let database: Database

  /// Adds a record.
  ///
  /// - Returns: The record with the number that it was given, if it had none.
  public func insert<Record: SessionRecord>(_ record: Record) throws -> Record {
    try record.inserted(database)
  }

  /// Replaces a record by its key.
  public func update(_ record: some SessionRecord) throws { try record.update(database) }

  /// Replaces a record by its key, or adds it.
  public func save(_ record: some SessionRecord) throws {
    var record = record
    try record.upsert(database)
  }

  /// Every record of a kind, in the order of their keys.
  public func all<Record: SessionRecord>(_ type: Record.Type) throws -> [Record] {
    try Record.order(Column.rowID).fetchAll(database)
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
  /// files can be named by them.
  public func nextNumber<Record: SessionRecord>(of type: Record.Type) throws -> Int64 {
    let last = try Int64.fetchOne(
      database, sql: "SELECT seq FROM sqlite_sequence WHERE name = ?",
      arguments: [Record.databaseTableName])
    return (last ?? 0) + 1
  }
}

extension SessionTransaction {
  /// The last clip that a job made, by number.
  public func lastClip(ofJob job: Int64) throws -> Int64? {
    try ClipRecord.filter(Column("job") == job).select(max(Column("id"))).asRequest(of: Int64.self)
      .fetchOne(database)
  }
}
