import CheckpointIO
import Foundation
import MediaIO
import VideoDiffusion

/// One run of a ``GenerationJob``: turns clips into outputs, and keeps its state.
actor GenerationRun: ClipSink {
  private let job: GenerationJob
  private let engine: VideoEngine
  private let outputs: [OutputSet]
  private let settings: RunSettings
  private let report: @Sendable (JobEvent) -> Void
  private let stop: StopSignal
  nonisolated let needsFrames: Bool

  private var state = GenerationState()
  private var finishedClips: [[Latent]] = []
  /// Of each sample the frame that stands last.
  private var lastFrames: [[UInt8]?]
  /// What is known of the clips, by their numbers.
  private var known: [Int: KnownFrames] = [:]
  /// The frames of the clip that are new, where they are made between others.
  private var newFrames: Range<Int>?
  private var lastSave = ContinuousClock.now
  /// Where this run is kept, once it is.
  private var savedRun: String?
  /// The files that it may replace when it goes on.
  private var replaceable: Set<String>
  private let previews: PreviewMaker

  /// At most this much of a run is lost to a process that is killed.
  private static let saveInterval = Duration.seconds(15)

  init(
    job: GenerationJob, engine: VideoEngine, outputs: sending [OutputSet],
    replaceable: Set<String>, settings: RunSettings,
    report: @escaping @Sendable (JobEvent) -> Void, stop: StopSignal
  ) {
    self.job = job
    self.engine = engine
    self.outputs = outputs
    self.replaceable = replaceable
    self.settings = settings
    self.report = report
    self.stop = stop
    lastFrames = Array(repeating: nil, count: job.request.sampleCount)
    needsFrames = job.needsFrames
    previews = PreviewMaker(
      engine: engine, mode: job.preview, interval: job.previewInterval,
      library: LinearPreviewLibrary(cacheFolder: job.previewCacheFolder)
    ) { [path = job.model.autoencoder?.path ?? ""] in try CheckpointHash.sha256(of: path) }
  }

  func run(
    _ input: sending ClipInput?, resumed: SavedRun?, geometry: PlaneGeometry
  ) async throws -> GenerationJob.Result {
    do {
      try await prepare(input, geometry)
      try await prepareDirection(geometry)
      if let resumed { try await goOn(from: resumed) }
      try await generate()
      return try await finish()
    } catch {
      await previews.finish(cancelling: true)
      for set in outputs { set.cancel() }
      if error.isTakenName { throw error }
      // The clips that were made are worth keeping, whatever went wrong afterwards.
      guard !finishedClips.isEmpty || state.sampler != nil, let path = job.savedRunPath,
        (try? save()) != nil
      else { throw error }
      let file = savedRun ?? path
      throw JobFailure(underlying: error, savedRun: file, clips: finishedClips.count)
    }
  }

  /// Encodes what is continued and writes what stands before the new frames.
  private func prepare(_ input: ClipInput?, _ geometry: PlaneGeometry) async throws {
    guard let input else { return }
    let side = await engine.autoencoderConfiguration?.resolution
    let continuation = try await Continuation(
      input, from: job.firstFrame, frames: geometry.frames, side: side
    ) { try await self.engine.encode($0) }
    if !continuation.notes.isEmpty { report(.notes(continuation.notes)) }
    state = GenerationState(
      condition: Array(repeating: continuation.condition, count: job.request.sampleCount))
    if needsFrames, job.request.seamFade > 0 || job.isDirected {
      let frame =
        if let shown = continuation.lastFrame { shown } else {
          try await engine.decode(continuation.condition).lastFrame
        }
      lastFrames = lastFrames.map { _ in frame }
    }
    guard !job.onlyNew else { return }
    let keepsLatents = job.outputs.contains(where: OutputSet.isLatents)
    // Latents hold whole clips, so the frames before the window are cut from its start backwards.
    var skipped = continuation.precedingFrames % geometry.frames
    var waiting: [RGBImage] = []
    // They stay as they were shown.
    var display = ClipDisplay(input.madeBy, clipFrames: geometry.frames, closesLoops: false)
    try await continuation.visitPreceding(
      side: side,
      images: { images in
        if self.stop.moment == .afterStep { throw CancellationError() }
        for set in self.outputs { try set.append(images: images) }
        guard keepsLatents, let side else { return }
        waiting += images
        let dropped = min(skipped, waiting.count)
        waiting.removeFirst(dropped)
        skipped -= dropped
        while waiting.count >= geometry.frames {
          let latent = try await self.engine.encode(
            PixelClip(preparing: Array(waiting.prefix(geometry.frames)), side: side))
          waiting.removeFirst(geometry.frames)
          for set in self.outputs { set.append(latent: latent) }
        }
      },
      latent: { latent in
        if self.stop.moment == .afterStep { throw CancellationError() }
        for set in self.outputs { set.append(latent: latent) }
        guard self.needsFrames else { return }
        let images = display.show(try await self.engine.decode(latent)).images
        for set in self.outputs { try set.append(images: images) }
      }, frames: geometry.frames)
  }

  /// Reads what is known of the clips, and writes what stands before a gap.
  private func prepareDirection(_ geometry: PlaneGeometry) async throws {
    guard let side = await engine.autoencoderConfiguration?.resolution else { return }
    known = try PinnedFrame.known(job.pins, frames: geometry.frames, side: side)
    guard let gap = job.gap else { return }
    let continues = await engine.denoiserConfiguration?.isConditional ?? false
    let clip = try GapClip(gap, frames: geometry.frames, side: side, continues: continues)
    if !clip.notes.isEmpty { report(.notes(clip.notes)) }
    known[0] = clip.known
    newFrames = clip.new
    if let condition = clip.condition {
      let latent = try await engine.encode(condition)
      state = GenerationState(
        condition: Array(repeating: latent, count: job.request.sampleCount))
    }
    if !job.onlyNew { try writeFootage(gap.before, from: 0, count: clip.preceding, side) }
  }

  private func writeFootage(_ path: String, from first: Int, count: Int?, _ side: Int) throws {
    guard needsFrames else { return }
    try GapClip.visit(path, from: first, count: count, side: side) { images in
      if stop.moment == .afterStep { throw CancellationError() }
      for set in outputs { try set.append(images: images) }
    }
  }

  private func goOn(from saved: SavedRun) async throws {
    savedRun = job.savedRunPath
    // Known before the clips are shown: a loop's last one is directed to the first.
    finishedClips = saved.finishedClips
    state = saved.state
    for (clip, latents) in saved.finishedClips.enumerated() {
      try await write(
        latents, of: clip, fading: job.request.seamFade, with: engine, previews: previews)
    }
  }

  private func generate() async throws {
    guard state.finishedClips < job.request.clipCount ?? .max else { return }
    try await makeClips(
      job.request, from: state, refining: job.originals, knowing: known, with: engine,
      previews: previews, stop: stop
    ) { [report] in report(.preview($0)) }
    // A first fit that is almost done is worth waiting for, unless the user wants to stop.
    await previews.finish(cancelling: stop.moment != .never)
  }

  func note(_ event: GenerationEvent) {
    report(.generation(event))
    switch event {
    case .clipStarted: break
    case .step(let step):
      state = step.state
      if ContinuousClock.now - lastSave > Self.saveInterval { saveOrNote() }
    case .clipFinished(let clip):
      // Worth keeping even if it cannot be written.
      state = clip.state
      finishedClips.append(clip.latents)
      if !clip.notes.isEmpty { report(.notes(clip.notes)) }
    }
  }

  func lastFrame(of sample: Int) -> [UInt8]? { lastFrames[sample] }

  func directed(_ decoded: PixelClip, sample: Int, of clip: Int) async throws -> PixelClip? {
    var frames = known[clip]
    if job.request.closesLoop(clip: clip), let opening = finishedClips.first?[sample] {
      let end = try await engine.closingFrames(job.request, opening: opening, known[0])
      frames = frames?.merging(end) ?? end
    }
    let before = lastFrames[sample].map {
      PixelClip(frames: 1, side: decoded.side, bytes: $0).values
    }
    return frames?.directing(decoded, after: before)
  }

  func write(
    _ latent: Latent, sample: Int, of clip: Int, decoded: (clip: PixelClip, seconds: Double)?
  ) throws {
    outputs[sample].append(latent: latent)
    guard let (pixels, seconds) = decoded else { return }
    report(.decoded(clip: clip, sample: sample, pixels, seconds: seconds))
    let end = job.request.closesLoop(clip: clip) ? job.request.closingFrames : 0
    let shown = pixels.frames(newFrames ?? 0..<(pixels.frames - end))
    try outputs[sample].append(images: shown.images)
    lastFrames[sample] = shown.lastFrame
  }

  func finish(_ clip: FinishedClip) -> Bool {
    saveOrNote()
    return true
  }

  /// A state that cannot be kept is no reason to end a run that goes well otherwise.
  private func saveOrNote() {
    do {
      try save()
    } catch {
      report(.notes(["the run cannot be kept for resuming: \(Explanation(error).sentence)"]))
    }
  }

  private func save() throws {
    lastSave = .now
    guard let path = savedRun ?? job.savedRunPath else { return }
    let mine = try JSONEncoder().encode(replaceable.sorted())
    let run = try SavedRun(
      request: job.request, state: state, finishedClips: finishedClips,
      notes: [
        GenerationJob.settingsKey: settings.json,
        GenerationJob.outputsKey: job.outputs.joined(separator: "\n"),
        GenerationJob.replaceableKey: String(decoding: mine, as: UTF8.self),
      ]
    )
    do {
      try run.write(to: path, replaces: savedRun != nil || job.overwrites)
      savedRun = path
    } catch let error as CheckpointError {
      // Another run of these outputs began at the same time: each keeps its own.
      guard case .nameTaken(let other) = error.kind else { throw error }
      savedRun = other
      report(
        .notes([
          "another run of \(job.outputs[0]) is kept in \(path); this one is kept in \(other)"
        ]))
    }
  }

  private func finish() async throws -> GenerationJob.Result {
    report(.writing)
    let isInterrupted = job.request.clipCount.map { state.finishedClips < $0 } ?? false
    if !isInterrupted, !job.onlyNew, let gap = job.gap,
      let side = await engine.autoencoderConfiguration?.resolution
    {
      try writeFootage(gap.after, from: gap.afterStart, count: nil, side)
    }
    var result = GenerationJob.Result(
      written: [], clips: state.finishedClips, frames: outputs.first?.frameCount ?? 0,
      isInterrupted: isInterrupted, savedRun: nil)
    var taken: (any Error)?
    if finishedClips.isEmpty {
      for set in outputs { set.cancel() }
    } else {
      (result.written, taken) = try finishOutputs()
    }
    if isInterrupted, !finishedClips.isEmpty || state.sampler != nil {
      try save()
      result.savedRun = savedRun
    } else if let savedRun {
      try? FileManager.default.removeItem(atPath: savedRun)
    }
    if let taken { throw taken }
    return result
  }

  /// Completes the outputs of all samples.
  ///
  /// - Returns: What was written, and the error about a name that was taken meanwhile.
  /// - Throws: The first other error, once all was completed that can be.
  private func finishOutputs() throws -> (written: [String], taken: (any Error)?) {
    // Of a process that is killed among them, nobody could tell which are its own.
    let before = replaceable
    for set in outputs { replaceable.formUnion(set.paths) }
    saveOrNote()
    var written: [String] = []
    var errors = CompletionErrors()
    for (sample, set) in outputs.enumerated() {
      var settings = settings
      settings.seed = ClipSeed.seed(job.request.seed, sample: sample)
      errors.collect { try set.finish(metadata: settings.metadata) }
      written += set.written
    }
    replaceable = before.union(written)
    if let failure = errors.failure { throw failure }
    return (written, errors.taken)
  }
}
