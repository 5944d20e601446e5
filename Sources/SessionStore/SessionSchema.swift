import GRDB

/// The tables, as a sequence of steps. A step that was released is never changed; new ones follow.
package enum SessionSchema {
  package static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 videos", migrate: videos)
    migrator.registerMigration("2 queue", migrate: queue)
    migrator.registerMigration("3 comparisons and exports", migrate: comparisonsAndExports)
    migrator.registerMigration("4 measurements and state", migrate: measurementsAndState)
    migrator.registerMigration("5 evaluations", migrate: evaluations)
    migrator.registerMigration("6 time at work", migrate: timeAtWork)
    migrator.registerMigration("7 stars", migrate: stars)
    return migrator
  }

  // Moments are REAL seconds since 2001-01-01 00:00 UTC, which keeps a `Date` exactly. Seeds are
  // INTEGER with the bits of an unsigned number.

  private static func videos(_ database: Database) throws {
    try database.create(table: VideoRecord.databaseTableName) { table in
      table.autoIncrementedPrimaryKey("id")
      table.column("title", .text).notNull()
      table.column("modelName", .text).notNull()
      table.column("framesPerSecond", .double).notNull()
      table.column("isMarked", .boolean).notNull()
      table.column("isTrashed", .boolean).notNull()
      table.column("isKept", .boolean).notNull()
      table.column("position", .integer)
      table.column("dropped", .text).notNull()
      table.column("edits", .text).notNull()
      table.column("undoneEdits", .text).notNull()
      table.column("created", .double).notNull()
      table.column("modified", .double).notNull()
    }
    try database.create(table: ClipRecord.databaseTableName) { table in
      table.autoIncrementedPrimaryKey("id")
      table.column("video", .integer).notNull().indexed()
        .references(VideoRecord.databaseTableName, onDelete: .cascade)
      table.column("parent", .integer).indexed()
        .references(ClipRecord.databaseTableName, onDelete: .cascade)
      table.column("fork", .integer).notNull()
      table.column("source", .text).notNull()
      table.column("settings", .text).notNull()
      table.column("model", .text).notNull()
      table.column("seed", .integer).notNull()
      table.column("index", .integer).notNull()
      table.column("steps", .integer).notNull()
      table.column("created", .double).notNull()
      table.column("seconds", .double).notNull()
    }
  }

  private static func queue(_ database: Database) throws {
    try database.create(table: JobRecord.databaseTableName) { table in
      table.autoIncrementedPrimaryKey("id")
      table.column("video", .integer).notNull().indexed()
        .references(VideoRecord.databaseTableName, onDelete: .cascade)
      table.column("position", .integer).notNull()
      table.column("task", .text).notNull()
      table.column("state", .text).notNull()
      table.column("finishedClips", .integer).notNull()
      table.column("created", .double).notNull()
      table.column("started", .double)
      table.column("ended", .double)
    }
    try database.alter(table: ClipRecord.databaseTableName) { table in
      table.add(column: "job", .integer).indexed()
        .references(JobRecord.databaseTableName, onDelete: .setNull)
    }
  }

  private static func comparisonsAndExports(_ database: Database) throws {
    try database.create(table: ComparisonRecord.databaseTableName) { table in
      table.autoIncrementedPrimaryKey("id")
      table.column("content", .text).notNull()
      table.column("created", .double).notNull()
    }
    try database.create(table: ExportRecord.databaseTableName) { table in
      table.autoIncrementedPrimaryKey("id")
      table.column("video", .integer).notNull().indexed()
        .references(VideoRecord.databaseTableName, onDelete: .cascade)
      table.column("path", .text).notNull()
      table.column("created", .double).notNull()
    }
  }

  private static func measurementsAndState(_ database: Database) throws {
    try database.create(table: TimingRecord.databaseTableName) { table in
      table.primaryKey("name", .text)
      table.column("content", .text).notNull()
      table.column("modified", .double).notNull()
    }
    try database.create(table: FingerprintRecord.databaseTableName) { table in
      table.primaryKey("path", .text)
      table.column("size", .integer).notNull()
      table.column("modified", .integer).notNull()
      table.column("sha256", .text).notNull()
    }
    try database.create(table: StateRecord.databaseTableName) { table in
      table.primaryKey("name", .text)
      table.column("content", .text).notNull()
    }
  }
  private static func evaluations(_ database: Database) throws {
    try database.create(table: EvaluationRecord.databaseTableName) { table in
      table.autoIncrementedPrimaryKey("id")
      table.column("metric", .text).notNull()
      table.column("source", .text).notNull()
      table.column("content", .text).notNull()
      table.column("folder", .text).notNull()
      table.column("measured", .double).notNull()
    }
    try letJobsHaveNoVideo(database)
  }

  private static func timeAtWork(_ database: Database) throws {
    try database.alter(table: JobRecord.databaseTableName) { table in
      table.add(column: "worked", .double)
    }
  }

  private static func stars(_ database: Database) throws {
    try database.alter(table: VideoRecord.databaseTableName) { table in
      table.add(column: "isStarred", .boolean)
      table.add(column: "starredClips", .text)
    }
  }

  /// SQLite cannot take a constraint from a column: the table is made anew, as its manual says, while
  /// the migrator has foreign keys turned off.
  private static func letJobsHaveNoVideo(_ database: Database) throws {
    let (name, new) = (JobRecord.databaseTableName, "newJobs")
    try database.create(table: new) { table in
      table.autoIncrementedPrimaryKey("id")
      table.column("video", .integer)
        .references(VideoRecord.databaseTableName, onDelete: .cascade)
      table.column("position", .integer).notNull()
      table.column("task", .text).notNull()
      table.column("state", .text).notNull()
      table.column("finishedClips", .integer).notNull()
      table.column("created", .double).notNull()
      table.column("started", .double)
      table.column("ended", .double)
    }
    let columns = "id, video, position, task, state, finishedClips, created, started, ended"
    try database.execute(
      sql: "INSERT INTO \(new) (\(columns)) SELECT \(columns) FROM \(name)")
    // Numbers of jobs that are gone are not used again.
    try database.execute(sql: "DELETE FROM sqlite_sequence WHERE name = ?", arguments: [new])
    try database.execute(
      sql: "INSERT INTO sqlite_sequence SELECT ?, seq FROM sqlite_sequence WHERE name = ?",
      arguments: [new, name])
    try database.drop(table: name)
    try database.rename(table: new, to: name)
    try database.create(indexOn: name, columns: ["video"])
  }
}
