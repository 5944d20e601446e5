import Foundation
import RunKit
import SessionStore

extension Workspace {
  /// Ends a job early, keeping what is complete.
  ///
  /// - Parameter atOnce: Whether it ends after the step in progress, whose clip is given up, rather
  ///   than after the clip. A job that does not run ends now.
  public func finish(_ job: JobID, atOnce: Bool) {
    if let lane = lane(of: job) {
      stop(lane, atOnce ? .afterStep : .afterClip, .finish)
    } else if let found = jobs[job], !found.state.isOver {
      conclude(job, found.finishedClips > 0 ? .finished : .cancelled)
    }
  }

  /// Holds a job back. One that runs stops after the step in progress and keeps all that was done.
  public func pause(_ job: JobID) {
    if let lane = lane(of: job) {
      stop(lane, .afterStep, .pause)
    } else if jobs[job]?.state == .waiting {
      set(job, .paused)
    }
  }

  /// Lets a paused, interrupted or failed job go on where it stopped, in its turn.
  public func resume(_ job: JobID) {
    switch jobs[job]?.state {
    case .paused, .interrupted, .failed:
      set(job, .waiting)
      startJobs()
    default: break
    }
  }

  /// Ends a job, keeping complete clips.
  public func cancel(_ job: JobID) {
    if let lane = lane(of: job) {
      stop(lane, .afterStep, .cancel)
    } else if let found = jobs[job], !found.state.isOver {
      conclude(job, .cancelled)
    }
  }

  /// Ends every job but one.
  public func cancel(except job: JobID) {
    for other in jobs.keys where other != job { cancel(other) }
  }

  /// Moves a job that does not run up (negative) or down in the queue.
  ///
  /// - Throws: ``SessionStoreError`` if it cannot be kept.
  public func move(_ job: JobID, by offset: Int) throws {
    let queue = openJobs.filter { $0.state != .running }
    guard let place = queue.firstIndex(where: { $0.id == job }) else { return }
    let target = min(max(place + offset, 0), queue.count - 1)
    var order = queue
    order.insert(order.remove(at: place), at: target)
    // The same places, dealt out anew.
    let places = queue.compactMap { positions[$0.id] }
    let moved = zip(order, places).filter { positions[$0.id] != $1 }
    try store.write { transaction in
      for (job, place) in moved { try transaction.update(JobRecord(job, position: place)) }
    }
    for (job, place) in moved { positions[job.id] = place }
    tellJobs()
  }

  /// Changes the settings of a generation job that has not begun.
  ///
  /// - Throws: ``StudioError`` if it has begun or a setting is out of range, ``SessionStoreError`` if
  ///   it cannot be kept.
  public func edit(_ job: JobID, _ settings: GenerationSettings) throws {
    guard var changed = jobs[job], case .generate(var task) = changed.task else {
      throw StudioError(nil, .gone("the job"))
    }
    guard changed.started == nil, !changed.state.isOver else { throw StudioError(nil, .jobBegun) }
    guard task.following == nil else {
      throw StudioError(nil, .recipe(reason: "its runs keep their settings"))
    }
    try settings.validate()
    task.settings = settings
    // What leads somewhere is as many clips as that takes.
    if let lead = task.lead { task.settings.clipCount = lead.clipCount }
    changed.task = .generate(task)
    let record = try JobRecord(changed, position: positions[job] ?? 0)
    try store.write { try $0.update(record) }
    jobs[job] = changed
    tell(task.video)
    tellJobs()
  }

  /// Shows the clips of a generation job in another way: of one that runs, from its next step on.
  ///
  /// - Throws: ``StudioError`` if there is no such job, ``SessionStoreError`` if it cannot be kept.
  public func setPreview(of job: JobID, _ mode: PreviewMode) async throws {
    guard var changed = jobs[job], case .generate(var task) = changed.task else {
      throw StudioError(nil, .gone("the job"))
    }
    guard !changed.state.isOver else { return }
    task.settings.preview = mode
    for index in (task.following ?? []).indices {
      task.following?[index].run.settings.preview = mode
    }
    changed.task = .generate(task)
    let record = try JobRecord(changed, position: positions[job] ?? 0)
    try store.write { try $0.update(record) }
    jobs[job] = changed
    tellJobs()
    if running[.generation]?.job == job { await clipRun?.show(mode) }
  }

  /// Forgets jobs that are over, the cluster's too; what they made stays. A video that a cancelled
  /// job left without a clip goes with it.
  ///
  /// - Throws: ``SessionStoreError`` if it cannot be kept.
  public func clearFinishedJobs() async throws {
    let over = jobs.values.filter(\.state.isOver).map(\.id)
    let empty = videosLeftEmpty
    try store.write { transaction in
      for job in over { try transaction.delete(JobRecord.self, number: job.rawValue) }
      for video in empty { try transaction.delete(VideoRecord.self, number: video.rawValue) }
    }
    for job in over { forget(job) }
    for video in empty { forget(video) }
    if !empty.isEmpty { tellVideos() }
    tellJobs()
    await clearClusterJobs()
  }

  // MARK: States

  /// Forgets a job whose row is gone.
  func forget(_ job: JobID) {
    removeSavedRun(of: job)
    jobs[job] = nil
    positions[job] = nil
    hub.forget(job)
  }

  /// Gives a job a state. The queue goes on even if that cannot be written: the next start of the
  /// program then finds the job as it was, and nothing that was made is lost.
  func set(_ job: JobID, _ state: JobState) {
    guard var changed = jobs[job] else { return }
    changed.state = state
    // A change is one moment: the clock is asked once.
    let moment = now()
    if let began = workBegan[job], state != .running {
      changed.worked = (changed.worked ?? 0) + moment.timeIntervalSince(began)
      workBegan[job] = nil
    }
    switch state {
    case .running:
      workBegan[job] = moment
      changed.started = changed.started ?? moment
    case .waiting: changed.ended = nil
    case .finished, .cancelled, .failed: changed.ended = moment
    case .paused, .interrupted: break
    }
    jobs[job] = changed
    do {
      let record = try JobRecord(changed, position: positions[job] ?? 0)
      try store.write { try $0.update(record) }
    } catch {
      notify(Notice(error))
    }
    tellJobs()
  }

  /// Gives a job its last state.
  func conclude(_ job: JobID, _ state: JobState) {
    set(job, state)
    if jobs[job]?.canGoOn == false { removeSavedRun(of: job) }
  }

  func removeSavedRun(of job: JobID) {
    try? FileManager.default.removeItem(atPath: folders.savedRun(of: job))
  }

  // MARK: Order

  /// What is to be done, in its order.
  var openJobs: [Job] {
    jobs.values.filter { !$0.state.isOver }.sorted { rank($0) < rank($1) }
  }

  private func rank(_ job: Job) -> (Int, Int, JobID) {
    (job.state == .running ? 0 : 1, positions[job.id] ?? 0, job.id)
  }

  func tellJobs() {
    let over = jobs.values.filter(\.state.isOver).sorted {
      ($0.ended ?? $0.created, $0.id) > ($1.ended ?? $1.created, $1.id)
    }
    hub.send(.jobs(openJobs + over))
  }
}
