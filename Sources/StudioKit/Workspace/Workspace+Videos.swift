import Foundation
import MediaIO
import RunKit
import SessionStore
import TensorCore

extension Workspace {
  /// A video's tree. Listeners hear of it now and whenever it changes.
  ///
  /// - Throws: ``StudioError`` if there is no such video.
  @discardableResult
  public func tree(of video: VideoID) throws -> ClipTree {
    guard let tree = trees[video] else { throw StudioError(nil, .gone("the video")) }
    hub.send(.tree(tree))
    return tree
  }

  /// The decoded frames of clips, read from the disk beside everything else.
  ///
  /// - Returns: Those of the clips whose files are whole; the others are noticed once.
  public nonisolated func frames(of clips: [ClipID]) async -> [ClipFrames] {
    var frames: [ClipFrames] = []
    for clip in clips {
      do {
        let images = try await WorkerPool.blocking.run { [files] in try files.images(clip) }
        frames.append(ClipFrames(clip: clip, images: images))
      } catch {
        await noticeMissing(clip, error)
      }
    }
    return frames
  }

  private func noticeMissing(_ clip: ClipID, _ error: any Error) {
    if missingFrames.insert(clip).inserted { notify(Notice(error)) }
  }

  /// Goes to a clip.
  ///
  /// - Throws: ``StudioError`` if there is no such video, ``SessionStoreError`` if it cannot be kept.
  public func select(_ clip: ClipID, in video: VideoID) throws {
    try edit(video, isChange: false) { $0.select(clip) }
  }

  /// Drops a clip and what follows it; a run that continues it ends.
  ///
  /// - Throws: as ``select(_:in:)``.
  public func drop(_ clip: ClipID, in video: VideoID) throws {
    try edit(video) { $0.drop(clip) }
  }

  /// Takes the last edit of a video's tree back.
  ///
  /// - Throws: as ``select(_:in:)``.
  public func undo(_ video: VideoID) throws { try edit(video) { $0.undo() } }

  /// Does the edit again that was undone last.
  ///
  /// - Throws: as ``select(_:in:)``.
  public func redo(_ video: VideoID) throws { try edit(video) { $0.redo() } }

  private func edit(
    _ video: VideoID, isChange: Bool = true, _ change: (inout ClipTree) -> Void
  ) throws {
    guard var tree = trees[video] else { throw StudioError(nil, .gone("the video")) }
    change(&tree)
    guard tree != trees[video] else { return }
    try update(video) { record in
      try record.take(tree)
      if isChange { record.modified = now().timeIntervalSinceReferenceDate }
    }
    trees[video] = tree
    tell(video)
    endRunsFromDroppedClips(video)
  }

  /// Gives a video another title.
  ///
  /// - Throws: as ``select(_:in:)``.
  public func rename(_ video: VideoID, _ title: String) throws {
    let title = title.trimmingCharacters(in: .whitespacesAndNewlines)
    guard !title.isEmpty else { return }
    try update(video) { $0.title = title }
    tell(video)
  }

  /// Marks a video, or takes the mark away.
  ///
  /// - Throws: as ``select(_:in:)``.
  public func mark(_ video: VideoID, _ isMarked: Bool) throws {
    try update(video) { $0.isMarked = isMarked }
    tell(video)
  }

  /// Gives a video a star, or takes it away.
  ///
  /// - Throws: as ``select(_:in:)``.
  public func star(_ video: VideoID, _ isStarred: Bool) throws {
    try update(video) { $0.isStarred = isStarred }
    tell(video)
  }

  /// Gives a clip a star, or takes it away.
  ///
  /// - Throws: as ``select(_:in:)``.
  public func star(_ clip: ClipID, in video: VideoID, _ isStarred: Bool) throws {
    try edit(video, isChange: false) { $0.star(clip, isStarred) }
  }

  /// Puts a video into the trash; its jobs that are not over end.
  ///
  /// - Throws: as ``select(_:in:)``.
  public func trash(_ video: VideoID) throws {
    try update(video) { $0.isTrashed = true }
    for job in jobs.values where job.task.video == video { cancel(job.id) }
    tell(video)
  }

