import Foundation
import RunKit
import SessionStore
import TrainingKit
import VideoDiffusion

/// The heart of the studio: models, videos, the queue and everything else that a person works on, kept
/// from one session to the next.
///
/// It does what it is asked, remembers it on disk before it says so, and tells every listener what
/// changed. Nothing here waits for a listener or a screen; the engine works on a thread of its own.
///
/// Killing the process at any moment loses at most the step in progress: a clip's files are whole
/// before its row is written, and a run's state is saved between its steps.
public actor Workspace {
  /// Where everything is; another place than was asked for if that could not be written.
  public nonisolated let folders: StudioFolders
  /// Whether nothing outlives the session, because the data folder cannot be written.
  public nonisolated let isTemporary: Bool

  nonisolated let hub = EventHub()
  nonisolated let files: ClipFiles
  let store: SessionStore
  let resources: ResourceLocator
  let engines: EngineCache
  let now: @Sendable () -> Date
  /// Ends the reading of files that were named as models.
  nonisolated let readingStop = StopSignal()
  private let lock: FolderLock
  private let temporary: ScratchFolder?

  // What the database holds, as values.
  var videos: [VideoID: VideoRecord] = [:]
  var trees: [VideoID: ClipTree] = [:]
  var summaries: [VideoID: VideoSummary] = [:]
  var exports: [VideoID: [String]] = [:]
  var jobs: [JobID: Job] = [:]
  var positions: [JobID: Int] = [:]
  var comparisons: [Comparison] = []
  var evaluations: [StoredEvaluation] = []
  var nextClip: Int64 = 1

  // What others do.
  nonisolated let slurm: Slurm?
  nonisolated let clusterFolder: String
  var clusterJobs: [ClusterJob] = []
  /// Why the cluster could not be asked the last time.
  var clusterProblem: String?
  var trainingRuns: [TrainingRunEntry] = []
  private var following: Task<Void, Never>?

  // What goes on.
  var running: [JobLane: RunningJob] = [:]
  /// Since when jobs are at work.
  var workBegan: [JobID: Date] = [:]
  /// What is told of jobs once they are over, so that whoever reads it finds them so.
  var endNotices: [JobID: Notice] = [:]
  /// The run of the generation job that is being done.
  var clipRun: ClipRun?
  var models: [ModelEntry] = []
  /// Current folders of this process and of those who look on.
  var workingFolders = [FileManager.default.currentDirectoryPath]
  var missingFrames: Set<ClipID> = []
  /// The search for models that goes on.
  var modelSearch: ModelSearching?
  var isClosing = false
  private var lastBackup = Date.distantPast
  private var closing: Task<Void, Never>?
  /// What happens last before another process may open the folder.
  private var lastAct: (@Sendable () -> Void)?

  /// Opens the workspace of a data folder, or begins one.
  ///
  /// A job that was running when the program ended is interrupted now, and goes on when asked to. The
  /// models are looked for afterwards; ``findModels()`` waits for them.
  ///
  /// - Parameters:
  ///   - folders: Where everything is. A data folder that cannot be written is replaced by a temporary
  ///     one, with a notice.
  ///   - resources: Finds the models that come with the program.
  ///   - needsFolder: Whether a data folder that cannot be written is an error rather than replaced.
  ///   - startsQueue: Whether waiting jobs begin at once.
  ///   - slurm: The cluster; `nil` where there is none.
  ///   - now: The clock.
  /// - Throws: ``StudioError`` if another studio has the folder open, ``SessionStoreError`` if a newer
  ///   program wrote its database.
  public init(
    folders: StudioFolders = StudioFolders(), resources: ResourceLocator = ResourceLocator(),
    needsFolder: Bool = false, startsQueue: Bool = true, slurm: Slurm? = Slurm(),
    now: @escaping @Sendable () -> Date = { Date() }
  ) async throws {
    let opening =
      try needsFolder
      ? WorkspaceOpening(only: folders, now: now()) : WorkspaceOpening(folders, now: now())
    self.folders = opening.folders
    self.isTemporary = opening.temporary != nil
    temporary = opening.temporary
    self.resources = resources
    self.now = now
    store = opening.store
    lock = opening.lock
    files = ClipFiles(folder: opening.folders.clips)
    engines = EngineCache(previewFolder: opening.folders.previews) { [hub] in
      hub.send(.notice(Notice(.warning, $0)))
    }
    self.slurm = slurm
    clusterFolder = Self.clusterFolder(opening.folders, hub)
    for notice in opening.notices { hub.send(.notice(notice)) }
    try load()
    backUp()
    reloadPresets()
    if slurm != nil { hub.send(.clusterJobs([])) }
    if startsQueue { startJobs() }
    // A folder may be slow and a file malicious: nobody waits for them to see the studio.
    hub.send(.modelSearch(isRunning: true))
    Task { await self.findModels() }
    following = followOthers()
  }

  /// What changes, after the whole present state. Any number of listeners may ask; one that is slow
  /// hears the newest of what it missed.
  public nonisolated func events() -> AsyncStream<WorkspaceEvent> { hub.events() }

  /// The same for a listener that shows them to nobody: notices wait for one that does.
  package nonisolated func unshownEvents() -> AsyncStream<WorkspaceEvent> {
    hub.events(isShown: false)
  }

  /// Ends the session: the running job stops after its step, or its clip, and goes on in the next
  /// session when asked to.
  ///
  /// - Parameter finishesClip: Whether the clip in progress is finished first.
  public func close(finishesClip: Bool = false) async {
    // A second caller waits for the first: the database can be closed once.
    let closing = closing ?? Task { await end(finishesClip: finishesClip) }
    self.closing = closing
    await closing.value
  }

  /// Has something done when everything is saved, right before another process may open the data folder.
  package func atRelease(_ body: @escaping @Sendable () -> Void) { lastAct = body }

  private func end(finishesClip: Bool) async {
    isClosing = true
    following?.cancel()
    modelSearch?.stop.requestStop(.afterStep)
    for lane in running.keys { stop(lane, finishesClip ? .afterClip : .afterStep, .interrupt) }
    while let job = running.first?.value { await job.task.value }
    await engines.end()
    backUp()
    hub.close()
    // Everything is committed; what can fail is only the tidying of the log.
    try? store.close()
    lastAct?()
    lock.release()
    if folders.holdsNoWork { temporary?.remove() }
  }

  /// Copies the database, if it changed: at a calm moment, when no job is at work.
  func backUp() {
    // What is not kept needs no copy.
    guard !isTemporary else { return }
    do {
      lastBackup = now()
      try store.backUp(stamp: WorkspaceOpening.stamp(now()))
    } catch {
      let explanation = Explanation(error)
      notify(
        Notice(
          .warning, "The database was not copied: \(explanation.sentence)",
          remedy: explanation.remedyWithoutOptions))
    }
  }

  /// Copies the database if no job is at work and the last copy is some time ago.
  func backUpWhenCalm() {
    guard running.isEmpty, !isClosing,
      now().timeIntervalSince(lastBackup) >= Self.backupInterval
    else { return }
    backUp()
  }

  /// Seconds from one backup to the next while the studio is open.
  private static let backupInterval = 600.0

  // MARK: Small values

  /// A small value that was kept, such as the name of the theme.
  ///
  /// - Returns: `nil` if there is none, or one of another type.
  public func state<Value: Decodable & Sendable>(
    _ name: String, as type: Value.Type = Value.self
  ) -> Value? {
    guard let record = try? store.read({ try $0.named(StateRecord.self, name) }) else { return nil }
    return try? JSONText.decode(type, record.content)
  }

  /// Keeps a small value under a name; `nil` forgets it.
  ///
  /// - Throws: ``SessionStoreError`` if the database cannot be written.
  public func setState<Value: Encodable & Sendable>(_ name: String, _ value: Value?) throws {
    guard let value else {
      try store.write { try $0.delete(StateRecord.self, named: name) }
      return
    }
    let record = StateRecord(name: name, content: try JSONText.encode(value))
    try store.write { try $0.save(record) }
  }

  // MARK: Telling

  func notify(_ notice: Notice) { hub.send(.notice(notice)) }
}
