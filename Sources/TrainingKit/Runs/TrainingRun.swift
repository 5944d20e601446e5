import CheckpointIO
import Foundation
import MessagePassing
import RunKit
import TrainingData
import VideoDiffusion

/// A ``TrainingJob`` at work: prepares the stage, then steps, logs, saves and samples.
///
/// Where ranks train together, each has a run. All take the same steps and know the same losses, so that they
/// decide alike; the first alone writes into the folder, reports and samples.
struct TrainingRun {
  var job: TrainingJob
  let folder: TrainingRunFolder
  let stop: StopSignal
  private let report: @Sendable (TrainingEvent) -> Void
  private let now: @Sendable () -> Date
  /// Whether this is the one that writes.
  let writes: Bool
  /// Keeps others out of the folder.
  private var lock: FolderLock?

  init(
    _ job: TrainingJob, stop: StopSignal, report: @escaping @Sendable (TrainingEvent) -> Void,
    now: @escaping @Sendable () -> Date
  ) {
    self.job = job
    folder = TrainingRunFolder(path: job.runFolder)
    self.stop = stop
    let isFirst = (job.ranks?.rank ?? 0) == 0
    writes = isFirst
    self.report = { if isFirst { report($0) } }
    self.now = now
  }

  /// Does the run. One that cannot begin leaves no folder that was not there.
  mutating func perform() async throws -> TrainingOutcome {
    let isNew =
      writes && !job.resumes && !FileManager.default.fileExists(atPath: job.runFolder)
    do {
      return try await performInFolder()
    } catch {
      if isNew, !folder.holdsRun { folder.removeIfUnused() }
      throw error
    }
  }

  private mutating func performInFolder() async throws -> TrainingOutcome {
    try job.checkDevice()
    lock = writes ? try openFolder() : nil
    defer { lock?.release() }
    let (checkpoint, damage) = try await checkpoint()
    let saved = checkpoint?.position
    let settings = job.configuration[job.stage]
    if let saved, saved.step > settings.steps || isFinished(after: saved.step, settings) {
      // A job that a cluster begins anew, or a script that is given again, has what it is for.
      report(.notes(["the run is complete; more steps (--set steps=N) let it go on"]))
      return TrainingOutcome(
        step: saved.step, isComplete: true, checkpoint: newestCheckpoint,
        weights: folder.network(job.stage))
    }
    if saved != nil { try checkSeed() }

    let autoencoder = try await openAutoencoder()
    let teacher = try await openTeacher()
    let perceptualHashes = try perceptualHashes()
    let beginning = try beginning(checkpoint?.state)
    let videos = try await videos()
    let work = try await work(videos, beginning, saved?.position, autoencoder, teacher)
    try await compare(work)
    let deviceNote = job.resumes ? job.deviceNote(since: try folder.readRecord().deviceName) : nil
    if writes {
      var record = record(autoencoder)
      (record.initialHash, record.perceptualHashes) = (teacher?.hash, perceptualHashes)
      try describe(record, autoencoder)
    }
    var log: TrainingLog?
    if writes {
      log = try TrainingLog(
        folder, at: saved?.step ?? 0, losses: work.lossNames, scores: work.scoreNames, now: now)
    }
    let data = DataFingerprint(videos)
    var notes = damage + [job.perceptualNote, job.ranksNote, deviceNote].compactMap { $0 }
    notes += [data.change(since: saved?.data, in: job.dataPath)].compactMap { $0 }
    notes += videos.notes
    notes += work.brokenHeldOut.map {
      "held-out clips are of other videos than \($0.path), which cannot be read: \($0.reason)"
    }
    if work.tooShortVideos > 0 {
      notes.append("left out \(work.tooShortVideos) videos that are shorter than a clip")
    }
    report(.notes(notes))
    for note in notes { try log?.note(note) }
    return try await train(work, videos, from: saved, data, settings, log)
  }

  // MARK: Preparing

  /// Makes the folder fit for the run, and this the only one in it.
  private func openFolder() throws -> FolderLock {
    if !job.resumes { try folder.prepare(job.configuration) }
    let lock = try lockFolder()
    if job.resumes {
      try folder.makeFolders()
    } else {
      try folder.removeBeginnings(for: job.configuration)
    }
    return lock
  }

  /// The checkpoint to go on from, and what a person should know of others.
  private func checkpoint() async throws -> (TrainingCheckpoint?, [String]) {
    guard job.resumes else { return (nil, []) }
    guard let ranks = job.ranks else { return try TrainingCheckpoint.newest(in: folder, job.stage) }
    // The first chooses, since it sets damaged ones aside.
    var newest: (checkpoint: TrainingCheckpoint?, notes: [String]) = (nil, [])
    if writes { newest = try TrainingCheckpoint.newest(in: folder, job.stage) }
    let steps = try await ranks.gathered(newest.checkpoint?.position.step)
    if !writes, let step = steps[0] {
      newest.checkpoint = try TrainingCheckpoint(
        contentsOf: folder.checkpoint(step), job.stage, run: job.runFolder)
    }
    return newest
  }

