import Foundation
import RunKit
import SessionStore

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
    for run in recipe.generated { try check(run.reference, run.lockedSettings) }
    var origin = GenerateTask.Origin.nothing
    if let footage = recipe.footage, let path = footage.source {
      guard FileManager.default.fileExists(atPath: path) else {
        throw StudioError(path, .noSuchFile)
      }
      origin = .footage(path: path, firstFrame: footage.firstFrame ?? 0)
    }
    let following = Array(recipe.generated.dropFirst())
    let title = "\(first.model), recipe of \(recipe.generated.count) runs, seed \(first.seed)"
    return try begin(
      title, first.reference, first.lockedSettings, origin: origin,
      following: following.isEmpty ? nil : following)
  }

  /// Begins a video without clips.
  ///
  /// - Parameter model: Names it and gives the frame rate, where it is known.
  /// - Throws: ``SessionStoreError`` if it cannot be kept.
  public func newCanvas(_ model: ModelReference?) throws -> VideoID {
    let record = try store.write { transaction in
      try transaction.insert(videoRecord("Untitled", model))
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
  /// - Throws: as ``make(_:_:)``, and ``StudioError`` if the video or clip is gone.
  @discardableResult
  public func extend(
    _ video: VideoID, after clip: ClipID?, fork: Int, model: ModelReference,
    settings: GenerationSettings
  ) throws -> JobID {
    try check(model, settings)
    guard let tree = trees[video] else { throw StudioError(nil, .gone("the video")) }
    if let clip, tree.clips[clip] == nil || tree.dropped.contains(clip) {
      throw StudioError(nil, .gone("the clip to continue"))
    }
    let task = GenerateTask(
      video: video, origin: clip.map { .clip($0) } ?? .nothing, fork: fork, model: model,
      settings: settings)
    let record = try store.write { try $0.insert(jobRecord(.generate(task))) }
    let job = try add(record)
    tell(video)
    tellJobs()
    startJobs()
    return job
  }

  // MARK: Beginning

  func check(_ model: ModelReference, _ settings: GenerationSettings) throws {
    try settings.validate()
    guard model.autoencoder != nil, model.denoiser != nil else {
      throw StudioError(nil, .incompleteModel(name: model.name))
    }
  }

  private func begin(
    _ title: String, _ model: ModelReference, _ settings: GenerationSettings,
    origin: GenerateTask.Origin, following: [Recipe.Run]? = nil
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
    origin: GenerateTask.Origin = .nothing, following: [Recipe.Run]? = nil,
    positionOffset: Int = 0, _ transaction: SessionTransaction
  ) throws -> (VideoRecord, JobRecord) {
    let video = try transaction.insert(videoRecord(title, model))
    let task = GenerateTask(
      video: VideoID(rawValue: video.id ?? 0), origin: origin, model: model, settings: settings,
      following: following)
    let job = try transaction.insert(
      jobRecord(.generate(task), positionOffset: positionOffset))
    return (video, job)
  }

  private func videoRecord(_ title: String, _ model: ModelReference?) -> VideoRecord {
    VideoRecord(
      title: title, modelName: model?.name ?? "",
      framesPerSecond: model?.framesPerSecond ?? Self.usualFrameRate,
      created: now().timeIntervalSinceReferenceDate)
  }

  /// A job at the end of the queue.
  func jobRecord(_ task: JobTask, positionOffset: Int = 0) throws -> JobRecord {
    JobRecord(
      video: task.video?.rawValue, position: (positions.values.max() ?? 0) + 1 + positionOffset,
      task: try JSONText.encode(task), state: try JSONText.encode(JobState.waiting),
      created: now().timeIntervalSinceReferenceDate)
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
