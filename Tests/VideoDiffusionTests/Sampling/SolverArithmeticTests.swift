import Foundation
import TensorCore
import Testing
import VideoDiffusion

/// DDIM and DDPM steps against MODEL.md's formulas, written out once more in double precision.
@Suite struct SolverArithmeticTests {
  private let schedule = DiffusionSchedule.published

  /// x, eps and z of one step with 64 values each.
  private struct Draws {
    let sample: [Float]
    let prediction: [Float]
    let generator: TorchGenerator
    let noise: [Float]

    init(seed: UInt64, scale: Float = 1) {
      var generator = TorchGenerator(seed: seed)
      sample = generator.normals(count: 64)
      prediction = zip(sample, generator.normals(count: 64)).map { scale * $0 + 0.2 * $1 }
      self.generator = generator
      noise = generator.normals(count: 64)
    }
  }

  private func clean(_ x: Float, _ eps: Float, alpha: Double) -> Double {
    let estimate = (1 / alpha).squareRoot() * Double(x) - (1 / alpha - 1).squareRoot() * Double(eps)
    return min(max(estimate, -1), 1)
  }

  private func check(
    _ configuration: SamplerConfiguration, step: Int, draws: Draws,
    expected: (_ x: Float, _ eps: Float, _ z: Float) -> Double
  ) throws {
    let sampler = try Sampler(configuration: configuration, schedule: schedule)
    // DDIM and DDPM have no memory, so a run may be entered at any step.
    let state = SamplerState(
      configuration: configuration, stepIndex: step,
      samples: [
        SampleState(
          latent: Latent(values: draws.sample, tokenCount: 16), history: SolverHistory(),
          generator: draws.generator)
      ])
    let result = try sampler.step(
      state, noisePredictions: [Latent(values: draws.prediction, tokenCount: 16)])
    #expect(result.index == step && result.timestep == sampler.timesteps[step])
    #expect(result.stepCount == configuration.steps && result.state.stepIndex == step + 1)
    for (index, value) in result.state.latents[0].values.enumerated() {
      let exact = expected(draws.sample[index], draws.prediction[index], draws.noise[index])
      #expect(abs(Double(value) - exact) < 1e-6, "step \(step), value \(index)")
    }
  }

  @Test(arguments: [0, 3, 9], [0, 0.4, 1]) func implicitStep(step: Int, eta: Double) throws {
    let configuration = SamplerConfiguration(steps: 10, eta: eta)
    let timesteps = [999, 899, 799, 699, 599, 499, 399, 299, 199, 99, -1]
    let a = Double(schedule.alphasCumulative[timesteps[step]])
    let draws = Draws(seed: UInt64(step) + 40)
    try check(configuration, step: step, draws: draws) { x, eps, z in
      let x0 = clean(x, eps, alpha: a)
      guard timesteps[step + 1] >= 0 else { return x0 }
      let b = Double(schedule.alphasCumulative[timesteps[step + 1]])
      let sigma = eta * ((1 - a / b) * (1 - b) / (1 - a)).squareRoot()
      let c = (1 - b - sigma * sigma).squareRoot()
      return b.squareRoot() * x0 + c * Double(eps) + sigma * Double(z)
    }
  }

  @Test(arguments: [0, 3, 8], [0, 0.4, 1])
  func implicitStepWithRecomputedNoise(step: Int, eta: Double) throws {
    let configuration = SamplerConfiguration(steps: 10, eta: eta, recomputesNoise: true)
    let (from, to) = (999 - 100 * step, 899 - 100 * step)
    let a = Double(schedule.alphasCumulative[from])
    let b = Double(schedule.alphasCumulative[to])
    let sigma = eta * ((1 - a / b) * (1 - b) / (1 - a)).squareRoot()
    // Predictions that are far off, so that most estimates are clamped.
    let draws = Draws(seed: UInt64(step) + 60, scale: -1)
    try check(configuration, step: step, draws: draws) { x, eps, z in
      let x0 = clean(x, eps, alpha: a)
      let noise = (Double(x) - a.squareRoot() * x0) / (1 - a).squareRoot()
      return b.squareRoot() * x0 + (1 - b - sigma * sigma).squareRoot() * noise + sigma * Double(z)
    }
  }

  @Test func recomputedNoiseIsTheNetworksWhereNothingIsClamped() throws {
    let draws = Draws(seed: 7)
    let results = try [false, true].map { recomputes in
      let sampler = try Sampler(
        configuration: SamplerConfiguration(
          steps: 10, eta: 0, clampsPrediction: false, recomputesNoise: recomputes))
      let state = try sampler.initialState(
        latents: [Latent(values: draws.sample, tokenCount: 16)], generators: [draws.generator])
      return try sampler.step(
        state, noisePredictions: [Latent(values: draws.prediction, tokenCount: 16)]
      ).state.latents[0].values
    }
    for (a, b) in zip(results[0], results[1]) { #expect(abs(a - b) < 1e-5) }
  }

  @Test(arguments: [0, 1, 500, 998, 999]) func ancestralStep(step: Int) throws {
    let t = 999 - step
    // The schedule in float64: float32's 1 - a would have few digits left near clean data.
    let ends = (0.0015.squareRoot(), 0.0195.squareRoot())
    let betas = (0..<1000).map { pow(ends.0 + (ends.1 - ends.0) * Double($0) / 999, 2) }
    let previous = betas[..<t].reduce(1) { $0 * (1 - $1) }
    let beta = betas[t]
    let a = previous * (1 - beta)
    let draws = Draws(seed: UInt64(step) + 90)
    let configuration = SamplerConfiguration(method: .ddpm, steps: 1000)
    try check(configuration, step: step, draws: draws) { x, eps, z in
      let mean =
        beta * previous.squareRoot() / (1 - a) * clean(x, eps, alpha: a)
        + (1 - previous) * (1 - beta).squareRoot() / (1 - a) * Double(x)
      let variance = beta * (1 - previous) / (1 - a)
      return mean + (t > 0 ? variance.squareRoot() * Double(z) : 0)
    }
  }

  @Test func clampingIsAnOption() throws {
    let draws = Draws(seed: 5, scale: -1)
    for clamps in [true, false] {
      let sampler = try Sampler(
        configuration: SamplerConfiguration(steps: 10, clampsPrediction: clamps))
      let state = try sampler.initialState(
        latents: [Latent(values: draws.sample, tokenCount: 16)], generators: [draws.generator])
      let step = try sampler.step(
        state, noisePredictions: [Latent(values: draws.prediction, tokenCount: 16)])
      let largest = step.cleanEstimates[0].values.map(abs).max() ?? 0
      #expect(clamps ? largest == 1 : largest > 1)
    }
  }
}
