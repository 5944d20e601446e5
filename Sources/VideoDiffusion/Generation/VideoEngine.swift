import TensorCore

/// An autoencoder and a denoiser at work: loads them, encodes, decodes, and generates video clip by
/// clip as a sequence of events.
///
/// All work runs on one thread of the engine's own, split over the context's team. Between two steps
/// of a run other requests get their turn, so that a preview can be decoded while a video is made.
public actor VideoEngine {
  private nonisolated let thread = ComputeThread()
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    thread.asUnownedSerialExecutor()
  }

  /// What computes: never ``DeviceChoice/automatic``.
  public nonisolated let device: DeviceChoice
  /// Threads of the processor that every operation is split over.
  public nonisolated let threadCount: Int
  /// How the networks multiply.
  public nonisolated let precision: ProductPrecision
  private let context: ComputeContext
  private var autoencoder: Autoencoder?
  private var denoiser: Denoiser?
  /// Steps that the denoiser was distilled for; `nil` for any.
  public private(set) var distilledSteps: Int?

  /// Prepares an engine; nothing runs yet.
  ///
  /// - Parameters:
  ///   - threadCount: Threads, at least 1; `nil`, or more than there are, for all processors of the
  ///     process.
  ///   - precision: `.float32`, the reference, `.bfloat16`, or on a card `.tensorFloat32`.
  ///   - choice: What is to compute.
  ///   - onShortage: Called with a sentence when less is done at a time because a card's memory is short.
  /// - Throws: ``ModelError`` if there is no such device, it lacks the precision, or no thread is asked for.
  public init(
    threadCount: Int? = nil, precision: ProductPrecision = .float32,
    device choice: DeviceChoice = .automatic,
    onShortage: @escaping @Sendable (String) -> Void = { _ in }
  ) throws {
    if let threadCount, !(1...4096).contains(threadCount) {
      throw ModelError(
        .setting(name: "the number of threads", found: "\(threadCount)", expected: "1 to 4096"))
    }
    // More threads than processors wait for each other at every operation: far slower than fewer.
    self.threadCount = min(threadCount ?? .max, Processor.availableCount)
    self.device = choice.resolved
    self.precision = precision
    let context = ComputeContext(
      try Device.open(self.device, threadCount: self.threadCount, for: precision))
    context.onShortage = onShortage
    self.context = context
  }

  // MARK: Loading

  /// Loads the network of a file in place of the one of its kind that was loaded before.
  ///
  /// - Parameter onProgress: Called with the weights packed and their total; throwing ends the load.
  /// - Throws: ``ModelError`` or ``CheckpointError`` naming the file; ``ModelError`` if the network
  ///   does not fit the other one.
  public func load(
    _ file: NetworkFile,
    onProgress: @escaping @Sendable (_ loaded: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws {
    switch file.kind {
    case .autoencoder:
      if let denoiser { try checkFit(file.geometry, denoiser.configuration.geometry) }
      autoencoder = nil
      context.releaseUnusedMemory()
      autoencoder = try file.loadAutoencoder(
        context, elementType: precision.elementType, onProgress: onProgress)
    case .denoiser:
      if let autoencoder { try checkFit(autoencoder.configuration.geometry, file.geometry) }
      (denoiser, distilledSteps) = (nil, nil)
      context.releaseUnusedMemory()
      denoiser = try file.loadDenoiser(
        context, elementType: precision.elementType, onProgress: onProgress)
      distilledSteps = file.distilledSteps
    }
    context.releaseUnusedMemory()
  }

  private func checkFit(_ autoencoder: PlaneGeometry, _ denoiser: PlaneGeometry) throws {
    guard autoencoder == denoiser else {
      throw ModelError(.unfit(autoencoder: autoencoder, denoiser: denoiser))
    }
  }

  /// Configuration of the loaded autoencoder.
  public var autoencoderConfiguration: AutoencoderConfiguration? { autoencoder?.configuration }
  /// Configuration of the loaded denoiser.
  public var denoiserConfiguration: DenoiserConfiguration? { denoiser?.configuration }

  /// The most that was in use of a card's memory, in bytes; `nil` for the processor.
  public var peakDeviceBytes: Int? { context.peakDeviceBytes }

  // MARK: Single operations

  /// Writes a clip as a latent.
  ///
  /// - Throws: ``ModelError`` if no autoencoder is loaded or the clip has another shape.
  public func encode(_ clip: PixelClip) throws -> Latent {
    guard let autoencoder else { throw ModelError(.notLoaded(.autoencoder)) }
    let configuration = autoencoder.configuration
    guard clip.frames == configuration.frames, clip.side == configuration.resolution else {
      throw ModelError(
        .setting(
          name: "the clip", found: "\(clip.frames) frames of \(clip.side) x \(clip.side)",
          expected: "\(configuration.frames) frames of "
            + "\(configuration.resolution) x \(configuration.resolution)"))
    }
    return try autoencoder.encode(clip, context)
  }

  /// Reads a latent back as frames.
  ///
  /// - Throws: ``ModelError`` if no autoencoder is loaded or the latent has another shape.
  public func decode(_ latent: Latent) throws -> PixelClip {
    guard let autoencoder else { throw ModelError(.notLoaded(.autoencoder)) }
    try check([latent], autoencoder.configuration.geometry)
    return try autoencoder.decode(latent, context)
  }

  /// One forward pass of the denoiser for each latent.
  ///
  /// - Parameters:
  ///   - latents: Noisy latents.
  ///   - conditions: The previous clip of each, or `nil`.
  ///   - timestep: In 0 ..< 1000.
  ///   - guidanceScale: Guidance of those with a condition.
  /// - Throws: ``ModelError`` if no denoiser is loaded or a latent has another shape.
  public func predictNoise(
    _ latents: [Latent], conditions: [Latent]?, timestep: Int, guidanceScale: Double = 0
  ) throws -> [Latent] {
    guard let denoiser else { throw ModelError(.notLoaded(.denoiser)) }
    try check(latents + (conditions ?? []), denoiser.configuration.geometry)
    let nothing = [Latent?](repeating: nil, count: latents.count)
    let step = Float(timestep)
    guard let conditions else {
      return try denoiser(latents, conditions: nothing, step: step, context)
    }
    guard denoiser.configuration.isConditional else { throw ModelError(.unconditional) }
    guard Guidance.needsUnconditional(scale: guidanceScale) else {
      return try denoiser(latents, conditions: conditions, step: step, context)
    }
    // Both predictions in one pass: the weights are read once.
    let both = try denoiser(
      latents + latents, conditions: conditions + nothing, step: step, context)
    return zip(both.prefix(latents.count), both.dropFirst(latents.count)).map {
      Guidance.guided(conditional: $0, unconditional: $1, scale: guidanceScale)
    }
  }

  private func check(_ latents: [Latent], _ geometry: PlaneGeometry) throws {
    for latent in latents
    where latent.tokenCount != geometry.tokenCount || latent.channels != PlaneGeometry.channels {
      throw ModelError(
        .latentShape(found: [latent.channels, latent.tokenCount], expected: geometry))
    }
  }

  /// Whether what is made from nothing can come out with its planes exchanged: the denoiser has no plane
  /// codes. `false` where none is loaded.
  public var mayExchangePlanes: Bool { denoiser.map { $0.noCondition == nil } ?? false }

  /// Puts a clip's planes where they belong: of all orders that the denoiser cannot tell apart, the one
  /// whose decoded frames encode to the latent itself. Without an autoencoder it stays as it is.
  ///
  /// An autoencoder gives back what it wrote; what it never wrote, it does not (a trained one of ours: a
  /// mean squared error of 0.01 to 0.18 in the right order, 0.75 to 1.7 in the other).
  ///
  /// - Returns: The latent, and the order that its planes had.
  /// - Throws: ``ModelError`` if the latent has another shape.
  public func putPlanesRight(_ latent: Latent) throws -> (latent: Latent, order: PlaneOrder) {
    guard let autoencoder else { return (latent, .usual) }
    let geometry = autoencoder.configuration.geometry
    try check([latent], geometry)
    var best = (latent: latent, order: PlaneOrder.usual, error: Double.infinity)
    for order in PlaneOrder.indistinguishable(geometry) {
      let candidate = order.putRight(latent, geometry)
      let again = try autoencoder.encode(autoencoder.decode(candidate, context), context)
      let error = again.squaredError(from: candidate)
      if error < best.error { best = (candidate, order, error) }
    }
    return (best.latent, best.order)
  }

  // MARK: Generation

  /// Makes a video clip by clip.
  ///
  /// The engine never waits for whoever reads the events. The sequence ends with the last clip, or
  /// early when it is asked to through `stop`; ending the reading, or its task, ends the run after the
  /// step in progress.
  ///
  /// - Parameters:
  ///   - request: What to make.
  ///   - state: Where to begin: what to continue, or a run that was interrupted.
  ///   - originals: The clips to begin with where samplers leave out steps, in the run's order, the same
  ///     for every sample; as many as the run has clips.
  ///   - known: What is known of the run's clips, by their numbers from 0, the same for every sample.
  ///   - stop: Ends the run early.
  public nonisolated func generate(
    _ request: GenerationRequest, from state: GenerationState = GenerationState(),
    refining originals: [Latent] = [], knowing known: [Int: KnownFrames] = [:],
    stop: StopSignal = StopSignal()
  ) -> AsyncThrowingStream<GenerationEvent, any Error> {
    AsyncThrowingStream { continuation in
      let task = Task {
        do {
          try await self.run(request, state, originals, known, stop) { continuation.yield($0) }
          continuation.finish()
        } catch {
          continuation.finish(throwing: error)
        }
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }

  private func run(
    _ request: GenerationRequest, _ start: GenerationState, _ originals: [Latent],
    _ known: [Int: KnownFrames], _ stop: StopSignal, _ report: (GenerationEvent) -> Void
  ) async throws {
    try request.validate()
    guard let denoiser else { throw ModelError(.notLoaded(.denoiser)) }
    let configuration = denoiser.configuration
    try StepDistillation.check(distilledSteps, for: request)
    try check(
      (start.condition ?? []) + originals + (start.sampler?.latents ?? []), configuration.geometry)
    let beginsWithSome = [request.firstSampler, request.laterSampler].contains {
      $0.skippedSteps > 0
    }
    guard originals.isEmpty ? !beginsWithSome : originals.count == request.clipCount else {
      throw ModelError(
        .setting(
          name: "the number of clips to begin with", found: "\(originals.count)",
          expected: request.clipCount.map { "\($0), as many as are made" } ?? "a number of clips"))
    }
    if let count = start.condition?.count, count != request.sampleCount {
      throw ModelError(
        .savedRun(reason: "it has \(count) samples, the request \(request.sampleCount)"))
    }
    if !known.isEmpty || request.closingFrames > 0 { try check(known, of: request, start) }
    let continues = start.condition != nil || (request.clipCount ?? 2) > 1
    if continues && !configuration.isConditional { throw ModelError(.unconditional) }

    var state = start
    while state.finishedClips < request.clipCount ?? .max {
      let original = originals.isEmpty ? nil : originals[state.finishedClips]
      try await makeClip(request, &state, original, known, configuration.geometry, stop, report)
      if stop.moment >= .afterClip { return }
    }
  }

  private func makeClip(
    _ request: GenerationRequest, _ state: inout GenerationState, _ original: Latent?,
    _ known: [Int: KnownFrames], _ geometry: PlaneGeometry, _ stop: StopSignal,
    _ report: (GenerationEvent) -> Void
  ) async throws {
    let clock = ContinuousClock()
    let clipStart = clock.now
    let clip = state.finishedClips
    let sampler = try Sampler(
      configuration: state.condition == nil ? request.firstSampler : request.laterSampler)
    let seeds = request.seeds(ofClip: clip)
    var run: SamplerState
    if let saved = state.sampler {
      run = saved
    } else {
      run = try sampler.initialState(
        seeds: seeds, tokenCount: geometry.tokenCount,
        variations: request.variations(ofClip: clip))
      if let original {
        run = try sampler.noised(run, from: Array(repeating: original, count: seeds.count))
      }
    }
    let direction = try direction(ofClip: clip, known, request, state)
    report(
      .clipStarted(
        ClipStart(
          clip: clip, finishedSteps: run.stepIndex, stepCount: sampler.configuration.stepsTaken,
          seeds: seeds, isContinuation: state.condition != nil)))
    while let timestep = sampler.nextTimestep(of: run) {
      try Task.checkCancellation()
      if stop.moment == .afterStep { return }
      let start = clock.now
      var noise = try predictNoise(
        run.latents, conditions: state.condition, timestep: timestep,
        guidanceScale: request.guides(step: run.stepIndex) ? request.guidanceScale : 0)
      if let direction, direction.directs(step: run.stepIndex, of: sampler.configuration.stepsTaken)
      {
        noise = try sampler.redirected(noise, of: run) { sample, estimate in
          try encode(direction.directing(decode(estimate), sample: sample))
        }
      }
      let step = try sampler.step(run, noisePredictions: noise)
      run = step.state
      state.sampler = run
      report(
        .step(
          GenerationStep(
            clip: clip, finishedSteps: run.stepIndex, stepCount: step.stepCount,
            timestep: timestep, cleanEstimates: step.cleanEstimates,
            seconds: (clock.now - start).inSeconds, state: state)))
      // Lets requests that wait, such as a preview's decoding, go first.
      await Task.yield()
    }
    // A clip that something was known of has its planes where that had them.
    let mayBeExchanged =
      request.ordersPlanes && state.condition == nil && sampler.configuration.skippedSteps == 0
      && direction == nil
    let ordered = try run.latents.map { latent in
      mayBeExchanged && mayExchangePlanes
        ? try putPlanesRight(latent) : (latent: latent, order: PlaneOrder.usual)
    }
    let latents = ordered.map(\.latent)
    state.finishedClips += 1
    state.sampler = nil
    if clip == 0 { state.opening = latents }
    state.condition =
      request.reencodesCondition ? try latents.map { try encode(decode($0)) } : latents
    report(
      .clipFinished(
        FinishedClip(
          clip: clip, latents: latents, planeOrders: ordered.map(\.order),
          seconds: (clock.now - clipStart).inSeconds, state: state)))
  }
}
