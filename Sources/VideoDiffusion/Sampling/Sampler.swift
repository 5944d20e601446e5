import TensorCore

/// What one step of a run gave.
public struct SamplerStep: Sendable, Hashable {
  /// The run after the step.
  public let state: SamplerState
  /// Each sample's estimate of the clean latent, clamped if the run clamps: for previews.
  public let cleanEstimates: [Latent]
  /// The timestep that the step started from.
  public let timestep: Int
  /// Which step it was, in `0..<stepCount`.
  public let index: Int
  /// Steps of the whole run.
  public let stepCount: Int
}

/// Turns noise into latents, one value-in, value-out step at a time.
///
/// The caller owns the loop and the network:
///
///     var state = try sampler.initialState(seed: 7, tokenCount: 2048)
///     while let timestep = sampler.nextTimestep(of: state) {
///       let predictions = network(state.latents, timestep)
///       state = try sampler.step(state, noisePredictions: predictions).state
///     }
///
/// Samples never influence one another: each has its own generator and history.
public struct Sampler: Sendable {
  /// The settings.
  public let configuration: SamplerConfiguration
  /// The noise schedule.
  public let schedule: DiffusionSchedule
  /// The timesteps of a run, noisiest first, then `DiffusionSchedule.cleanTimestep`: one value more
  /// than steps are taken.
  public let timesteps: [Int]
  private let solver: any Solver

  /// Prepares a run.
  ///
  /// - Parameters:
  ///   - configuration: the settings.
  ///   - schedule: the noise schedule that the network was trained with.
  /// - Throws: `SamplingError` when the settings are out of range for the schedule.
  public init(
    configuration: SamplerConfiguration, schedule: DiffusionSchedule = .published
  ) throws(SamplingError) {
    try configuration.validate(for: schedule)
    let timesteps = try configuration.spacing.timesteps(
      stepCount: configuration.steps, schedule: schedule)
    self.init(configuration, Array(timesteps.dropFirst(configuration.skippedSteps)), schedule)
  }

  /// Prepares a run over a part of the schedule.
  ///
  /// - Parameters:
  ///   - method: the solver.
  ///   - timesteps: strictly decreasing, at least two, in `cleanTimestep..<stepCount`; the run ends at the
  ///     last.
  ///   - schedule: the noise schedule that the network was trained with.
  /// - Throws: `SamplingError` when there are fewer.
  package init(
    method: SolverMethod, timesteps: [Int], schedule: DiffusionSchedule = .published
  ) throws(SamplingError) {
    let configuration = SamplerConfiguration(method: method, steps: timesteps.count - 1)
    try configuration.validate(for: schedule)
    self.init(configuration, timesteps, schedule)
  }

  private init(
    _ configuration: SamplerConfiguration, _ timesteps: [Int], _ schedule: DiffusionSchedule
  ) {
    self.configuration = configuration
    self.schedule = schedule
    self.timesteps = timesteps
    solver = configuration.makeSolver(for: schedule)
  }

  /// The start of a run: pure noise, each sample's being the first draw of its own generator.
  ///
  /// - Parameters:
  ///   - seeds: seed of each sample; at least one.
  ///   - channels: channels C of a latent.
  ///   - tokenCount: tokens N of a latent, at least 1.
  ///   - variations: for each sample what its noise is turned towards; nil for none.
  /// - Throws: `SamplingError.emptyBatch`, `SamplingError.sampleCountMismatch`.
  public func initialState(
    seeds: [UInt64], channels: Int = Latent.standardChannels, tokenCount: Int,
    variations: [NoiseVariation]? = nil
  ) throws(SamplingError) -> SamplerState {
    guard !seeds.isEmpty, channels > 0, tokenCount > 0 else {
      throw .emptyBatch(samples: seeds.count, tokens: tokenCount)
    }
    if let variations, variations.count != seeds.count {
      throw .sampleCountMismatch(expected: seeds.count, found: variations.count)
    }
    let samples = seeds.enumerated().map { sample, seed in
      var generator = TorchGenerator(seed: seed)
      var noise = generator.normals(count: channels * tokenCount)
      if let variation = variations?[sample], variation.share > 0 {
        var other = TorchGenerator(seed: variation.seed)
        noise = NoiseVariation.between(
          noise, other.normals(count: noise.count), share: variation.share)
      }
      return SampleState(
        latent: Latent(values: noise, channels: channels, tokenCount: tokenCount),
        history: SolverHistory(), generator: generator)
    }
    return SamplerState(configuration: configuration, stepIndex: 0, samples: samples)
  }

