import Foundation
import HandwrittenText
import RunKit
import SessionStore
import VideoDiffusion

extension Workspace {
  /// Frames a second of videos whose model says nothing.
  static let usualFrameRate = 16.0

  /// Makes a new video: begins it and queues its job.
  ///
  /// - Parameters:
  ///   - model: The model.
  ///   - settings: The settings, with the seed that is used.
  /// - Throws: ``StudioError`` if a setting is out of range or the model has not both networks,
  ///   ``SessionStoreError`` if it cannot be kept.
  @discardableResult
  public func make(
    _ model: ModelReference, _ settings: GenerationSettings
  ) throws -> (video: VideoID, job: JobID) {
    try check(model, settings)
    return try begin(
      "\(model.name), seed \(settings.seed)", model, settings, origin: .nothing)
  }

  /// Begins a video with frames of a file, and continues it.
  ///
  /// - Parameters:
  ///   - path: A video, a GIF, or a folder of pictures.
  ///   - firstFrame: First of the frames that become the first clip, from 0.
  /// - Throws: as ``make(_:_:)``, and ``StudioError`` if there is no such file.
  @discardableResult
  public func makeFromFootage(
    _ path: String, firstFrame: Int, model: ModelReference, settings: GenerationSettings
  ) throws -> (video: VideoID, job: JobID) {
    try check(model, settings)
    let path = URL(filePath: path).standardizedFileURL.path
    guard FileManager.default.fileExists(atPath: path) else {
      throw StudioError(path, .noSuchFile)
    }
    return try begin(
      URL(filePath: path).lastPathComponent, model, settings,
      origin: .footage(path: path, firstFrame: firstFrame))
  }

  /// Makes a video again: a new one, whose clips are those of the recipe, bit for bit.
  ///
  /// - Parameter recipe: Whole, with the paths of this machine.
  /// - Throws: as ``makeFromFootage(_:firstFrame:model:settings:)``, and ``StudioError`` if the recipe
  ///   does not tell of every clip.
  @discardableResult
  public func make(_ recipe: Recipe) throws -> (video: VideoID, job: JobID) {
    guard recipe.isWhole, let first = recipe.generated.first else {
      throw StudioError(nil, .recipe(reason: "it does not tell of every clip from the start"))
    }
    var steps = recipe.steps
    for step in steps {
      try check(step.run.reference, step.run.lockedSettings)
      if let path = step.run.source, !FileManager.default.fileExists(atPath: path) {
        throw StudioError(path, .noSuchFile)
      }
    }
    let count = steps.count { $0.run.source == nil }
    var origin = GenerateTask.Origin.nothing
    if let footage = recipe.footage, let path = footage.source {
      origin = .footage(path: path, firstFrame: footage.firstFrame ?? 0)
      steps.removeFirst()
    }
    var settings = first.lockedSettings
    if let step = steps.first, step.place == nil, step.run.source == nil, step.run.lead == nil {
      settings = step.run.lockedSettings
      steps.removeFirst()
    } else {
      // What the first run leads to comes before it.
      settings.clipCount = 0
    }
    let title = "\(first.model), recipe of \(counted(count, "run")), seed \(first.seed)"
    return try begin(
      title, first.reference, settings, origin: origin, following: steps.isEmpty ? nil : steps)
  }

  /// Begins a video without clips.
  ///
  /// - Parameter model: Names it and gives the frame rate, where it is known.
  /// - Throws: ``SessionStoreError`` if it cannot be kept.
  public func newCanvas(_ model: ModelReference?) throws -> VideoID {
    let record = try store.write { transaction in
      try transaction.insert(videoRecord("Untitled", model, created: now()))
    }
    let video = add(record)
    tell(video)
    return video
  }

  /// Adds clips to a video.
  ///
  /// With the seed of the clip that they continue, they are the clips that a longer run would have
  /// made; with another they are another roll or branch.
  ///
  /// - Parameters:
  ///   - video: The video.
  ///   - clip: What the first new clip continues; `nil` makes it from nothing.
  ///   - fork: Which continuation of `clip` it belongs to: an existing one adds a roll, a new one a
  ///     branch; see ``ClipTree/nextFork(of:)``.
  ///   - lead: Where the new clip is to lead, if it continues another: it is one then, and a copy of the clip
  ///     that it leads to follows.
  /// - Throws: as ``make(_:_:)``, and ``StudioError`` if the video or clip is gone, or the clip cannot lead there.
  @discardableResult
  public func extend(
    _ video: VideoID, after clip: ClipID?, fork: Int, model: ModelReference,
    settings: GenerationSettings, leading lead: ClipLead? = nil
  ) throws -> JobID {
    var settings = settings
    if let lead { settings.clipCount = lead.clipCount }
    try check(model, settings)
    guard let tree = trees[video] else { throw StudioError(nil, .gone("the video")) }
    if let clip, tree.clips[clip] == nil || tree.dropped.contains(clip) {
      throw StudioError(nil, .gone("the clip to continue"))
    }
    if let lead { try check(lead, after: clip, in: tree, model) }
    let task = GenerateTask(
      video: video, origin: clip.map { .clip($0) } ?? .nothing, fork: fork, model: model,
      settings: settings, lead: lead)
    let record = try store.write { try $0.insert(jobRecord(.generate(task))) }
    let job = try add(record)
    tell(video)
    tellJobs()
    startJobs()
    return job
  }

