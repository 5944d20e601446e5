import Foundation

/// DPM-Solver++ (2M): a second-order multistep exponential integrator of the diffusion ODE in its
/// data prediction, and its stochastic form for the diffusion SDE.
///
/// Source: Lu, Zhou, Bao, Chen, Li, Zhu, "DPM-Solver++: Fast Solver for Guided Sampling of
/// Diffusion Probabilistic Models" (arXiv 2211.01095): Algorithm 2 for the ODE, SDE-DPM-Solver++(2M)
/// for the SDE. The first step has one estimate only and is of first order; so is the last, which
/// has infinite length in lambda and gives the data estimate.
public struct DPMSolverPP: Solver {
  /// Whether the SDE is solved (one normal draw a step but for the last) instead of the ODE.
  public let isStochastic: Bool
  public let cleanHistoryLength = 1
  public let keepsPreviousLatent = false

  /// A DPM-Solver++ (2M).
  ///
  /// - Parameter isStochastic: solve the SDE instead of the ODE.
  public init(isStochastic: Bool) {
    self.isStochastic = isStochastic
  }

  public func drawsNoise(in transition: SamplerTransition) -> Bool {
    isStochastic && !transition.isLast
  }

  public func advance(
    _ input: SolverInput, through transition: SamplerTransition, schedule: DiffusionSchedule
  ) -> SolverOutput {
    guard !transition.isLast else {
      return SolverOutput(next: input.cleanEstimate, corrected: input.latent)
    }
    let current = schedule.noiseLevel(at: transition.timestep)
    let target = schedule.noiseLevel(at: transition.nextTimestep)
    let stride = target.halfLogSignalToNoise - current.halfLogSignalToNoise

    // Noise that the SDE forgets shrinks the old sample's weight by a further e^-h.
    let decay = isStochastic ? exp(-stride) : 1
    let sampleWeight = target.noise / current.noise * decay
    let cleanWeight = -target.signal * expm1(isStochastic ? -2 * stride : -stride)

    var newest = cleanWeight
    var older = 0.0
    var olderEstimate = input.cleanEstimate
    if let previous = input.history.cleanEstimates.first {
      let previousLevel = schedule.noiseLevel(at: transition.timestep(before: 1))
      let previousStride = current.halfLogSignalToNoise - previousLevel.halfLogSignalToNoise
      // 1 / (2 r) of the paper, with r the ratio of the previous stride to this one.
      let extrapolation = stride / (2 * previousStride)
      newest = cleanWeight * (1 + extrapolation)
      older = -cleanWeight * extrapolation
      olderEstimate = previous.values
    }
    let noiseWeight = isStochastic ? target.noise * (-expm1(-2 * stride)).squareRoot() : 0
    let next =
      if isStochastic {
        weightedSum(
          (sampleWeight, input.latent), (newest, input.cleanEstimate), (older, olderEstimate),
          (noiseWeight, input.noise))
      } else {
        weightedSum(
          (sampleWeight, input.latent), (newest, input.cleanEstimate), (older, olderEstimate))
      }
    return SolverOutput(next: next, corrected: input.latent)
  }
}

extension SolverTraits {
  static let dpmSolverPlusPlus2M = SolverTraits(
    title: "DPM-Solver++ 2M", order: 2, defaultSpacing: .karras
  ) { _, _ in DPMSolverPP(isStochastic: false) }

  static let dpmSolverPlusPlus2MStochastic = SolverTraits(
    title: "DPM-Solver++ 2M SDE", order: 2, defaultSpacing: .karras
  ) { _, _ in DPMSolverPP(isStochastic: true) }
}
