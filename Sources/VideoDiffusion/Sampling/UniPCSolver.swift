import Foundation

/// UniPC of order 2: a multistep predictor, and a corrector that reuses the network's evaluation.
///
/// Source: Zhao, Bai, Rao, Zhou, Lu, "UniPC: A Unified Predictor-Corrector Framework for Fast
/// Sampling of Diffusion Models" (NeurIPS 2023, arXiv 2302.04867): UniC (Algorithm 1) and UniP
/// (Algorithm 2) in their data-prediction form, with B(h) = e^h - 1 ("bh2"). The evaluation at
/// the predicted x_t first corrects x_t itself, over the step that led there, and then drives the
/// next prediction, so a run of n steps costs n evaluations.
public struct UniPCSolver: Solver {
  public let cleanHistoryLength = 2
  public let keepsPreviousLatent = true

  /// A UniPC solver of order 2.
  public init() {}

  public func drawsNoise(in transition: SamplerTransition) -> Bool { false }

  public func advance(
    _ input: SolverInput, through transition: SamplerTransition, schedule: DiffusionSchedule
  ) -> SolverOutput {
    guard !transition.isLast else {
      // The estimate is the result, and a correction of x_t could no longer change it.
      return SolverOutput(next: input.cleanEstimate, corrected: input.latent)
    }
    let corrected = correct(input, in: transition, schedule: schedule)
    let stride = Stride(
      from: schedule.noiseLevel(at: transition.timestep),
      to: schedule.noiseLevel(at: transition.nextTimestep))
    var newest = stride.cleanWeight
    var older = 0.0
    var olderEstimate = input.cleanEstimate
    if let previous = input.history.cleanEstimates.first {
      // rho_1 = 1/2 solves the second-order condition for every B(h).
      let ratio = stride.ratio(to: schedule.noiseLevel(at: transition.timestep(before: 1)))
      older = stride.cleanWeight * 0.5 / ratio
      newest -= older
      olderEstimate = previous.values
    }
    let next = weightedSum(
      (stride.sampleWeight, corrected), (newest, input.cleanEstimate), (older, olderEstimate))
    return SolverOutput(next: next, corrected: corrected)
  }

  /// UniC: the last step once more, now that the estimate at its end is known.
  private func correct(
    _ input: SolverInput, in transition: SamplerTransition, schedule: DiffusionSchedule
  ) -> [Float] {
    guard let start = input.history.previousLatent?.values,
      let startEstimate = input.history.cleanEstimates.first?.values
    else { return input.latent }
    let stride = Stride(
      from: schedule.noiseLevel(at: transition.timestep(before: 1)),
      to: schedule.noiseLevel(at: transition.timestep))
    let weight = stride.cleanWeight

    guard input.history.cleanEstimates.count > 1 else {
      // Order 1: the mean of the estimates at both ends.
      return weightedSum(
        (stride.sampleWeight, start), (weight * 0.5, startEstimate),
        (weight * 0.5, input.cleanEstimate))
    }
    let ratio = stride.ratio(to: schedule.noiseLevel(at: transition.timestep(before: 2)))
    let (earlier, end) = stride.correctorWeights(ratio: ratio)
    let earlierWeight = weight * earlier / ratio
    let endWeight = weight * end
    return weightedSum(
      (stride.sampleWeight, start), (weight - earlierWeight - endWeight, startEstimate),
      (earlierWeight, input.history.cleanEstimates[1].values), (endWeight, input.cleanEstimate))
  }
}

/// A step in lambda with the weights that the exponential integrator takes from it.
private struct Stride {
  private let start: NoiseLevel
  /// -h of the paper: lambda's change, negated for the data prediction.
  private let negativeLength: Double
  /// Weight of the sample that the step starts from.
  let sampleWeight: Double
  /// Weight of a constant data estimate, alpha_t (1 - e^-h).
  let cleanWeight: Double

  init(from start: NoiseLevel, to target: NoiseLevel) {
    self.start = start
    self.negativeLength = start.halfLogSignalToNoise - target.halfLogSignalToNoise
    self.sampleWeight = target.noise / start.noise
    self.cleanWeight = -target.signal * expm1(negativeLength)
  }

  /// r of the paper: where an earlier level lies, in strides from the start; negative.
  func ratio(to earlier: NoiseLevel) -> Double {
    (start.halfLogSignalToNoise - earlier.halfLogSignalToNoise) / negativeLength
  }

  /// The rho that solve the two order conditions R rho = b of UniC, for nodes at `ratio` and 1.
  func correctorWeights(ratio: Double) -> (earlier: Double, end: Double) {
    let growth = expm1(negativeLength)
    let second = growth / negativeLength - 1
    let third = second / negativeLength - 0.5
    let first = second / growth
    let last = 2 * third / growth
    // R = [[1, 1], [r, 1]], b = [first, last].
    let earlier = (first - last) / (1 - ratio)
    return (earlier, first - earlier)
  }
}

extension SolverTraits {
  static let uniPC = SolverTraits(title: "UniPC", order: 2, defaultSpacing: .karras) { _, _ in
    UniPCSolver()
  }
}
