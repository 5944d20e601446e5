/// The settings of one sampling run, as they are stored and shown.
public struct SamplerConfiguration: Sendable, Hashable, Codable {
  /// Which solver takes the steps.
  public var method: SolverMethod
  /// Number of steps n, each one evaluation of the network; in `1...T`. DDPM needs n = T.
  public var steps: Int
  /// How the n timesteps are chosen.
  public var spacing: TimestepSpacing
  /// Share of fresh noise in a DDIM step, in `0...1`: 0 is deterministic, 1 (the original's
  /// default) as noisy as DDPM. Other solvers ignore it.
  public var eta: Double
  /// Whether the estimate of the clean latent is clamped to [-1, 1], as the original does.
  public var clampsPrediction: Bool
  /// Whether a DDIM step goes on with the noise that follows from the clamped estimate. The original goes
  /// on with the network's; without fresh noise (`eta` 0) that costs contrast over many steps. Other
  /// solvers read the estimate alone and ignore it.
  public var recomputesNoise: Bool
  /// Steps that are left out at the noisy end, in `0...steps`: the run begins with something that is
  /// known, noised to where the first step that is left starts, as SDEdit does (Meng et al., ICLR 2022).
  public var skippedSteps: Int

  /// Steps that are taken.
  public var stepsTaken: Int { steps - skippedSteps }

  /// Collects settings without judging them; see `validate(for:)`.
  ///
  /// - Parameters:
  ///   - method: the solver.
  ///   - steps: number of steps.
  ///   - spacing: choice of timesteps; nil takes the solver's default.
  ///   - eta: noise share for DDIM.
  ///   - clampsPrediction: clamp the clean estimate to [-1, 1].
  ///   - recomputesNoise: go on with the noise that follows from the clamped estimate.
  ///   - skippedSteps: steps left out at the noisy end.
  public init(
    method: SolverMethod = .ddim,
    steps: Int = 100,
    spacing: TimestepSpacing? = nil,
    eta: Double = 1,
    clampsPrediction: Bool = true,
    recomputesNoise: Bool = false,
    skippedSteps: Int = 0
  ) {
    self.method = method
    self.steps = steps
    self.spacing = spacing ?? method.defaultSpacing
    self.eta = eta
    self.clampsPrediction = clampsPrediction
    self.recomputesNoise = recomputesNoise
    self.skippedSteps = skippedSteps
  }

  /// The same sampler, begun at a strength: that share of its steps is taken, at least one of them
  /// unless it is 0.
  ///
  /// - Parameter strength: 0 (nothing changes) to 1 (every step, from noise alone).
  public func begun(at strength: Double) -> SamplerConfiguration {
    precondition((0...1).contains(strength), "a strength is a share")
    var result = self
    let taken = (strength * Double(steps)).rounded()
    result.skippedSteps = strength > 0 ? steps - max(Int(taken), 1) : steps
    return result
  }

  /// Checks that a run with these settings is possible.
  ///
  /// - Parameter schedule: the noise schedule of the run.
  /// - Throws: `SamplingError` naming the setting, what was found and its limit.
  public func validate(for schedule: DiffusionSchedule = .published) throws(SamplingError) {
    guard (1...schedule.stepCount).contains(steps) else {
      throw .stepCountOutOfRange(found: steps, limit: schedule.stepCount)
    }
    guard !method.takesEveryStep || steps == schedule.stepCount else {
      throw .ancestralNeedsEveryStep(found: steps, schedule: schedule.stepCount)
    }
    // A NaN is in no range, and above 1 the noise of a step could exceed its variance.
    guard (0...1).contains(eta) else { throw .etaOutOfRange(eta) }
    guard (0...steps).contains(skippedSteps) else {
      throw .skippedStepsOutOfRange(found: skippedSteps, limit: steps)
    }
  }

  /// The solver that these settings stand for under a schedule.
  func makeSolver(for schedule: DiffusionSchedule) -> any Solver {
    method.traits.make(self, schedule)
  }
}

extension SamplerConfiguration {
  private enum CodingKeys: String, CodingKey {
    case method, steps, spacing, eta, clampsPrediction, recomputesNoise, skippedSteps
  }

  /// Reads settings. Those of older versions do not speak of the noise, which was not recomputed, nor of
  /// steps left out, of which there were none.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      method: try container.decode(SolverMethod.self, forKey: .method),
      steps: try container.decode(Int.self, forKey: .steps),
      spacing: try container.decode(TimestepSpacing.self, forKey: .spacing),
      eta: try container.decode(Double.self, forKey: .eta),
      clampsPrediction: try container.decode(Bool.self, forKey: .clampsPrediction),
      recomputesNoise: try container.decodeIfPresent(Bool.self, forKey: .recomputesNoise) ?? false,
      skippedSteps: try container.decodeIfPresent(Int.self, forKey: .skippedSteps) ?? 0)
  }

  /// Writes settings: the same as older versions where they could have been theirs, so that what is
  /// known by its settings keeps its name.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(method, forKey: .method)
    try container.encode(steps, forKey: .steps)
    try container.encode(spacing, forKey: .spacing)
    try container.encode(eta, forKey: .eta)
    try container.encode(clampsPrediction, forKey: .clampsPrediction)
    if recomputesNoise { try container.encode(true, forKey: .recomputesNoise) }
    if skippedSteps != 0 { try container.encode(skippedSteps, forKey: .skippedSteps) }
  }
}
