import EvaluationKit
import Foundation
import RunKit
import SessionStore
import TensorCore
import VideoDiffusion

/// What jobs wait for: one of each lane is done at a time.
enum JobLane: Hashable, CaseIterable {
  /// The engine: what needs the processors for long.
  case generation
  /// Writing files of clips that are there needs no engine, and must not wait for a run without end.
  case export

  init(_ task: JobTask) {
    switch task {
    case .generate, .evaluate, .train: self = .generation
    case .export: self = .export
    }
  }
}

/// A job that is being done.
struct RunningJob {
  /// What becomes of a job that is stopped.
  enum Ending: Int {
    case interrupt, finish, pause, cancel
  }

  let job: JobID
  let stop: StopSignal
  let task: Task<Void, Never>
  /// `nil` while it is to go on to its end.
  var ending: Ending?
}

extension Workspace {
  func lane(of job: JobID) -> JobLane? { running.first { $0.value.job == job }?.key }

  /// Begins the next job of every lane that is free.
  func startJobs() {
    guard !isClosing else { return }
    for lane in JobLane.allCases where running[lane] == nil {
      guard
        let next = openJobs.first(where: { $0.state == .waiting && JobLane($0.task) == lane })
      else { continue }
      let stop = StopSignal()
      // Reading, writing and waiting for a training would keep Swift's few threads from everybody else.
      let task = Task(executorPreference: WorkerPool.blocking) { await self.carryOut(next, stop) }
      running[lane] = RunningJob(job: next.id, stop: stop, task: task)
      set(next.id, .running)
    }
  }

  /// Asks the job of a lane to stop. What a user asked for stays when the session ends meanwhile.
  func stop(_ lane: JobLane, _ moment: StopSignal.Moment, _ ending: RunningJob.Ending) {
    guard let job = running[lane] else { return }
    if job.ending == nil || ending != .interrupt { running[lane]?.ending = ending }
    job.stop.requestStop(moment)
  }

  private func carryOut(_ job: Job, _ stop: StopSignal) async {
    var failure: (any Error)?
    do {
      switch job.task {
      case .generate(let task): try await generate(job.id, task, stop)
      case .export(let task): try await export(job.id, task, stop)
      case .evaluate(let task): try await evaluate(job.id, task, stop)
      case .train(let task): try await train(job.id, task, stop)
      }
    } catch {
      failure = error
    }
    let lane = JobLane(job.task)
    let ending = running[lane]?.ending
    running[lane] = nil
    hub.forget(job.id)
    conclude(job.id, state(after: ending, failure, job.id))
    if let notice = endNotices.removeValue(forKey: job.id) { notify(notice) }
    startJobs()
    backUpWhenCalm()
  }

  private func generate(_ job: JobID, _ task: GenerateTask, _ stop: StopSignal) async throws {
    var plan = try plan(job, task)
    defer { clipRun = nil }
    while plan.remainingClips != 0 || plan.footage != nil {
      let before = try clips(of: job).count
      let run = ClipRun(plan, self, stop)
      clipRun = run
      try await run.run()
      // The next run of a recipe finds what this one made.
      guard !plan.following.isEmpty, stop.moment == .never, try clips(of: job).count != before
      else { return }
      // What is shown may have changed meanwhile.
      guard case .generate(let now)? = jobs[job]?.task else { return }
      plan = try self.plan(job, now)
    }
  }

  /// What to do about a job that failed, in the words of the studio, which has no options.
  private static func remedy(
    _ explanation: Explanation, _ failure: any Error, _ task: JobTask
  ) -> String {
    if case .export = task, let error = failure as? StudioError, error.problem == .exists {
      return "Choose another name, or replace it with \":overwrite PATH\""
    }
    return explanation.remedyWithoutOptions
  }

