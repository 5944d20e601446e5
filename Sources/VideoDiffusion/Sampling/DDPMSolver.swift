import Foundation

/// DDPM: every step of the schedule, each a draw from the posterior q(x_{t-1} | x_t, x_0).
///
/// Source: Ho, Jain, Abbeel, "Denoising Diffusion Probabilistic Models" (NeurIPS 2020),
/// Algorithm 2 with the posterior of Eq. 6 and 7 around the (clamped) data estimate. Noise is also
/// drawn at t = 0, where it is not used, so that the generator ends where the original's does.
public struct DDPMSolver: Solver {
  public let cleanHistoryLength = 0
  public let keepsPreviousLatent = false

  /// A DDPM solver.
  public init() {}

  public func drawsNoise(in transition: SamplerTransition) -> Bool { true }

  public func advance(
    _ input: SolverInput, through transition: SamplerTransition, schedule: DiffusionSchedule
  ) -> SolverOutput {
    let timestep = transition.timestep
    // The tables are float32 and so is every operation on them in the original.
    let clean = Double(schedule.posteriorMeanCleanCoefficients[timestep])
    let noisy = Double(schedule.posteriorMeanNoisyCoefficients[timestep])
    let next =
      if timestep == 0 {
        weightedSum((clean, input.cleanEstimate), (noisy, input.latent))
      } else {
        weightedSum(
          (clean, input.cleanEstimate), (noisy, input.latent),
          (Double(exp(0.5 * schedule.posteriorLogVariancesClipped[timestep])), input.noise))
      }
    return SolverOutput(next: next, corrected: input.latent)
  }
}

extension SolverTraits {
  /// The settings change nothing of it.
  static let ddpm = SolverTraits(
    title: "DDPM", order: 1, defaultSpacing: .published, takesEveryStep: true
  ) { _, _ in DDPMSolver() }
}
