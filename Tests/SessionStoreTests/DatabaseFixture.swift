import Foundation
import GRDB
import SessionStore
import TestSupport
import Testing

/// A database in a folder of its own, to be damaged.
struct DatabaseFixture {
  let folder: TemporaryFolder
  var path: String { folder.path("studio.sqlite") }

  init() throws { folder = try TemporaryFolder() }

  func open(hasWork: Bool = false) throws -> SessionStore.Opening {
    try SessionStore.open(at: path, stamp: "20260102-030405", hasWork: hasWork)
  }

  /// Rows of every table, on some dozens of pages, of which some are inner ones and some overflow.
  func fill(_ store: SessionStore) throws {
    try store.write { transaction in
      for number in 1...120 {
        let video = try transaction.insert(
          VideoRecord(
            title: "video \(number)", modelName: String(repeating: "m", count: 90),
            framesPerSecond: 16, created: Double(number)))
        let job = try transaction.insert(
          JobRecord(
            video: video.id, position: number, task: "{\"a\":\(number)}", state: "{}", created: 1))
        let clip = ClipRecord(
          id: Int64(number), video: try #require(video.id),
          parent: number % 3 == 0 ? Int64(number - 1) : nil, fork: 0, job: job.id, source: "{}",
          settings: String(repeating: "s", count: 300), model: "{}", seed: .max, index: 0,
          steps: 1, created: 2, seconds: 3)
        _ = try transaction.insert(clip)
        _ = try transaction.insert(ExportRecord(video: 1, path: "/\(number).mp4", created: 1))
        _ = try transaction.insert(ComparisonRecord(content: "{\(number)}", created: 1))
        try transaction.save(
          TimingRecord(name: "timing \(number)", content: "{}", modified: 1))
        try transaction.save(
          FingerprintRecord(path: "/m/\(number)", size: 1, modified: 1, sha256: "\(number)"))
      }
      _ = try transaction.insert(
        EvaluationRecord(metric: "fvd", source: "m", content: "{}", folder: "/f", measured: 1.5))
      try transaction.save(StateRecord(name: "long", content: String(repeating: "x", count: 9_000)))
      try transaction.save(StateRecord(name: "short", content: "{}"))
    }
  }

  func contents(_ store: SessionStore) throws -> Contents {
    try store.read { transaction in
      Contents(
        videos: Set(try transaction.all(VideoRecord.self)),
        clips: Set(try transaction.all(ClipRecord.self)),
        jobs: Set(try transaction.all(JobRecord.self)),
        exports: Set(try transaction.all(ExportRecord.self)),
        comparisons: Set(try transaction.all(ComparisonRecord.self)),
        evaluations: Set(try transaction.all(EvaluationRecord.self)),
        timings: Set(try transaction.all(TimingRecord.self)),
        fingerprints: Set(try transaction.all(FingerprintRecord.self)),
        states: Set(try transaction.all(StateRecord.self)))
    }
  }

  struct Contents: Hashable {
    var videos: Set<VideoRecord>
    var clips: Set<ClipRecord>
    var jobs: Set<JobRecord>
    var exports: Set<ExportRecord>
    var comparisons: Set<ComparisonRecord>
    var evaluations: Set<EvaluationRecord>
    var timings: Set<TimingRecord>
    var fingerprints: Set<FingerprintRecord>
    var states: Set<StateRecord>

    var count: Int {
      videos.count + clips.count + jobs.count + exports.count + comparisons.count
        + evaluations.count + timings.count + fingerprints.count + states.count
    }
  }

  /// A whole database with rows, its bytes and what it holds.
  func whole() throws -> (bytes: Data, contents: Contents) {
    let store = try open().store
    try fill(store)
    let contents = try contents(store)
    try store.close()
    return (try Data(contentsOf: URL(filePath: path)), contents)
  }

  /// Puts bytes in the database's place, without log and without what earlier tries left.
  func put(_ bytes: Data) throws {
    for name in folder.contents where name.hasPrefix("studio.sqlite") {
      try FileManager.default.removeItem(atPath: folder.path(name))
    }
    try bytes.write(to: URL(filePath: path))
  }

  func damaged(_ bytes: Data, page: Int) -> Data {
    var bytes = bytes
    for offset in stride(from: page * 4096, to: (page + 1) * 4096, by: 3) { bytes[offset] ^= 0x5A }
    return bytes
  }
}