  /// What a job becomes, told by how it ended.
  private func state(
    after ending: RunningJob.Ending?, _ failure: (any Error)?, _ id: JobID
  ) -> JobState {
    guard let job = jobs[id] else { return .cancelled }
    if let stopped = failure as? EvaluationStopped {
      endNotices[id] = Notice(.information, "evaluation \(stopped.sentence)")
    } else if let failure, !(failure is CancellationError) {
      let explanation = Explanation(failure)
      let remedy = Self.remedy(explanation, failure, job.task)
      endNotices[id] = Notice(.error, explanation.sentence, remedy: remedy)
      return .failed(explanation.sentence, remedy: remedy)
    }
    let isComplete: Bool
    switch job.task {
    case .generate(let task):
      isComplete = task.clipCount.map { job.finishedClips >= $0 } ?? false
    // It may have been done when it was asked to stop.
    case .export, .evaluate, .train: isComplete = failure == nil
    }
    if isComplete { return .finished }
    switch ending {
    // What was computed is kept, so that it can go on.
    case .finish where job.task.video == nil: return .paused
    case .pause: return .paused
    case .interrupt: return .interrupted
    case .cancel: return .cancelled
    case .finish, nil: return job.finishedClips > 0 ? .finished : .cancelled
    }
  }

  // MARK: What runs need

  /// What a generation job still has to do.
  private func plan(_ job: JobID, _ task: GenerateTask) throws -> GenerationPlan {
    guard let tree = trees[task.video], jobs[job] != nil else {
      throw StudioError(nil, .gone("the video"))
    }
    let made = try clips(of: job)
    let turn = task.turn(after: made.count)
    try turn.task.settings.validate()
    func clip(_ number: Int) throws -> Clip {
      guard made.indices.contains(number), let clip = tree.clips[made[number]] else {
        throw StudioError(nil, .gone("a clip of the recipe"))
      }
      return clip
    }
    let hasBegun = made.count > turn.clipsBefore
    var previous = try made.isEmpty ? nil : clip(made.count - 1)
    if !hasBegun {
      switch turn.step?.place {
      case .start: previous = nil
      case .clip(let number): previous = try clip(number)
      case nil:
        if turn.step == nil, case .clip(let origin) = task.origin {
          guard let clip = tree.clips[origin] else {
            throw StudioError(nil, .gone("the clip to continue"))
          }
          previous = clip
        }
      }
    }
    if let previous, tree.dropped.contains(previous.id) {
      throw StudioError(nil, .clipDropped)
    }
    let fork =
      turn.step == nil
      ? task.fork : turn.step?.place == nil ? 0 : tree.nextFork(of: previous?.id)
    let original = previous.map(tree.original)
    let finished = max(made.count - turn.clipsBefore, 0)
    return GenerationPlan(
      job: job, task: turn.task, clipsBefore: turn.generatedBefore, clipCount: task.clipCount,
      ownClipCount: turn.clipCount, following: turn.following, previous: previous,
      path: tree.path(to: previous?.id).map(\.id),
      isPreviousGenerated: original?.source.isGenerated ?? false, hasBegun: hasBegun, fork: fork,
      lead: try lead(of: turn, clip, tree),
      finishedClips: turn.beginsWithFootage ? max(finished - 1, 0) : finished)
  }

  /// Where the run leads whose turn it is.
  private func lead(
    of turn: GenerateTask.Turn, _ clip: (Int) throws -> Clip, _ tree: ClipTree
  ) throws -> ClipLead? {
    guard let step = turn.step else {
      if case .clip(let target, _) = turn.task.lead { try check(target, in: tree) }
      return turn.task.lead
    }
    switch step.run.lead {
    case nil: return nil
    case .start: return .start
    case .clip(_, let frames):
      guard let number = step.target else { throw StudioError(nil, .gone("a clip of the recipe")) }
      let target = try clip(number).id
      try check(target, in: tree)
      return .clip(target, frames: frames)
    }
  }

  /// Checks that a clip is there to lead to.
  func check(_ target: ClipID, in tree: ClipTree) throws {
    guard tree.clips[target] != nil, !tree.dropped.contains(target) else {
      throw StudioError(nil, .gone("the clip to lead to"))
    }
  }

