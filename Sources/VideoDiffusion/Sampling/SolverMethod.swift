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

  /// The spacing that suits the solver: PVDM's own for the solvers that PVDM has, and one that
  /// reaches the schedule's lowest noise for the others, whose last step to clean data is of first
  /// order and should be short.
  public var defaultSpacing: TimestepSpacing {
    switch self {
    case .ddpm, .ddim: .published
    case .dpmSolverPlusPlus2M, .dpmSolverPlusPlus2MStochastic, .uniPC: .karras
    }
  }

  /// Whether `SamplerConfiguration.eta` changes what the solver does, and whether it takes the network's
  /// noise by itself, so that `SamplerConfiguration.recomputesNoise` does.
  public var usesEta: Bool { self == .ddim }
}
