import Foundation
import SessionStore

extension Workspace {
  /// Reads the database, marks what was running as interrupted, and removes what a killed process
  /// left.
  func load() throws {
    var clipRecords: [ClipRecord] = []
    var jobRecords: [JobRecord] = []
    var comparisonRecords: [ComparisonRecord] = []
    var exportRecords: [ExportRecord] = []
    var videoRecords: [VideoRecord] = []
    try store.read { transaction in
      videoRecords = try transaction.all(VideoRecord.self)
      clipRecords = try transaction.all(ClipRecord.self)
      jobRecords = try transaction.all(JobRecord.self)
      comparisonRecords = try transaction.all(ComparisonRecord.self)
      exportRecords = try transaction.all(ExportRecord.self)
      nextClip = try transaction.nextNumber(of: ClipRecord.self)
    }
    let clips = Dictionary(grouping: clipRecords.compactMap(\.clip), by: \.video)
    for record in videoRecords {
      guard let number = record.id else { continue }
      let id = VideoID(rawValue: number)
      videos[id] = record
      trees[id] = record.tree(clips[id] ?? [])
    }
    for record in exportRecords where FileManager.default.fileExists(atPath: record.path) {
      exports[VideoID(rawValue: record.video), default: []].append(record.path)
    }
    for record in jobRecords {
      guard var job = record.job else { continue }
      positions[job.id] = record.position
      if job.state == .running {
        job.state = .interrupted
        if case .export(let task) = job.task { BranchExport.removeLeftovers(of: task.paths) }
        try store.write { try $0.update(JobRecord(job, position: record.position)) }
      }
      jobs[job.id] = job
    }
    comparisons = comparisonRecords.compactMap(Comparison.init).sorted { $0.id > $1.id }

    let unreadable =
      (clipRecords.count - clips.values.reduce(0) { $0 + $1.count })
      + (jobRecords.count - jobs.count) + (comparisonRecords.count - comparisons.count)
    if unreadable > 0 {
      notify(
        Notice(
          .warning, "\(unreadable) records of the database cannot be read and are not shown",
          remedy: "Open the studio with the version of the program that wrote them"))
    }
    ClipFiles.removeLeftovers(in: folders.clips, keeping: Set(clipRecords.compactMap(\.id)))
    ClipFiles.removeLeftovers(
      in: folders.runs,
      keeping: Set(
        jobRecords.compactMap(\.id).filter { jobs[JobID(rawValue: $0)]?.canGoOn ?? true }))

    try findEvaluations()
    for id in videos.keys { summaries[id] = summary(of: id) }
    tellVideos()
    tellJobs()
    tellComparisons()
  }
}

extension Job {
  /// Whether it may begin or go on, now or when asked to.
  var canGoOn: Bool {
    switch state {
    case .waiting, .running, .paused, .interrupted, .failed: true
    case .finished, .cancelled: false
    }
  }
}
