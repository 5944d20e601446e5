import Foundation
import Testing
import VideoDiffusion

/// Every solver against data whose exact solution is known.
@Suite struct SolverConvergenceTests {
  private static let deterministic: [SolverMethod] = [.ddim, .dpmSolverPlusPlus2M, .uniPC]

  private func configuration(
    _ method: SolverMethod, steps: Int, spacing: TimestepSpacing, eta: Double = 0
  ) -> SamplerConfiguration {
    SamplerConfiguration(
      method: method, steps: steps, spacing: spacing, eta: eta, clampsPrediction: false)
  }

  @Test(arguments: deterministic, [0.2, 0.4])
  func manyStepsReachTheProbabilityFlow(method: SolverMethod, deviation: Double) throws {
    let model = AnalyticModel(mean: 0.2, deviation: deviation, schedule: .published)
    let many = configuration(method, steps: 999, spacing: .linear)
    // The jump from timestep 0 to clean data is of first order for all of them.
    #expect(try model.error(of: many, seed: 3, tokenCount: 128) < 0.007)
    let beforeClean = try model.error(of: many, seed: 3, tokenCount: 128, untilClean: false)
    #expect(beforeClean < (method == .ddim ? 4e-3 : 5e-4))
  }

  @Test(arguments: [SolverMethod.dpmSolverPlusPlus2M, .uniPC], [0.2, 0.4])
  func secondOrderBeatsFirstInFewSteps(method: SolverMethod, deviation: Double) throws {
    let model = AnalyticModel(mean: 0.2, deviation: deviation, schedule: .published)
    for steps in [10, 15, 20] {
      let first = try model.error(
        of: configuration(.ddim, steps: steps, spacing: .karras), seed: 3, tokenCount: 128)
      let second = try model.error(
        of: configuration(method, steps: steps, spacing: .karras), seed: 3, tokenCount: 128)
      #expect(second < first / 3, "\(steps) steps")
      // The published spacing ends in a long first-order jump; up to there the same holds.
      let firstBeforeClean = try model.error(
        of: configuration(.ddim, steps: steps, spacing: .published), seed: 3, tokenCount: 128,
        untilClean: false)
      let secondBeforeClean = try model.error(
        of: configuration(method, steps: steps, spacing: .published), seed: 3, tokenCount: 128,
        untilClean: false)
      #expect(secondBeforeClean < firstBeforeClean / 2, "\(steps) steps, published")
    }
  }

  @Test(arguments: [
    SolverMethod.ddpm, .ddim, .dpmSolverPlusPlus2MStochastic,
  ])
  func stochasticSolversKeepTheDistribution(method: SolverMethod) throws {
    let model = AnalyticModel(mean: 0.2, deviation: 0.4, schedule: .published)
    let steps = method == .ddpm ? 1000 : method == .ddim ? 250 : 40
    let sampler = try Sampler(
      configuration: configuration(method, steps: steps, spacing: method.defaultSpacing, eta: 1))
    let end = try model.run(sampler, from: sampler.initialState(seed: 17, tokenCount: 2048))
    let values = end.latents[0].values.map(Double.init)
    let mean = values.reduce(0, +) / Double(values.count)
    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
    #expect(abs(mean - 0.2) < 0.02, "mean \(mean)")
    #expect(abs(variance.squareRoot() - 0.4) < 0.025, "deviation \(variance.squareRoot())")
  }

  @Test(arguments: SolverMethod.allCases, TimestepSpacing.allCases)
  func clampedRunsStayFiniteAndInRange(method: SolverMethod, spacing: TimestepSpacing) throws {
    let schedule = try DiffusionSchedule(stepCount: 40)
    let model = AnalyticModel(mean: 0.9, deviation: 0.4, schedule: schedule)
    for steps in method == .ddpm ? [40] : [1, 2, 3, 10, 39, 40] {
      let sampler = try Sampler(
        configuration: SamplerConfiguration(method: method, steps: steps, spacing: spacing),
        schedule: schedule)
      let end = try model.run(sampler, from: sampler.initialState(seed: 6, tokenCount: 20))
      #expect(end.isFinished)
      #expect(end.latents[0].values.allSatisfy { abs($0) <= 1 })
    }
  }

  @Test(arguments: SolverMethod.allCases) func oneEvaluationAStep(method: SolverMethod) throws {
    let schedule = try DiffusionSchedule(stepCount: 30)
    let steps = method == .ddpm ? 30 : 11
    let sampler = try Sampler(
      configuration: SamplerConfiguration(method: method, steps: steps), schedule: schedule)
    let model = AnalyticModel(mean: 0, deviation: 0.4, schedule: schedule)
    var state = try sampler.initialState(seed: 6, tokenCount: 20)
    var asked: [Int] = []
    while let timestep = sampler.nextTimestep(of: state) {
      asked.append(timestep)
      let predictions = model.noisePredictions(state.latents, timestep: timestep)
      let step = try sampler.step(state, noisePredictions: predictions)
      #expect(step.timestep == timestep && step.index == asked.count - 1)
      state = step.state
      if state.isFinished { #expect(step.cleanEstimates == state.latents || method == .ddpm) }
    }
    #expect(asked == Array(sampler.timesteps.dropLast()) && asked.count == steps)
  }
}
