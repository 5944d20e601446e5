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

  /// Collects settings without judging them; see `validate(for:)`.
  ///
  /// - Parameters:
  ///   - method: the solver.
  ///   - steps: number of steps.
  ///   - spacing: choice of timesteps; nil takes the solver's default.
  ///   - eta: noise share for DDIM.
  ///   - clampsPrediction: clamp the clean estimate to [-1, 1].
  public init(
    method: SolverMethod = .ddim,
    steps: Int = 100,
    spacing: TimestepSpacing? = nil,
    eta: Double = 1,
    clampsPrediction: Bool = true
  ) {
    self.method = method
    self.steps = steps
    self.spacing = spacing ?? method.defaultSpacing
    self.eta = eta
    self.clampsPrediction = clampsPrediction
  }

  /// Checks that a run with these settings is possible.
  ///
  /// - Parameter schedule: the noise schedule of the run.
  /// - Throws: `SamplingError` naming the setting, what was found and its limit.
  public func validate(for schedule: DiffusionSchedule = .published) throws(SamplingError) {
    guard (1...schedule.stepCount).contains(steps) else {
      throw .stepCountOutOfRange(found: steps, limit: schedule.stepCount)
    }
    guard method != .ddpm || steps == schedule.stepCount else {
      throw .ancestralNeedsEveryStep(found: steps, schedule: schedule.stepCount)
    }
    // A NaN is in no range, and above 1 the noise of a step could exceed its variance.
    guard (0...1).contains(eta) else { throw .etaOutOfRange(eta) }
  }

  /// The solver that these settings stand for under a schedule.
  ///
  /// As in the original, DDIM with every step of the schedule is DDPM, whatever eta is.
  func makeSolver(for schedule: DiffusionSchedule) -> any Solver {
    switch method {
    case .ddim where steps < schedule.stepCount: ImplicitSolver(eta: eta)
    case .ddpm, .ddim: AncestralSolver()
    case .dpmSolverPlusPlus2M: MultistepSolver(isStochastic: false)
    case .dpmSolverPlusPlus2MStochastic: MultistepSolver(isStochastic: true)
    case .uniPC: UnifiedSolver()
    }
  }
}
