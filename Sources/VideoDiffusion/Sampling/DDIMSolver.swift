/// DDIM: non-Markovian steps over any part of the schedule, with an adjustable share of noise.
///
/// Source: Song, Meng, Ermon, "Denoising Diffusion Implicit Models" (ICLR 2021), Eq. 12 with the
/// sigma of Eq. 16. As in PVDM's sampler, the noise direction is the network's own prediction,
/// not recomputed after the data estimate is clamped, unless it is asked for; one draw is made for every
/// step but the last even when eta is 0; and the last step gives the data estimate itself.
public struct DDIMSolver: Solver {
  /// Share of fresh noise, in `0...1`.
  public let eta: Double
  /// Whether the noise that goes on is what the sample holds beside the clamped estimate. With the
  /// network's own the two no longer add up to the sample: what was clamped away is missing from the
  /// next one, and over many steps without fresh noise the contrast falls.
  public let recomputesNoise: Bool
  public let cleanHistoryLength = 0
  public let keepsPreviousLatent = false

  /// A DDIM solver.
  ///
  /// - Parameters:
  ///   - eta: share of fresh noise, in `0...1`.
  ///   - recomputesNoise: take the noise that follows from the clamped estimate.
  public init(eta: Double, recomputesNoise: Bool = false) {
    self.eta = eta
    self.recomputesNoise = recomputesNoise
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
    let noiseScale = ((1 - alpha / nextAlpha) * (1 - nextAlpha) / (1 - alpha)).squareRoot()
    let sigma = Float(eta) * noiseScale
    let direction = (1 - nextAlpha - sigma * sigma).squareRoot()
    let signal = nextAlpha.squareRoot()
    let noise =
      recomputesNoise
      ? self.noise(in: input, at: transition.timestep, schedule) : input.noisePrediction
    let next =
      if sigma == 0 {
        weightedSum((Double(signal), input.cleanEstimate), (Double(direction), noise))
      } else {
        weightedSum(
          (Double(signal), input.cleanEstimate), (Double(direction), noise),
          (Double(sigma), input.noise))
      }
    return SolverOutput(next: next, corrected: input.latent)
  }

  /// The noise in a sample beside its clean estimate: the forward process (Ho et al. 2020, Eq. 4) solved
  /// for it.
  private func noise(
    in input: SolverInput, at timestep: Int, _ schedule: DiffusionSchedule
  ) -> [Float] {
    let scale = 1 / Double(schedule.squareRootOneMinusAlphasCumulative[timestep])
    let signal = Double(schedule.squareRootAlphasCumulative[timestep])
    return weightedSum((scale, input.latent), (-signal * scale, input.cleanEstimate))
  }
}

extension SolverTraits {
  /// As in the original, DDIM with every step of the schedule is DDPM, whatever eta is.
  static let ddim = SolverTraits(
    title: "DDIM", order: 1, defaultSpacing: .published, usesEta: true
  ) { settings, schedule in
    if settings.steps < schedule.stepCount {
      DDIMSolver(eta: settings.eta, recomputesNoise: settings.recomputesNoise)
    } else {
      DDPMSolver()
    }
  }
}