  /// Refuses another seed than that of the steps which were taken: the order of the clips goes on, and what
  /// is drawn for them must too.
  private func checkSeed() throws {
    guard writes else { return }
    let known = try TrainingConfiguration(ofRun: folder.configuration)[job.stage].seed
    guard known == job.configuration[job.stage].seed else {
      throw TrainingError(job.runFolder, .otherSeed(known: known))
    }
  }

  /// Looks through the data: the first rank alone, then the others, who find what is known by then.
  private func videos() async throws -> TrainingVideos {
    if !writes { try await job.ranks?.meet() }
    let videos = try TrainingVideos(
      job.dataPath, cacheFolder: job.cacheFolder + "/datasets"
    ) { [report] done, total in
      report(.preparation(ItemProgress("videos looked at", done: done, total: total)))
    }
    if writes { try await job.ranks?.meet() }
    return videos
  }

  /// Makes certain that all ranks do the same run with the same data.
  private func compare(_ work: any StageWork) async throws {
    guard let ranks = job.ranks else { return }
    let positions = try await ranks.gathered(work.position)
    if let rank = positions.firstIndex(where: { $0 != positions[0] }) {
      throw TrainingError(job.runFolder, .otherRank(rank: rank, what: "other videos"))
    }
    let texts = try await ranks.gathered(job.configuration.fileText)
    if let rank = texts.firstIndex(where: { $0 != texts[0] }) {
      throw TrainingError(job.runFolder, .otherRank(rank: rank, what: "other settings"))
    }
    // LPIPS may have been fetched on one machine alone.
    let losses = try await ranks.gathered(work.lossNames)
    if let rank = losses.firstIndex(where: { $0 != losses[0] }) {
      throw TrainingError(job.runFolder, .otherRank(rank: rank, what: "other losses"))
    }
  }

  /// Whether a run has its last step, and the network and the scores that come after it: it may have
  /// been killed in between.
  private func isFinished(after step: Int, _ settings: StageSettings) -> Bool {
    step == settings.steps
      && FileManager.default.fileExists(atPath: folder.network(job.stage))
      && (try? TrainingRunSummary(contentsOf: job.runFolder))?.scores.last?.step == step
  }

  private func lockFolder() throws -> FolderLock {
    do {
      return try FolderLock(path: folder.lock)
    } catch let error as StudioError where error.isInUse {
      throw TrainingError(job.runFolder, .inUse(by: FolderLock.holder(folder.lock)))
    }
  }

  /// Writes what the run is, once it is certain that it can begin.
  private func describe(_ record: TrainingRecord, _ autoencoder: HashedNetwork?) throws {
    var record = record
    if job.resumes {
      // What was given in place of what the run began with holds for the next time too.
      let known = try folder.readRecord()
      (record.created, record.version) = (known.created, known.version)
      return try folder.write(record, job.configuration)
    }
    try folder.write(record, job.configuration) {
      guard let autoencoder else { return }
      // Beside the denoiser it makes the run's folder a model.
      try CheckpointConversion(autoencoder.file).write(to: folder.network(.autoencoder))
    }
  }

  private func record(_ autoencoder: HashedNetwork?) -> TrainingRecord {
    func absolute(_ path: String?) -> String? { path.map { URL(filePath: $0).path } }
    let isProcessor = job.device.resolved == .processor
    return TrainingRecord(
      stage: job.stage, data: URL(filePath: job.dataPath).path,
      autoencoder: absolute(job.autoencoderPath), autoencoderHash: autoencoder?.hash,
      initial: absolute(job.initialPath), perceptualWeights: absolute(job.perceptualWeights),
      perceptualFeatures: absolute(job.perceptualFeatures),
      cache: job.cacheFolder == StudioFolders().cache ? nil : absolute(job.cacheFolder),
      threads: job.resolvedThreadCount,
      device: isProcessor ? nil : job.device.resolved.description,
      deviceName: isProcessor ? nil : job.device.deviceName, version: RunSettings.programVersion,
      created: now())
  }

  private func work(
    _ videos: TrainingVideos, _ beginning: TrainingBeginning, _ position: ClipSampler.Position?,
    _ autoencoder: HashedNetwork?, _ teacher: HashedNetwork?
  ) async throws -> any StageWork {
    guard let autoencoder else {
      return try await AutoencoderStage(
        job, videos, beginning: beginning, position: position, onShortage: tellShortage)
    }
    return try await DiffusionStage(
      job, videos, beginning: beginning, position: position, autoencoder: autoencoder.file,
      autoencoderHash: autoencoder.hash, teacher: teacher?.file, stop: stop,
      onShortage: tellShortage
    ) { [report] done, total in
      report(.preparation(ItemProgress("videos encoded", done: done, total: total)))
    }
  }

  // MARK: Training

