import Foundation

/// The noise schedule of the diffusion: how much signal and noise every timestep holds.
///
/// `beta = linspace(sqrt(start), sqrt(end), T)^2`, which PVDM's configuration calls "linear" and
/// most other code "scaled linear". All tables are computed in float64 and kept in float32, as the
/// original keeps them, since the samplers read the rounded values.
///
/// Source: Ho, Jain, Abbeel, "Denoising Diffusion Probabilistic Models" (NeurIPS 2020), section 2;
/// the values of beta are PVDM's (Yu et al., CVPR 2023).
public struct DiffusionSchedule: Sendable, Hashable {
  /// Timestep that stands for clean data: one below the schedule's first.
  public static let cleanTimestep = -1
  /// Longest schedule that is accepted.
  public static let maximumStepCount = 100_000

  /// Number of timesteps T; timesteps are `0..<stepCount`, the last being the noisiest.
  public let stepCount: Int
  /// Variance added by each step, `[T]`, each in (0, 1).
  public let betas: [Float]
  /// Share of signal variance left, `[T]`: the running product of `1 - beta`, decreasing.
  public let alphasCumulative: [Float]
  /// Factor of the data in a noised sample, `[T]`: the root of `alphasCumulative` (Eq. 4).
  public let squareRootAlphasCumulative: [Float]
  /// Factor of the noise in a noised sample, `[T]`: the root of `1 - alphasCumulative` (Eq. 4).
  public let squareRootOneMinusAlphasCumulative: [Float]
  /// `sqrt(1 / alphasCumulative)`, `[T]`: factor of x when the data is estimated.
  public let squareRootReciprocalAlphasCumulative: [Float]
  /// `sqrt(1 / alphasCumulative - 1)`, `[T]`: factor of eps when the data is estimated.
  public let squareRootReciprocalMinusOneAlphasCumulative: [Float]
  /// Factor of the data estimate in the posterior's mean, `[T]` (Eq. 7).
  public let posteriorMeanCleanCoefficients: [Float]
  /// Factor of the noisy sample in the posterior's mean, `[T]` (Eq. 7).
  public let posteriorMeanNoisyCoefficients: [Float]
  /// Logarithm of the posterior's variance, `[T]`, clipped at log(1e-20) where that is 0 (t = 0).
  public let posteriorLogVariancesClipped: [Float]

  /// The published schedule: 1000 steps, beta from 0.0015 to 0.0195.
  public static let published = DiffusionSchedule(
    checkedStepCount: 1000, betaStart: 0.0015, betaEnd: 0.0195)

  /// Computes the tables of a schedule.
  ///
  /// - Parameters:
  ///   - stepCount: T, in `1...maximumStepCount`.
  ///   - betaStart: beta of timestep 0, in (0, 1).
  ///   - betaEnd: beta of timestep T - 1, in (0, 1), not below `betaStart`.
  /// - Throws: `SamplingError` when a value is out of its range.
  public init(
    stepCount: Int, betaStart: Double = 0.0015, betaEnd: Double = 0.0195
  ) throws(SamplingError) {
    guard (1...Self.maximumStepCount).contains(stepCount) else {
      throw .scheduleStepCountOutOfRange(found: stepCount, limit: Self.maximumStepCount)
    }
    guard betaStart > 0, betaEnd >= betaStart, betaEnd < 1 else {
      throw .betaRangeInvalid(start: betaStart, end: betaEnd)
    }
    self.init(checkedStepCount: stepCount, betaStart: betaStart, betaEnd: betaEnd)
  }

  private init(checkedStepCount stepCount: Int, betaStart: Double, betaEnd: Double) {
    let betas = Self.evenlySpaced(
      from: betaStart.squareRoot(), to: betaEnd.squareRoot(), count: stepCount
    ).map { $0 * $0 }
    var alphas: [Double] = []
    alphas.reserveCapacity(stepCount)
    for beta in betas { alphas.append((alphas.last ?? 1) * (1 - beta)) }
    let previousAlphas = [1] + alphas.dropLast()

    func table(_ entry: (Int) -> Double) -> [Float] { (0..<stepCount).map { Float(entry($0)) } }
    self.stepCount = stepCount
    self.betas = table { betas[$0] }
    self.alphasCumulative = table { alphas[$0] }
    self.squareRootAlphasCumulative = table { alphas[$0].squareRoot() }
    self.squareRootOneMinusAlphasCumulative = table { (1 - alphas[$0]).squareRoot() }
    self.squareRootReciprocalAlphasCumulative = table { (1 / alphas[$0]).squareRoot() }
    self.squareRootReciprocalMinusOneAlphasCumulative = table {
      (1 / alphas[$0] - 1).squareRoot()
    }
    self.posteriorMeanCleanCoefficients = table {
      betas[$0] * previousAlphas[$0].squareRoot() / (1 - alphas[$0])
    }
    self.posteriorMeanNoisyCoefficients = table {
      (1 - previousAlphas[$0]) * (1 - betas[$0]).squareRoot() / (1 - alphas[$0])
    }
    self.posteriorLogVariancesClipped = table {
      log(max(betas[$0] * (1 - previousAlphas[$0]) / (1 - alphas[$0]), 1e-20))
    }
  }

  /// PyTorch's linspace, which counts from the nearer end so that both ends are exact.
  private static func evenlySpaced(from start: Double, to end: Double, count: Int) -> [Double] {
    guard count > 1 else { return [start] }
    let step = (end - start) / Double(count - 1)
    return (0..<count).map { index in
      index < count / 2 ? start + step * Double(index) : end - step * Double(count - 1 - index)
    }
  }
}
