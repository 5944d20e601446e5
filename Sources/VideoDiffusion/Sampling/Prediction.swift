/// What a denoiser predicts of a noised latent `x = s x0 + n eps`, with `s = sqrt(a)` and `n = sqrt(1 - a)`.
///
/// Samplers, guidance and everything else that uses a denoiser are given the noise that follows from it.
public enum Prediction: String, Sendable, Hashable, Codable, CaseIterable {
  /// The noise eps, as the authors' denoisers do (Ho et al. 2020).
  case noise
  /// The velocity `v = s eps - n x0` (Salimans and Ho 2022, section 4 and appendix D), which still tells the
  /// clean latent where hardly any of it is left.
  case velocity

  /// What is to be predicted where the noise in a latent is known.
  ///
  /// - Parameters:
  ///   - noise: eps, `[C, N]`.
  ///   - latent: x, the same shape.
  ///   - timestep: In `0..<schedule.stepCount`.
  package func target(
    noise: Latent, in latent: Latent, at timestep: Int, _ schedule: DiffusionSchedule = .published
  ) -> Latent {
    guard self == .velocity else { return noise }
    // x0 = (x - n eps) / s makes v = (eps - n x) / s.
    let level = schedule.noiseLevel(at: timestep)
    return latent.with(
      values: weightedSum(
        (1 / level.signal, noise.values), (-level.noise / level.signal, latent.values)))
  }

  /// The noise that follows from what was predicted: `eps = s v + n x`.
  ///
  /// - Parameters:
  ///   - predicted: What the network gave, `[C, N]`.
  ///   - latent: x, the same shape.
  ///   - timestep: In `0..<schedule.stepCount`.
  package func noise(
    _ predicted: Latent, in latent: Latent, at timestep: Int,
    _ schedule: DiffusionSchedule = .published
  ) -> Latent {
    guard self == .velocity else { return predicted }
    let level = schedule.noiseLevel(at: timestep)
    return latent.with(
      values: weightedSum((level.signal, predicted.values), (level.noise, latent.values)))
  }

  /// The factor of an example's error that makes the loss count time steps by their signal-to-noise ratio, up
  /// to a limit, in terms of the clean latent: min-SNR weighting (Hang et al., "Efficient Diffusion Training
  /// via Min-SNR Weighting Strategy", ICCV 2023, section 3.4).
  ///
  /// - Parameters:
  ///   - timestep: In `0..<schedule.stepCount`.
  ///   - limit: gamma, above 0; the paper's is 5.
  package func limitedWeight(
    at timestep: Int, limit: Float, _ schedule: DiffusionSchedule = .published
  ) -> Float {
    let level = schedule.noiseLevel(at: timestep)
    let ratio = (level.signal / level.noise) * (level.signal / level.noise)
    let limited = min(ratio, Double(limit))
    return Float(self == .velocity ? limited / (ratio + 1) : limited / ratio)
  }
}
