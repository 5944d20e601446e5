import GRDB
import SessionStore

extension VideoRecord {
  /// Inserts the record as programs of the first schema did, without the columns that came later.
  func insertedAsFirst(_ database: Database) throws -> VideoRecord {
    try database.execute(
      sql: """
        INSERT INTO videos (title, modelName, framesPerSecond, isMarked, isTrashed, isKept,
          position, dropped, edits, undoneEdits, created, modified)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        title, modelName, framesPerSecond, isMarked, isTrashed, isKept, position, dropped, edits,
        undoneEdits, created, modified,
      ])
    var record = self
    record.id = database.lastInsertedRowID
    return record
  }
}