  /// The start of a run whose sample b has the seed `seed + b`.
  ///
  /// - Parameters:
  ///   - seed: seed of sample 0.
  ///   - sampleCount: samples B of the batch, at least 1.
  ///   - channels: channels C of a latent.
  ///   - tokenCount: tokens N of a latent, at least 1.
  /// - Throws: `SamplingError.emptyBatch`.
  public func initialState(
    seed: UInt64, sampleCount: Int = 1, channels: Int = Latent.standardChannels, tokenCount: Int
  ) throws(SamplingError) -> SamplerState {
    try initialState(
      seeds: (0..<max(0, sampleCount)).map { ClipSeed.seed(seed, sample: $0) },
      channels: channels, tokenCount: tokenCount)
  }

  /// The start of a run from noise that the caller chose.
  ///
  /// - Parameters:
  ///   - latents: x_T of each sample, all of one shape.
  ///   - generators: where each sample's later noise comes from; as many as latents.
  /// - Throws: `SamplingError` when the batch is empty, the counts differ or the shapes do.
  public func initialState(
    latents: [Latent], generators: [TorchGenerator]
  ) throws(SamplingError) -> SamplerState {
    guard let shape = latents.first else { throw .emptyBatch(samples: 0, tokens: 0) }
    guard latents.count == generators.count else {
      throw .sampleCountMismatch(expected: latents.count, found: generators.count)
    }
    for (sample, latent) in latents.enumerated() where !latent.hasShape(of: shape) {
      throw .shapeMismatch(
        sample: sample, expectedValues: shape.values.count, foundValues: latent.values.count)
    }
    let samples = zip(latents, generators).map { latent, generator in
      SampleState(latent: latent, history: SolverHistory(), generator: generator)
    }
    return SamplerState(configuration: configuration, stepIndex: 0, samples: samples)
  }

  /// The start of a run that leaves out steps: what is known, with the noise of a start that leaves out
  /// none added to it as far as the first step that is left expects it.
  ///
  /// - Parameters:
  ///   - start: the start of a run, pure noise.
  ///   - originals: for each sample the latent to begin with.
  /// - Returns: `start` itself if no steps are left out, the originals if none are left.
  /// - Throws: `SamplingError` when the counts or shapes differ.
  public func noised(
    _ start: consuming SamplerState, from originals: [Latent]
  ) throws(SamplingError) -> SamplerState {
    guard originals.count == start.samples.count else {
      throw .sampleCountMismatch(expected: start.samples.count, found: originals.count)
    }
    guard configuration.skippedSteps > 0 else { return start }
    for (sample, original) in originals.enumerated() {
      let noise = start.samples[sample].latent
      guard original.hasShape(of: noise) else {
        throw .shapeMismatch(
          sample: sample, expectedValues: noise.values.count, foundValues: original.values.count)
      }
      guard let timestep = nextTimestep(of: start) else {
        start.samples[sample].latent = original
        continue
      }
      start.samples[sample].latent.values = weightedSum(
        (Double(schedule.squareRootAlphasCumulative[timestep]), original.values),
        (Double(schedule.squareRootOneMinusAlphasCumulative[timestep]), noise.values))
    }
    return start
  }

  /// The timestep to ask the network about next; nil when the run has finished.
  public func nextTimestep(of state: SamplerState) -> Int? {
    state.stepIndex < configuration.stepsTaken ? timesteps[state.stepIndex] : nil
  }

  /// Takes one step.
  ///
  /// - Parameters:
  ///   - state: the run so far, of this sampler's settings.
  ///   - noisePredictions: the network's eps for each of the state's latents at
  ///     `nextTimestep(of:)`, guidance applied.
  /// - Throws: `SamplingError` when the run has finished, the state is not this sampler's, or the
  ///   predictions do not fit it or are not finite.
  public func step(
    _ state: consuming SamplerState, noisePredictions: [Latent]
  ) throws(SamplingError) -> SamplerStep {
    try check(state, noisePredictions: noisePredictions)
    let index = state.stepIndex
    let transition = SamplerTransition(timesteps: timesteps, index: index)
    let drawsNoise = solver.drawsNoise(in: transition)
    var cleanEstimates: [Latent] = []
    cleanEstimates.reserveCapacity(noisePredictions.count)

    for (sample, prediction) in noisePredictions.enumerated() {
      let latent = state.samples[sample].latent
      let estimate = cleanEstimate(
        latent.values, noisePrediction: prediction.values, timestep: transition.timestep)
      let noise =
        drawsNoise ? state.samples[sample].generator.normals(count: latent.values.count) : []
      let output = solver.advance(
        SolverInput(
          latent: latent.values, noisePrediction: prediction.values, cleanEstimate: estimate,
          history: state.samples[sample].history, noise: noise),
        through: transition, schedule: schedule)
      cleanEstimates.append(latent.with(values: estimate))
      state.samples[sample].latent.values = output.next
      remember(
        latent.with(values: output.corrected), cleanEstimates[sample],
        in: &state.samples[sample].history)
    }
    state.stepIndex = index + 1
    return SamplerStep(
      state: state, cleanEstimates: cleanEstimates, timestep: transition.timestep, index: index,
      stepCount: configuration.stepsTaken)
  }

