import GRDB

/// Everything that a session database holds, as values: what could be read of a damaged one, to be
/// completed and written anew.
public struct RescuedRecords: Sendable {
  public var videos: [VideoRecord] = []
  public var clips: [ClipRecord] = []
  public var jobs: [JobRecord] = []
  public var comparisons: [ComparisonRecord] = []
  public var exports: [ExportRecord] = []
  public var evaluations: [EvaluationRecord] = []
  public var timings: [TimingRecord] = []
  public var fingerprints: [FingerprintRecord] = []
  public var states: [StateRecord] = []
  /// The highest number that a row of a table ever had, by the table's name.
  public var lastNumbers: [String: Int64] = [:]

  /// Nothing.
  public init() {}

  /// Rows of all tables.
  var count: Int {
    videos.count + clips.count + jobs.count + comparisons.count + exports.count
      + evaluations.count + timings.count + fingerprints.count + states.count
  }

  /// Notes that a number was used, so that no new row gets it.
  public mutating func note<Record: NumberedRecord>(_ number: Int64, of type: Record.Type) {
    lastNumbers[Record.databaseTableName] = max(
      lastNumbers[Record.databaseTableName] ?? 0, number)
  }

  /// A number that no row of a table had.
  public mutating func newNumber<Record: NumberedRecord>(of type: Record.Type) -> Int64 {
    let number = (lastNumbers[Record.databaseTableName] ?? 0) + 1
    note(number, of: type)
    return number
  }

  /// Lets every reference lead to a row that is there: videos that are lost are begun anew under their
  /// numbers, clips whose parent or job is lost do without.
  mutating func settle() {
    for record in videos { note(record.id ?? 0, of: VideoRecord.self) }
    for record in clips { note(record.id ?? 0, of: ClipRecord.self) }
    for record in jobs { note(record.id ?? 0, of: JobRecord.self) }
    for record in comparisons { note(record.id ?? 0, of: ComparisonRecord.self) }
    for record in exports { note(record.id ?? 0, of: ExportRecord.self) }
    for record in evaluations { note(record.id ?? 0, of: EvaluationRecord.self) }
    let known = Set(videos.compactMap(\.id))
    var created: [Int64: Double] = [:]
    for (video, moment) in clips.map({ ($0.video, $0.created) })
      + jobs.compactMap({ job in job.video.map { ($0, job.created) } })
      + exports.map({ ($0.video, $0.created) }) where !known.contains(video)
    {
      created[video] = min(created[video] ?? .infinity, moment)
    }
    for (video, moment) in created.sorted(by: { $0.key < $1.key }) {
      var record = VideoRecord(
        title: "Recovered video \(video)", modelName: "", framesPerSecond: 16, created: moment)
      record.id = video
      note(video, of: VideoRecord.self)
      videos.append(record)
    }
    let numbers = (clips: Set(clips.compactMap(\.id)), jobs: Set(jobs.compactMap(\.id)))
    for index in clips.indices {
      if let parent = clips[index].parent, !numbers.clips.contains(parent) {
        clips[index].parent = nil
      }
      if let job = clips[index].job, !numbers.jobs.contains(job) { clips[index].job = nil }
    }
  }

  /// Writes everything into an empty database that does not check references while it is filled.
  func write(to database: Database) throws {
    for record in videos { _ = try record.inserted(database) }
    for record in jobs { _ = try record.inserted(database) }
    for record in clips { _ = try record.inserted(database) }
    for record in comparisons { _ = try record.inserted(database) }
    for record in exports { _ = try record.inserted(database) }
    for record in evaluations { _ = try record.inserted(database) }
    for record in timings { _ = try record.inserted(database) }
    for record in fingerprints { _ = try record.inserted(database) }
    for record in states { _ = try record.inserted(database) }
    for (table, number) in lastNumbers where number > 0 {
      try database.execute(
        sql: "DELETE FROM sqlite_sequence WHERE name = ?", arguments: [table])
      try database.execute(
        sql: "INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", arguments: [table, number])
    }
  }
}