  /// The clips that a job made, in the order in which it did.
  private func clips(of job: JobID) throws -> [ClipID] {
    try store.read { try $0.clips(ofJob: job.rawValue) }.map(ClipID.init)
  }

  /// The name of the next clip, which no clip had before.
  func reserveClip() -> ClipID {
    defer { nextClip += 1 }
    return ClipID(rawValue: nextClip)
  }

  /// Takes a clip whose files are on the disk into its tree, with the job's progress, and tells of it.
  ///
  /// - Throws: `CancellationError` if the clip that it continues was dropped meanwhile,
  ///   ``SessionStoreError`` if it cannot be kept.
  func add(_ clip: Clip, _ frames: ClipFrames, of job: JobID) throws {
    guard trees[clip.video] != nil, jobs[job] != nil else {
      throw StudioError(nil, .gone("the video"))
    }
    guard try enter(clip, of: job) else {
      files.remove(clip.id)
      throw CancellationError()
    }
    hub.send(.clipFinished(clip, frames))
    tell(clip.video)
    tellJobs()
  }

  /// Takes a clip whose files are on the disk into its tree, with the progress of the job that made it
  /// if it is known, in one transaction.
  ///
  /// - Returns: `false` if the clip that it continues was dropped meanwhile.
  /// - Throws: ``SessionStoreError`` if it cannot be kept.
  func enter(_ clip: Clip, of job: JobID?) throws -> Bool {
    guard var tree = trees[clip.video], var record = videos[clip.video] else { return false }
    if let parent = clip.parent, tree.dropped.contains(parent) { return false }
    let position = tree.current
    // Who watches a job goes along with it, from one branch of a recipe to the next.
    let lastMade = try job.flatMap { try clips(of: $0).last }
    let isHere =
      position?.id == clip.parent || (lastMade != nil && position?.id == lastMade)
      || (position?.parent == clip.parent && position?.fork == clip.fork)
    tree.add(clip, following: isHere)
    try record.take(tree)
    record.modelName = clip.model.name
    record.modified = now().timeIntervalSinceReferenceDate
    var changed = job.flatMap { jobs[$0] }
    // Footage is what a run begins with, and none of its clips.
    if case .footage = clip.source {} else { changed?.finishedClips += 1 }
    let jobRecord = try changed.map { try JobRecord($0, position: positions[$0.id] ?? 0) }
    var clipRecord = try ClipRecord(clip, job: changed?.id)
    if let parent = clip.parent, tree.clips[parent] == nil { clipRecord.parent = nil }
    try store.write { transaction in
      _ = try transaction.insert(clipRecord)
      try transaction.update(record)
      if let jobRecord { try transaction.update(jobRecord) }
    }
    trees[clip.video] = tree
    videos[clip.video] = record
    if let changed { jobs[changed.id] = changed }
    return true
  }

  /// What a clip's own file is to say of it, and what made it.
  ///
  /// - Throws: ``StudioError`` if its video is gone.
  func note(of clip: Clip, _ job: JobID) throws -> (note: ClipNote, recipe: Recipe) {
    guard let video = videos[clip.video], let tree = trees[clip.video] else {
      throw StudioError(nil, .gone("the video"))
    }
    let note = ClipNote(
      clip: clip, title: video.title, framesPerSecond: video.framesPerSecond, job: job)
    return (note, tree.recipe(of: [clip]))
  }

  /// Ends the run whose next clip would continue one that is out of sight.
  func endRunsFromDroppedClips(_ video: VideoID) {
    guard let job = running[.generation]?.job, case .generate(let task)? = jobs[job]?.task,
      task.video == video, (try? plan(job, task)) == nil
    else { return }
    notify(
      Notice(.information, "The run ended, because the clip that it continues is out of sight"))
    stop(.generation, .afterStep, .finish)
  }
}