  /// What a clip costs that leads somewhere, before it is made.
  ///
  /// - Returns: `nil` if the model is not among those that were found.
  /// - Throws: ``StudioError`` if it cannot lead there.
  public func estimate(
    _ lead: ClipLead, after clip: ClipID, in video: VideoID, model: ModelReference,
    settings: GenerationSettings
  ) async throws -> DirectedEstimate? {
    guard let tree = trees[video] else { throw StudioError(nil, .gone("the video")) }
    try check(lead, after: clip, in: tree, model)
    guard let (estimator, entry) = await estimator(of: model) else { return nil }
    return estimator.estimateDirected(
      settings, model: entry, isLoaded: await engines.isLoaded(model))
  }

  /// Checks what can be said before any frame is read.
  private func check(
    _ lead: ClipLead, after clip: ClipID?, in tree: ClipTree, _ model: ModelReference
  ) throws {
    guard let clip else {
      throw StudioError(
        nil,
        .option(
          name: "the clip to lead from", found: "none", expected: "a clip of the video"))
    }
    let entry = models.first { $0.reference == model }
    switch lead {
    case .clip(let target, let frames):
      guard target != clip else {
        throw StudioError(
          nil,
          .option(
            name: "the clip to lead to", found: "the one to lead from",
            expected: "another clip of the video"))
      }
      try check(target, in: tree)
      try GapClip.check(frames, frames: entry?.autoencoder?.clipLength ?? 16, nil)
    case .start:
      if entry?.denoiser?.conditional == false { throw ModelError(.unconditional) }
    }
  }

  // MARK: Beginning

  func check(_ model: ModelReference, _ settings: GenerationSettings) throws {
    try settings.validate()
    guard model.autoencoder != nil, model.denoiser != nil else {
      throw StudioError(nil, .incompleteModel(name: model.name))
    }
    try checkSteps(model, settings)
  }

  /// Checks that a model can sample in the steps that it is asked for, where it was found.
  func checkSteps(_ model: ModelReference, _ settings: GenerationSettings) throws {
    guard let denoiser = denoiser(of: model) else { return }
    try StepDistillation.check(denoiser.distilledSteps, for: settings.request())
  }

  /// What the header of a model's denoiser tells, where the model was found.
  func denoiser(of model: ModelReference) -> NetworkSummary? {
    models.first { $0.reference == model }?.denoiser
  }

  private func begin(
    _ title: String, _ model: ModelReference, _ settings: GenerationSettings,
    origin: GenerateTask.Origin, following: [RecipeStep]? = nil
  ) throws -> (video: VideoID, job: JobID) {
    let (video, job) = try store.write { transaction in
      try insert(title, model, settings, origin: origin, following: following, transaction)
    }
    let ids = (video: add(video), job: try add(job))
    tell(ids.video)
    tellJobs()
    startJobs()
    return ids
  }

  /// Adds the rows of a video and of the job that makes it.
  func insert(
    _ title: String, _ model: ModelReference, _ settings: GenerationSettings,
    origin: GenerateTask.Origin = .nothing, following: [RecipeStep]? = nil,
    positionOffset: Int = 0, _ transaction: SessionTransaction
  ) throws -> (VideoRecord, JobRecord) {
    // One moment: it tells which job began a video.
    let created = now()
    let video = try transaction.insert(videoRecord(title, model, created: created))
    let task = GenerateTask(
      video: VideoID(rawValue: video.id ?? 0), origin: origin, model: model, settings: settings,
      following: following)
    let job = try transaction.insert(
      jobRecord(.generate(task), positionOffset: positionOffset, created: created))
    return (video, job)
  }

  private func videoRecord(
    _ title: String, _ model: ModelReference?, created: Date
  ) -> VideoRecord {
    VideoRecord(
      title: title, modelName: model?.name ?? "",
      framesPerSecond: model?.framesPerSecond ?? Self.usualFrameRate,
      created: created.timeIntervalSinceReferenceDate)
  }

  /// A job at the end of the queue.
  ///
  /// - Parameter created: `nil` for now.
  func jobRecord(
    _ task: JobTask, positionOffset: Int = 0, created: Date? = nil
  ) throws -> JobRecord {
    JobRecord(
      video: task.video?.rawValue, position: (positions.values.max() ?? 0) + 1 + positionOffset,
      task: try JSONText.encode(task), state: try JSONText.encode(JobState.waiting),
      created: (created ?? now()).timeIntervalSinceReferenceDate)
  }

  /// Takes a video that was stored into memory.
  func add(_ record: VideoRecord) -> VideoID {
    let video = VideoID(rawValue: record.id ?? 0)
    videos[video] = record
    trees[video] = record.tree([])
    return video
  }

  /// Takes a job that was stored into memory.
  func add(_ record: JobRecord) throws -> JobID {
    guard let job = record.job else { throw StudioError(nil, .gone("the job")) }
    jobs[job.id] = job
    positions[job.id] = record.position
    return job.id
  }
}
