import Foundation
import MediaIO
import RunKit
import VideoDiffusion

/// One run of a generation job of the queue: turns clips into files and rows, and tells of previews and
/// progress, beside the engine and without ever holding it up.
actor ClipRun: ClipSink {
  nonisolated let needsFrames = true
  private let plan: GenerationPlan
  private let workspace: Workspace
  private let stop: StopSignal
  private var checkpointer: RunCheckpointer
  private let reporter: RunReporter
  private var model: EngineCache.LoadedModel?
  private var request: GenerationRequest

  private var state = GenerationState()
  private var previous: Clip?
  /// What is known of the clip in progress, if it leads somewhere.
  private var directed: DirectedClip?
  /// The last frame of the clip before, as it is shown.
  private var lastFrame: [UInt8]?
  /// Seconds of sampling the clip in progress.
  private var clipSeconds = 0.0
  private var hasComplained = false
  /// How the clip in progress is shown, and what makes the pictures once the run is under way.
  private var previewMode: PreviewMode
  private var previews: PreviewMaker?

  init(_ plan: GenerationPlan, _ workspace: Workspace, _ stop: StopSignal) {
    self.plan = plan
    self.workspace = workspace
    self.stop = stop
    previous = plan.previous
    checkpointer = RunCheckpointer(path: workspace.folders.savedRun(of: plan.job))
    reporter = RunReporter(plan, workspace, stop)
    request = plan.request(after: 0)
    previewMode = plan.task.settings.preview
  }

  private var settings: GenerationSettings { plan.task.settings }
  /// Clips of the video before the next one.
  private var index: Int { previous.map { $0.index + 1 } ?? 0 }

  /// Makes what remains, until it is done or stopped.
  ///
  /// - Throws: Whatever went wrong. Complete clips are kept, and the state between steps.
  func run() async throws {
    guard plan.footage != nil || plan.remainingSamples != 0 else { return try await addCopy() }
    let model = try await load()
    self.model = model
    if let footage = plan.footage { try await encode(footage.path, footage.firstFrame, model) }
    guard plan.remainingSamples != 0 else { return }
    try await begin(model)
    request = plan.request(after: index)
    let previews = await startPreviews(model)
    self.previews = previews
    reporter.begin(request, clipsBefore: index)
    defer {
      saveState(isLast: true)
      reporter.end()
      // Nobody waits for a preview that is in the making: what it shows is past.
      Task { await previews.finish(cancelling: true) }
    }
    let known = directed.map { [index: $0.known] } ?? [:]
    try await makeClips(
      request, from: state, knowing: known, with: model.engine, previews: previews, stop: stop
    ) { [reporter] in reporter.show($0, of: model.autoencoder) }
    if previous != plan.previous { try await addCopy() }
  }

  /// Adds a copy of the clip that the one before leads to, where the run ends with one.
  private func addCopy() async throws {
    guard let copied = plan.copied, let previous, case .bridge = previous.source else { return }
    let (latent, images) = (
      try workspace.files.latent(copied), try workspace.files.images(copied)
    )
    try await add(latent, images, steps: 0, seconds: 0, source: .copy(of: copied))
    reporter.clipIsDone()
  }

  private func startPreviews(_ model: EngineCache.LoadedModel) async -> PreviewMaker {
    let hash: @Sendable () async throws -> String = {
      [workspace, path = model.autoencoder.path] in try await workspace.hash(of: path)
    }
    if previewMode == .linear { await workspace.engines.fitPreview(model, hash: hash) }
    return PreviewMaker(
      engine: model.engine, mode: previewMode, interval: settings.previewInterval,
      library: workspace.engines.previews, hash: hash)
  }

  /// Shows what comes in another way.
  func show(_ mode: PreviewMode) {
    previewMode = mode
    previews?.show(mode)
  }

  private func load() async throws -> EngineCache.LoadedModel {
    let (stop, reporter) = (stop, reporter)
    reporter.tell(.loading(0))
    return try await workspace.engines.model(plan.task.model, settings) { share in
      if stop.moment == .afterStep { throw CancellationError() }
      reporter.tell(.loading(share))
    } onLoad: { file, seconds in
      reporter.note(seconds, .load, of: file)
    }
  }

  // MARK: Beginning

  /// Encodes footage as the video's first clip.
  private func encode(
    _ path: String, _ firstFrame: Int, _ model: EngineCache.LoadedModel
  ) async throws {
    reporter.tell(.encoding)
    guard case .autoencoder(let configuration) = model.autoencoder.network else {
      throw ModelError(.notLoaded(.autoencoder))
    }
    let window = try FootageReader(
      path: path, side: configuration.resolution, clipFrames: configuration.frames
    ).clip(at: firstFrame)
    let (latent, seconds) = try await model.engine.timedEncode(window.clip)
    reporter.note(seconds, .encode, of: model.autoencoder)
    try await add(
      latent, window.images, steps: 0, seconds: seconds,
      source: .footage(path: path, firstFrame: window.firstFrame))
  }

  /// Goes on from the saved state, or begins the next clip.
  private func begin(_ model: EngineCache.LoadedModel) async throws {
    guard case .autoencoder(let autoencoder) = model.autoencoder.network else {
      throw ModelError(.notLoaded(.autoencoder))
    }
    if let lead = plan.lead {
      let continues = await model.engine.denoiserConfiguration?.isConditional ?? false
      directed = try DirectedClip(
        lead, after: plan.path, files: workspace.files, autoencoder, continues: continues)
    }
    if let saved = checkpointer.saved(), let clip = SavedClip(saved.notes), clip.index == index,
      clip.previous == previous?.id, clip.run ?? plan.clipsBefore == plan.clipsBefore,
      saved.state.sampler != nil
    {
      guard clip.model == model.identity else {
        throw StudioError(plan.task.model.denoiser, .modelChanged)
      }
      state = saved.state
      state.finishedClips = index
      clipSeconds = clip.seconds
      return
    }
    state = GenerationState()
    state.finishedClips = index
    guard let previous else { return }
    if case .frames(let clip) = directed?.beginning {
      if let clip { state.condition = [try await model.engine.encode(clip)] }
      return
    }
    // What comes after a clip that shows a part of its frames goes on from what is shown.
    if previous.source.isCut, plan.path.last == previous.id,
      let window = try DirectedClip.window(of: plan.path, workspace.files, autoencoder)
    {
      state.condition = [try await model.engine.encode(window)]
      return
    }
    var latent = try workspace.files.latent(previous.id)
    // What one long run does between two clips. Footage is encoded already.
    if settings.reencodesCondition, plan.isPreviousGenerated {
      latent = try await model.engine.encode(model.engine.decode(latent))
    }
    state.condition = [latent]
  }

  // MARK: Events

  func note(_ event: GenerationEvent) {
    reporter.note(event)
    switch event {
    case .clipStarted: reporter.tell(.sampling)
    case .step(let step):
      state = step.state
      clipSeconds += step.seconds
      saveState()
      let isGuided = state.condition != nil && request.guides(step: step.finishedSteps - 1)
      // What a step takes that decodes and encodes the clip says nothing of others.
      if let model, directed == nil {
        reporter.note(step.seconds, isGuided ? .guidedStep : .step, of: model.denoiser)
      }
      reporter.tell(.sampling)
    case .clipFinished(let clip):
      reporter.tell(.decoding)
      for note in clip.notes { workspace.hub.send(.notice(Notice(.information, note))) }
    }
  }

  func lastFrame(of sample: Int) throws -> [UInt8]? {
    if lastFrame == nil, let previous {
      lastFrame = try workspace.files.images(previous.id).last?.pixels
    }
    return lastFrame
  }

  func write(
    _ latent: Latent, sample: Int, of clip: Int, decoded: (clip: PixelClip, seconds: Double)?
  ) async throws {
    guard let (pixels, seconds) = decoded, let model else { return }
    reporter.note(seconds, .decode, of: model.autoencoder)
    let steps = state.sampler?.configuration.steps ?? 0
    let shown = directed.map { pixels.frames($0.shown) } ?? pixels
    try await add(
      latent, shown.images, steps: steps, seconds: clipSeconds,
      source: directed?.source ?? .generated)
  }

  func directed(_ decoded: PixelClip, sample: Int, of clip: Int) throws -> PixelClip? {
    guard let directed else { return nil }
    let before = try lastFrame(of: sample).map {
      PixelClip(frames: 1, side: decoded.side, bytes: $0).values
    }
    return directed.known.directing(decoded, after: before)
  }

  /// The engine samples the next clip while one is decoded. Who asks to stop meanwhile is promised the
  /// clip that is shown, and no other.
  func finish(_ clip: FinishedClip) -> Bool {
    state = clip.state
    clipSeconds = 0
    checkpointer.beginClip()
    reporter.clipIsDone()
    return stop.moment < .afterClip
  }

  /// Writes a clip's files, then its row.
  private func add(
    _ latent: Latent, _ images: [RGBImage], steps: Int, seconds: Double, source: Clip.Source
  ) async throws {
    let isFirst = !plan.hasBegun && previous?.id == plan.previous?.id
    let clip = Clip(
      id: await workspace.reserveClip(), video: plan.task.video, parent: previous?.id,
      fork: isFirst ? plan.fork : 0, source: source, settings: settings,
      model: plan.task.model, seed: settings.seed, index: index, steps: steps,
      created: workspace.now(), seconds: seconds)
    let (note, recipe) = try await workspace.note(of: clip, plan.job)
    try workspace.files.write(note, recipe, latent: latent, images: images)
    try await workspace.add(clip, ClipFrames(clip: clip.id, images: images), of: plan.job)
    previous = clip
    lastFrame = images.last?.pixels
  }

  /// A state that cannot be saved is no reason to end a run that goes well otherwise.
  private func saveState(isLast: Bool = false) {
    guard state.sampler != nil, let model else { return }
    let clip = SavedClip(
      index: index, previous: previous?.id, run: plan.clipsBefore, model: model.identity,
      seconds: clipSeconds)
    do {
      try checkpointer.save(
        SavedRun(
          request: request, state: state, finishedClips: [], notes: clip.notes),
        isLast: isLast)
    } catch {
      guard !hasComplained else { return }
      hasComplained = true
      let explanation = Explanation(error)
      workspace.hub.send(
        .notice(
          Notice(
            .warning, "The run could not go on after an interruption: \(explanation.sentence)",
            remedy: explanation.remedy)))
    }
  }
}

