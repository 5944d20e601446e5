import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// What a denoiser of velocities stands for, against the formulas of Salimans and Ho (2022), and the weights
/// of Hang et al. (2023).
struct PredictionTests {
  private static let timesteps = [0, 1, 250, 500, 999]

  /// A clean latent, noise, and both together at a time step.
  private static func example(_ timestep: Int) -> (clean: Latent, noise: Latent, latent: Latent) {
    var generator = TorchGenerator(seed: UInt64(timestep))
    func latent(_ scale: Float) -> Latent {
      Latent(values: generator.normals(count: 64).map { scale * $0 }, tokenCount: 16)
    }
    let (clean, noise) = (latent(0.4), latent(1))
    let noised = DenoiserExample(clean: clean, condition: nil, noise: noise, step: timestep)
      .noised()
    return (clean, noise, noised)
  }

  @Test("the velocity is s eps - n x0", arguments: timesteps)
  func velocity(timestep: Int) {
    let (clean, noise, latent) = Self.example(timestep)
    let level = DiffusionSchedule.published.noiseLevel(at: timestep)
    let expected = zip(noise.values, clean.values).map {
      Float(level.signal * Double($0) - level.noise * Double($1))
    }
    let found = Prediction.velocity.target(noise: noise, in: latent, at: timestep)
    // Where hardly any signal is left, the rounding of numbers near 3 is divided by it: 2e-7 over 0.012.
    #expect(largestDifference(found.values, expected) < 1e-4)
  }

  @Test(
    "the noise follows from the velocity, and is itself where noise is predicted",
    arguments: timesteps)
  func noise(timestep: Int) {
    let (clean, noise, latent) = Self.example(timestep)
    let level = DiffusionSchedule.published.noiseLevel(at: timestep)
    let velocity = Latent(
      values: zip(noise.values, clean.values).map {
        Float(level.signal * Double($0) - level.noise * Double($1))
      }, tokenCount: 16)
    let found = Prediction.velocity.noise(velocity, in: latent, at: timestep)
    #expect(largestDifference(found.values, noise.values) < 2e-6)
    #expect(Prediction.noise.noise(velocity, in: latent, at: timestep) == velocity)
    #expect(Prediction.noise.target(noise: noise, in: latent, at: timestep) == noise)
  }

  @Test("min-SNR weights are min(SNR, gamma) / SNR of noise and / (SNR + 1) of velocity")
  func weights() {
    let schedule = DiffusionSchedule.published
    for timestep in Self.timesteps {
      let alpha = Double(schedule.alphasCumulative[timestep])
      let ratio = alpha / (1 - alpha)
      let noise = Double(Prediction.noise.limitedWeight(at: timestep, limit: 5))
      let velocity = Double(Prediction.velocity.limitedWeight(at: timestep, limit: 5))
      #expect(abs(noise / (min(ratio, 5) / ratio) - 1) < 1e-6)
      #expect(abs(velocity / (min(ratio, 5) / (ratio + 1)) - 1) < 1e-6)
      // Both say how much an error of the clean latent counts: min(SNR, gamma).
      #expect(abs(noise * ratio / (velocity * (ratio + 1)) - 1) < 1e-5)
    }
    #expect(Prediction.noise.limitedWeight(at: 999, limit: 5) == 1)
    #expect(Prediction.noise.limitedWeight(at: 0, limit: 5) < 0.01)
  }
}