  private func train(
    _ work: any StageWork, _ videos: TrainingVideos, from position: TrainingCheckpoint.Position?,
    _ data: DataFingerprint, _ settings: StageSettings, _ log: TrainingLog?
  ) async throws -> TrainingOutcome {
    let start = position?.step ?? 0
    report(
      .began(
        TrainingStart(
          finishedSteps: start, steps: settings.steps, parameterCount: await work.parameterCount,
          trainingVideos: videos.training.count, heldOutVideos: videos.heldOut.count,
          clipsPerStep: settings.batch * settings.accumulation)))
    var step = start
    var saved = start
    var meter = TrainingMeter(
      settings, names: work.lossNames, window: position?.window ?? TrainingMeter.Window())
    var watch = position?.watch ?? DivergenceWatch()
    func save() async throws {
      let position = TrainingCheckpoint.Position(
        stage: job.stage, step: step, position: work.position, window: meter.window, watch: watch,
        data: data)
      try await self.save(work, position, settings, log)
      saved = step
    }
    var named = 0
    while step < settings.steps, try await !stop.isWanted(byAnyOf: job.ranks) {
      let began = ContinuousClock.now
      let result = try await work.step(step + 1)
      guard result.wasTaken else {
        throw TrainingError(
          job.runFolder, .notFinite(step: step + 1, checkpoint: newestCheckpoint))
      }
      step += 1
      meter.note(result, seconds: (ContinuousClock.now - began) / .seconds(1))
      if step % settings.logInterval == 0 || step == settings.steps {
        let skipped = work.skipped
        let progress = meter.progress(at: step, skippedClips: skipped.clips)
        try log?.progress(progress)
        report(.progress(progress))
        try tell(skipped.videos.dropFirst(named), log)
        named = skipped.videos.count
      }
      if let loss = result.losses.first, loss.name == "loss", work.hasFallingLoss,
        let lowest = watch.diverged(loss.value)
      {
        throw TrainingError(
          job.runFolder,
          .diverged(step: step, loss: loss.value, lowest: lowest, checkpoint: newestCheckpoint))
      }
      if step % settings.checkpointInterval == 0, !watch.isSuspicious {
        try await save()
      }
      if step % settings.sampleInterval == 0, step < settings.steps {
        try await sample(work, step, log)
      }
    }
    if step > saved { try await save() }
    let network = folder.network(job.stage)
    if step == settings.steps {
      try await sample(work, step, log)
    } else if step > start {
      try await work.writeNetwork(to: writes ? network : nil)
    }
    try log?.sync()
    // None leaves before all is written.
    try await job.ranks?.meet()
    return TrainingOutcome(
      step: step, isComplete: step == settings.steps, checkpoint: newestCheckpoint,
      weights: network)
  }

  private var newestCheckpoint: String? {
    folder.checkpointSteps.last.map { folder.checkpoint($0) }
  }

  /// Tells that less is encoded or decoded at a time because a card's memory is short.
  private var tellShortage: @Sendable (String) -> Void {
    { [report] in report(.notes([$0])) }
  }

  /// Names videos that could not be read, each once.
  private func tell(_ broken: ArraySlice<BrokenVideo>, _ log: TrainingLog?) throws {
    guard !broken.isEmpty else { return }
    let notes = broken.map { "skipped \($0.path): \($0.reason)" }
    report(.notes(notes))
    for note in notes { try log?.note(note) }
  }

  private func save(
    _ work: any StageWork, _ position: TrainingCheckpoint.Position, _ settings: StageSettings,
    _ log: TrainingLog?
  ) async throws {
    let path = folder.checkpoint(position.step)
    // What another machine goes on with must not be written over.
    if lock?.isLost == true {
      throw TrainingError(job.runFolder, .inUse(by: FolderLock.holder(folder.lock)))
    }
    try log?.sync()
    try await work.writeState(metadata: position.metadata(), to: writes ? path : nil)
    guard writes else { return }
    folder.removeCheckpoints(keeping: settings.keptCheckpoints)
    try log?.checkpoint(position.step, path)
    report(.checkpoint(step: position.step, path: path))
  }

  private func sample(_ work: any StageWork, _ step: Int, _ log: TrainingLog?) async throws {
    let network = folder.network(job.stage)
    try await work.writeNetwork(to: writes ? network : nil)
    guard writes else { return }
    let video = folder.video(step)
    let scores = try await work.sample(network: NetworkFile(path: network), video: video)
    let samples = TrainingSamples(step: step, scores: scores, videoPath: video)
    try log?.samples(samples)
    report(.samples(samples))
  }
}

extension StopSignal {
  /// Whether a run is to end: all ranks of it at the same step, if one of them was asked to.
  func isWanted(byAnyOf ranks: (any Communicator)?) async throws -> Bool {
    let isWanted = moment > .never
    guard let ranks else { return isWanted }
    return try await ranks.gathered([UInt8(isWanted ? 1 : 0)]).contains([1])
  }
}
