import Foundation
import VideoDiffusion

/// A network whose answer is known: the exact noise prediction for data N(mean, deviation^2), every
/// coordinate alike, and the exact solution of its probability-flow ODE.
struct AnalyticModel {
  let mean: Double
  let deviation: Double
  let schedule: DiffusionSchedule

  /// eps(x, t) = sigma_t (x - alpha_t mean) / (alpha_t^2 deviation^2 + sigma_t^2).
  func noisePredictions(_ latents: [Latent], timestep: Int) -> [Latent] {
    let level = schedule.noiseLevel(at: timestep)
    let variance = level.signal * level.signal * deviation * deviation + level.noise * level.noise
    return latents.map { latent in
      var prediction = latent
      for index in latent.values.indices {
        let centred = Double(latent.values[index]) - level.signal * mean
        prediction.values[index] = Float(level.noise * centred / variance)
      }
      return prediction
    }
  }

  /// The ODE keeps each value's place among its distribution: (x_t - alpha_t mean) divided by the
  /// standard deviation at t is constant.
  func flow(_ value: Float, from start: Int, to target: Int) -> Double {
    let first = schedule.noiseLevel(at: start)
    let last = schedule.noiseLevel(at: target)
    let place = (Double(value) - first.signal * mean) / standardDeviation(first)
    return last.signal * mean + standardDeviation(last) * place
  }

  private func standardDeviation(_ level: NoiseLevel) -> Double {
    (level.signal * level.signal * deviation * deviation + level.noise * level.noise).squareRoot()
  }

  /// Runs to the end, or `steps` steps.
  func run(
    _ sampler: Sampler, from start: SamplerState, steps: Int = .max
  ) throws -> SamplerState {
    var state = start
    var done = 0
    while done < steps, let timestep = sampler.nextTimestep(of: state) {
      let predictions = noisePredictions(state.latents, timestep: timestep)
      state = try sampler.step(state, noisePredictions: predictions).state
      done += 1
    }
    return state
  }

  /// Root mean square distance of a run from the exact flow of its x_T.
  ///
  /// - Parameter untilClean: measure the result; otherwise where the last step starts, so that the
  ///   first-order jump from there to clean data, equal for all solvers, is left out.
  func error(
    of configuration: SamplerConfiguration, seed: UInt64, tokenCount: Int, untilClean: Bool = true
  ) throws -> Double {
    let sampler = try Sampler(configuration: configuration, schedule: schedule)
    let start = try sampler.initialState(seed: seed, tokenCount: tokenCount)
    let steps = untilClean ? configuration.steps : configuration.steps - 1
    let end = try run(sampler, from: start, steps: steps)
    let squares = zip(start.latents[0].values, end.latents[0].values).map { start, end in
      pow(flow(start, from: sampler.timesteps[0], to: sampler.timesteps[steps]) - Double(end), 2)
    }
    return (squares.reduce(0, +) / Double(squares.count)).squareRoot()
  }
}
