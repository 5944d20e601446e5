/// DDIM: non-Markovian steps over any part of the schedule, with an adjustable share of noise.
///
/// Source: Song, Meng, Ermon, "Denoising Diffusion Implicit Models" (ICLR 2021), Eq. 12 with the
/// sigma of Eq. 16. As in PVDM's sampler, the noise direction is the network's own prediction,
/// not recomputed after the data estimate is clamped; one draw is made for every step but the last
/// even when eta is 0; and the last step gives the data estimate itself.
public struct ImplicitSolver: Solver {
  /// Share of fresh noise, in `0...1`.
  public let eta: Double
  public let cleanHistoryLength = 0
  public let keepsPreviousLatent = false

  /// A DDIM solver.
  ///
  /// - Parameter eta: share of fresh noise, in `0...1`.
  public init(eta: Double) {
    self.eta = eta
  }

  public func drawsNoise(in transition: SamplerTransition) -> Bool { !transition.isLast }

  public func advance(
    _ input: SolverInput, through transition: SamplerTransition, schedule: DiffusionSchedule
  ) -> SolverOutput {
    guard !transition.isLast else {
      return SolverOutput(next: input.cleanEstimate, corrected: input.latent)
    }
    // Float32 throughout, in the original's order of operations.
    let alpha = schedule.alphasCumulative[transition.timestep]
    let nextAlpha = schedule.alphasCumulative[transition.nextTimestep]
    let share = ((1 - alpha / nextAlpha) * (1 - nextAlpha) / (1 - alpha)).squareRoot()
    let sigma = Float(eta) * share
    let direction = (1 - nextAlpha - sigma * sigma).squareRoot()
    let signal = nextAlpha.squareRoot()
    let next =
      if sigma == 0 {
        weightedSum(
          (Double(signal), input.cleanEstimate), (Double(direction), input.noisePrediction))
      } else {
        weightedSum(
          (Double(signal), input.cleanEstimate), (Double(direction), input.noisePrediction),
          (Double(sigma), input.noise))
      }
    return SolverOutput(next: next, corrected: input.latent)
  }
}