  /// The noise predictions that stand for other estimates of the clean latents: a step that is taken with
  /// them goes on from those estimates.
  ///
  /// - Parameters:
  ///   - noisePredictions: the network's eps for each of the state's latents at `nextTimestep(of:)`.
  ///   - state: the run so far, which has not finished.
  ///   - change: called with each sample's number and clean estimate; returns another of its shape.
  /// - Throws: What `change` throws, and `SamplingError` when the state or the predictions do not fit.
  public func redirected(
    _ noisePredictions: [Latent], of state: SamplerState,
    through change: (_ sample: Int, _ cleanEstimate: Latent) throws -> Latent
  ) throws -> [Latent] {
    try check(state, noisePredictions: noisePredictions)
    let timestep = timesteps[state.stepIndex]
    let signal = Double(schedule.squareRootAlphasCumulative[timestep])
    let noise = Double(schedule.squareRootOneMinusAlphasCumulative[timestep])
    return try noisePredictions.enumerated().map { sample, prediction in
      let latent = state.samples[sample].latent
      let estimate = latent.with(
        values: cleanEstimate(
          latent.values, noisePrediction: prediction.values, timestep: timestep))
      let changed = try change(sample, estimate)
      guard changed.hasShape(of: latent) else {
        throw SamplingError.shapeMismatch(
          sample: sample, expectedValues: latent.values.count,
          foundValues: changed.values.count)
      }
      // x = sqrt(a) x0 + sqrt(1 - a) eps, solved for the noise.
      return latent.with(
        values: weightedSum((1 / noise, latent.values), (-signal / noise, changed.values)))
    }
  }

  /// `sqrt(1/a) x - sqrt(1/a - 1) eps` (Ho et al. 2020, Eq. 4 solved for the data), clamped to
  /// [-1, 1] if the run clamps.
  private func cleanEstimate(
    _ latent: [Float], noisePrediction: [Float], timestep: Int
  ) -> [Float] {
    let noisy = schedule.squareRootReciprocalAlphasCumulative[timestep]
    let noise = schedule.squareRootReciprocalMinusOneAlphasCumulative[timestep]
    let limit = configuration.clampsPrediction ? Float(1) : .infinity
    return [Float](unsafeUninitializedCapacity: latent.count) { estimate, initialized in
      for index in latent.indices {
        let value = noisy * latent[index] - noise * noisePrediction[index]
        estimate.initializeElement(at: index, to: min(max(value, -limit), limit))
      }
      initialized = latent.count
    }
  }

  /// Keeps of this step what the solver will read in later ones, and no more.
  private func remember(
    _ latent: Latent, _ cleanEstimate: Latent, in history: inout SolverHistory
  ) {
    if solver.cleanHistoryLength > 0 {
      if history.cleanEstimates.count == solver.cleanHistoryLength {
        history.cleanEstimates.removeLast()
      }
      history.cleanEstimates.insert(cleanEstimate, at: 0)
    }
    if solver.keepsPreviousLatent { history.previousLatent = latent }
  }

  private func check(
    _ state: borrowing SamplerState, noisePredictions: [Latent]
  ) throws(SamplingError) {
    guard state.configuration == configuration else {
      throw .configurationMismatch(state: state.configuration, sampler: configuration)
    }
    let index = state.stepIndex
    guard index < configuration.stepsTaken else {
      throw .alreadyFinished(steps: configuration.stepsTaken)
    }
    guard state.samples.count == noisePredictions.count else {
      throw .sampleCountMismatch(expected: state.samples.count, found: noisePredictions.count)
    }
    let remembered =
      min(index, solver.cleanHistoryLength) + (solver.keepsPreviousLatent && index > 0 ? 1 : 0)
    for (sample, prediction) in noisePredictions.enumerated() {
      let latent = state.samples[sample].latent
      guard prediction.hasShape(of: latent) else {
        throw .shapeMismatch(
          sample: sample, expectedValues: latent.values.count,
          foundValues: prediction.values.count)
      }
      guard prediction.values.allSatisfy(\.isFinite) else {
        throw .predictionNotFinite(sample: sample, timestep: timesteps[index])
      }
      guard state.samples[sample].history.latentCount == remembered else {
        throw .historyMismatch(
          sample: sample, expected: remembered,
          found: state.samples[sample].history.latentCount)
      }
    }
  }
}
