import Foundation

/// Signal and noise of one timestep in the terms of the exponential-integrator papers.
///
/// A sample at this level is `signal * data + noise * eps`, with `signal^2 + noise^2 = 1`.
public struct NoiseLevel: Sendable, Hashable {
  /// Standard deviation of the signal's part, alpha_t in the papers, in (0, 1].
  public let signal: Double
  /// Standard deviation of the noise, sigma_t in the papers, in [0, 1).
  public let noise: Double

  /// Half the logarithm of the signal-to-noise ratio, lambda_t in the papers; infinite when clean.
  public var halfLogSignalToNoise: Double { log(signal / noise) }
  /// Noise over signal: the sigma of Karras et al. 2022 and of most sampler code.
  public var noiseToSignal: Double { noise / signal }
}

extension DiffusionSchedule {
  /// The noise level of a timestep, computed from the float32 table.
  ///
  /// - Parameter timestep: in `0..<stepCount`, or `cleanTimestep`.
  public func noiseLevel(at timestep: Int) -> NoiseLevel {
    guard timestep != Self.cleanTimestep else { return NoiseLevel(signal: 1, noise: 0) }
    let alpha = Double(alphasCumulative[timestep])
    return NoiseLevel(signal: alpha.squareRoot(), noise: (1 - alpha).squareRoot())
  }
}
