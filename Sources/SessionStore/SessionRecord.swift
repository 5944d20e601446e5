import GRDB

/// A row of the session database. Its properties are the columns by name.
public protocol SessionRecord: Codable, FetchableRecord, MutablePersistableRecord, Sendable,
  Hashable
{}

/// A row that the database numbers.
public protocol NumberedRecord: SessionRecord {
  /// Its number; `nil` until it is stored.
  var id: Int64? { get set }
}

extension NumberedRecord {
  public mutating func didInsert(_ inserted: InsertionSuccess) { id = inserted.rowID }
}
