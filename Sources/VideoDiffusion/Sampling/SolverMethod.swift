/// The solvers by name: the text is what commands, settings and saved states use.
public enum SolverMethod: String, Sendable, Hashable, Codable, CaseIterable {
  /// Ancestral sampling over every step of the schedule (Ho et al. 2020).
  case ddpm
  /// Denoising diffusion implicit models, with eta (Song et al. 2021).
  case ddim
  /// DPM-Solver++, second-order multistep (Lu et al. 2022).
  case dpmSolverPlusPlus2M = "dpmpp-2m"
  /// The stochastic form of DPM-Solver++ 2M (Lu et al. 2022).
  case dpmSolverPlusPlus2MStochastic = "dpmpp-2m-sde"
  /// UniPC of order 2 with its corrector (Zhao et al. 2023).
  case uniPC = "unipc"
  /// The few steps that a denoiser was distilled for (Salimans and Ho 2022).
  case distilled

  /// What tells the solver from the others, which stands in the file of its arithmetic.
  var traits: SolverTraits {
    switch self {
    case .ddpm: .ddpm
    case .ddim: .ddim
    case .dpmSolverPlusPlus2M: .dpmSolverPlusPlus2M
    case .dpmSolverPlusPlus2MStochastic: .dpmSolverPlusPlus2MStochastic
    case .uniPC: .uniPC
    case .distilled: .distilled
    }
  }

  /// What people call the solver.
  public var title: String { traits.title }

  /// The order of its steps: with how high a power of their length the error falls.
  public var order: Int { traits.order }

  /// The spacing that suits the solver: PVDM's own for the solvers that PVDM has, and one that
  /// reaches the schedule's lowest noise for the others, whose last step to clean data is of first
  /// order and should be short.
  public var defaultSpacing: TimestepSpacing { traits.defaultSpacing }

  /// Whether the solver takes every step of the schedule, so that their number is no choice.
  public var takesEveryStep: Bool { traits.takesEveryStep }

  /// Whether `SamplerConfiguration.eta` changes what the solver does, and whether it takes the network's
  /// noise by itself, so that `SamplerConfiguration.recomputesNoise` does.
  public var usesEta: Bool { traits.usesEta }
}

/// What tells a solver from the others, beside its arithmetic.
struct SolverTraits: Sendable {
  /// See ``SolverMethod``.
  let title: String
  let order: Int
  let defaultSpacing: TimestepSpacing
  var takesEveryStep = false
  var usesEta = false
  /// The solver for the settings of a run under a schedule.
  let make: @Sendable (SamplerConfiguration, DiffusionSchedule) -> any Solver
}