/// What is stored beside a run's state, to tell whether it is still the one to go on from.
private struct SavedClip {
  /// Clips of the video before the one in progress, and the last of them.
  var index: Int
  var previous: ClipID?
  /// Clips of the job before the run: two of its runs may continue one clip. `nil` in states of earlier versions,
  /// whose runs did not.
  var run: Int?
  /// The checkpoints that it began with.
  var model: String
  /// Seconds of sampling so far.
  var seconds: Double

  init(index: Int, previous: ClipID?, run: Int?, model: String, seconds: Double) {
    self.index = index
    self.previous = previous
    self.run = run
    self.model = model
    self.seconds = seconds
  }

  init?(_ notes: [String: String]) {
    guard let index = notes["studio.index"].flatMap({ Int($0) }), let model = notes["studio.model"],
      let seconds = notes["studio.seconds"].flatMap({ Double($0) })
    else { return nil }
    let previous = notes["studio.previous"].flatMap { Int64($0) }.map(ClipID.init)
    let run = notes["studio.run"].flatMap { Int($0) }
    self.init(index: index, previous: previous, run: run, model: model, seconds: seconds)
  }

  var notes: [String: String] {
    var notes = [
      "studio.index": String(index), "studio.model": model, "studio.seconds": String(seconds),
    ]
    notes["studio.run"] = run.map(String.init)
    notes["studio.previous"] = previous.map { String($0.rawValue) }
    return notes
  }
}