  /// Takes a video out of the trash.
  ///
  /// - Throws: as ``select(_:in:)``.
  public func restore(_ video: VideoID) throws {
    try update(video) { $0.isTrashed = false }
    tell(video)
  }

  /// Deletes what is in the trash, files included, for good. A video whose job still ends stays until
  /// the next time.
  ///
  /// - Throws: ``SessionStoreError`` if it cannot be kept; nothing was deleted then.
  public func emptyTrash() throws {
    let busy = Set(running.values.compactMap { jobs[$0.job]?.task.video })
    let gone = videos.filter { $0.value.isTrashed && !busy.contains($0.key) }.map(\.key)
    guard !gone.isEmpty else { return }
    // Rows go first: files without rows are removed sooner or later, rows without files would show
    // clips that are not there.
    let forgotten = comparisons.filter { comparison in
      comparison.cells.allSatisfy { gone.contains($0.video) || videos[$0.video] == nil }
    }
    try store.write { transaction in
      for video in gone { try transaction.delete(VideoRecord.self, number: video.rawValue) }
      for comparison in forgotten {
        try transaction.delete(ComparisonRecord.self, number: comparison.id.rawValue)
      }
    }
    comparisons.removeAll { forgotten.contains($0) }
    for video in gone { forget(video) }
    tellVideos()
    tellJobs()
    tellComparisons()
  }

  /// Forgets a video whose row is gone, with its files and jobs.
  func forget(_ video: VideoID) {
    for clip in trees[video]?.clips.keys ?? [:].keys { files.remove(clip) }
    for job in jobs.values where job.task.video == video { forget(job.id) }
    videos[video] = nil
    trees[video] = nil
    summaries[video] = nil
    exports[video] = nil
    hub.forget(video)
  }

  /// The videos of which there is nothing but jobs that were cancelled, those of comparisons left
  /// out.
  var videosLeftEmpty: [VideoID] {
    let compared = Set(comparisons.flatMap(\.cells).map(\.video))
    return summaries.values.filter { summary in
      !compared.contains(summary.id) && trees[summary.id]?.clips.isEmpty == true
        && summary.isLeftEmpty(by: jobs.values)
    }.map(\.id)
  }

  // MARK: Records

  /// Changes a video's record on disk, then in memory.
  func update(_ video: VideoID, _ change: (inout VideoRecord) throws -> Void) throws {
    guard var record = videos[video] else { throw StudioError(nil, .gone("the video")) }
    try change(&record)
    try store.write { try $0.update(record) }
    videos[video] = record
  }

  /// Tells listeners of a video's tree and of all summaries.
  func tell(_ video: VideoID) {
    summaries[video] = summary(of: video)
    if let tree = trees[video] { hub.send(.tree(tree)) }
    tellVideos()
  }

  func tellVideos() {
    hub.send(
      .videos(
        summaries.values.sorted { ($0.modified, $0.id) > ($1.modified, $1.id) }))
  }

  /// A video as lists show it.
  func summary(of video: VideoID) -> VideoSummary? {
    guard let record = videos[video], let tree = trees[video] else { return nil }
    let visible = tree.visible
    let first = visible.first { $0.source.isGenerated } ?? visible.first
    let comparison = comparisons.first { $0.cells.contains { $0.video == video } }
    return VideoSummary(
      id: video, title: record.title, modelName: record.modelName,
      clipCount: tree.path(to: tree.position).count, totalClipCount: visible.count,
      poster: tree.position, framesPerSecond: record.framesPerSecond,
      seed: first?.seed ?? plannedSeed(of: video), isMarked: record.isMarked,
      isTrashed: record.isTrashed, comparison: record.isKept ? nil : comparison?.id,
      exports: exports[video] ?? [], isStarred: record.isStarred ?? false,
      starredClipCount: visible.count { tree.starred.contains($0.id) },
      created: Date(timeIntervalSinceReferenceDate: record.created),
      modified: Date(timeIntervalSinceReferenceDate: record.modified))
  }

  /// The seed of a video without clips: that of its first job, 0 if there is none.
  private func plannedSeed(of video: VideoID) -> UInt64 {
    for job in jobs.values.sorted(by: { $0.id < $1.id }) {
      if case .generate(let task) = job.task, task.video == video { return task.settings.seed }
    }
    return 0
  }
}
