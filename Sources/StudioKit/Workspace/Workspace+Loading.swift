import Foundation
import RunKit
import SessionStore

extension Workspace {
  /// Reads the database, marks what was running as interrupted, enters clips that were complete, and
  /// removes what a killed process left.
  ///
  /// - Throws: ``SessionStoreError``.
  func load() throws {
    var rowCount = 0
    var clipNumbers: Set<Int64> = []
    var jobNumbers: Set<Int64> = []
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
      clipNumbers = try transaction.numbers(of: ClipRecord.self)
      jobNumbers = try transaction.numbers(of: JobRecord.self)
      let others = try transaction.numbers(of: VideoRecord.self).count
      rowCount =
        try clipNumbers.count + jobNumbers.count + others
        + transaction.numbers(of: ComparisonRecord.self).count
    }
    videoRecords = videoRecords.compactMap(\.bounded)
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
      positions[job.id] = StoredLimits.position(record.position)
      if job.state == .running {
        job.state = .interrupted
        if case .export(let task) = job.task { try settle(task, of: &job) }
        try store.write { try $0.update(JobRecord(job, position: record.position)) }
      }
      jobs[job.id] = job
    }
    comparisons = comparisonRecords.compactMap(Comparison.init).sorted { $0.id > $1.id }

    let known = videos.count + clips.values.reduce(0) { $0 + $1.count } + jobs.count
    let unreadable = rowCount - known - comparisons.count
    if unreadable > 0 {
      notify(
        Notice(
          .warning, "\(unreadable) records of the database cannot be read and are not shown",
          remedy: "Open the studio with the version of the program that wrote them"))
    }
    clipNumbers.formUnion(enterFinishedClips())
    ClipFiles.removeLeftovers(in: folders.clips, keeping: clipNumbers)
    ClipFiles.removeLeftovers(
      in: folders.runs,
      keeping: jobNumbers.filter { jobs[JobID(rawValue: $0)]?.canGoOn ?? true })

    try findEvaluations()
    for id in videos.keys { summaries[id] = summary(of: id) }
    tellVideos()
    tellJobs()
    tellComparisons()
  }
}

extension Workspace {
  /// Enters clips whose files are whole and whose rows were never written, or were lost with the
  /// database's log: the process was killed, or the power failed, between one and the other.
  ///
  /// Clips of numbers that the database gave out are not among them: their rows were deleted.
  ///
  /// - Returns: Their numbers.
  private func enterFinishedClips() -> Set<Int64> {
    var entered: Set<Int64> = []
    for clip in files.clips
    where clip.rawValue >= nextClip && SessionLimits.numbers.contains(clip.rawValue) {
      guard files.hasFrames(clip), let note = files.told(of: clip)?.note,
        (try? ClipRecord(note.clip, job: nil).clip) != nil
      else { continue }
      do {
        if trees[note.clip.video] == nil {
          _ = add(try store.write { try $0.insert(note.video) })
        }
        guard try enter(note.clip, of: note.job) else { continue }
        entered.insert(clip.rawValue)
      } catch {
        // Its files stay; the next start tries again.
        entered.insert(clip.rawValue)
        notify(Notice(error))
      }
    }
    if let last = entered.max() { nextClip = last + 1 }
    if !entered.isEmpty {
      notify(
        Notice(
          .information,
          entered.count == 1
            ? "A clip that was complete when the program ended is back"
            : "\(entered.count) clips that were complete when the program ended are back"))
    }
    return entered
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
