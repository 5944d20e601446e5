import Foundation
import TensorCore
import Testing
import VideoDiffusion

/// Runs interrupted, resumed and batched.
@Suite struct SamplerStateTests {
  private let schedule: DiffusionSchedule
  private let model: AnalyticModel

  init() throws {
    schedule = try DiffusionSchedule(stepCount: 25)
    model = AnalyticModel(mean: 0.1, deviation: 0.4, schedule: schedule)
  }

  private func sampler(_ method: SolverMethod) throws -> Sampler {
    try Sampler(
      configuration: SamplerConfiguration(method: method, steps: method == .ddpm ? 25 : 9),
      schedule: schedule)
  }

  // Five values a sample: an odd draw below 16 leaves a normal cached in the generator.
  @Test(arguments: SolverMethod.allCases, [5, 64])
  func resumingAtAnyStepChangesNothing(method: SolverMethod, channels: Int) throws {
    let sampler = try sampler(method)
    let start = try sampler.initialState(
      seed: 9, sampleCount: 2, channels: channels, tokenCount: 1)
    let uninterrupted = try model.run(sampler, from: start).encoded()
    for steps in 0...sampler.configuration.steps {
      let partial = try model.run(sampler, from: start, steps: steps)
      let bytes = partial.encoded()
      let restored = try SamplerState(decoding: bytes)
      #expect(restored == partial)
      #expect(restored.encoded() == bytes)
      #expect(try model.run(sampler, from: restored).encoded() == uninterrupted)
    }
  }

  @Test(arguments: SolverMethod.allCases) func codableKeepsTheState(method: SolverMethod) throws {
    let sampler = try sampler(method)
    let state = try model.run(
      sampler, from: sampler.initialState(seed: 2, tokenCount: 3), steps: 4)
    let data = try JSONEncoder().encode([state])
    #expect(try JSONDecoder().decode([SamplerState].self, from: data) == [state])
  }

  @Test(arguments: SolverMethod.allCases) func aStepLeavesItsArgumentAlone(method: SolverMethod)
    throws
  {
    let sampler = try sampler(method)
    let state = try model.run(
      sampler, from: sampler.initialState(seed: 2, tokenCount: 5), steps: 3)
    let before = state.encoded()
    let first = try model.run(sampler, from: state, steps: 1)
    let second = try model.run(sampler, from: state, steps: 1)
    #expect(first == second)
    #expect(state.encoded() == before)
  }

  @Test(arguments: SolverMethod.allCases) func batchSizeNeverChangesASample(method: SolverMethod)
    throws
  {
    let sampler = try sampler(method)
    let batch = try model.run(
      sampler, from: sampler.initialState(seed: 30, sampleCount: 3, tokenCount: 7))
    for sample in 0..<3 {
      let single = try model.run(
        sampler, from: sampler.initialState(seed: 30 + UInt64(sample), tokenCount: 7))
      #expect(single.samples == [batch.samples[sample]])
    }
  }

  @Test func stepsThatDoNotFitAreRefused() throws {
    let sampler = try sampler(.uniPC)
    let start = try sampler.initialState(seed: 1, sampleCount: 2, tokenCount: 4)
    let predictions = model.noisePredictions(start.latents, timestep: sampler.timesteps[0])
    #expect(throws: SamplingError.sampleCountMismatch(expected: 2, found: 1)) {
      try sampler.step(start, noisePredictions: [predictions[0]])
    }
    let short = Latent(values: [0, 0, 0, 0], tokenCount: 1)
    #expect(
      throws: SamplingError.shapeMismatch(sample: 1, expectedValues: 16, foundValues: 4)
    ) { try sampler.step(start, noisePredictions: [predictions[0], short]) }
    for value in [Float.nan, .infinity] {
      var spoiled = predictions
      spoiled[1].values[3] = value
      #expect(
        throws: SamplingError.predictionNotFinite(sample: 1, timestep: sampler.timesteps[0])
      ) { try sampler.step(start, noisePredictions: spoiled) }
    }
    let other = try self.sampler(.ddim)
    #expect(
      throws: SamplingError.configurationMismatch(
        state: sampler.configuration, sampler: other.configuration)
    ) { try other.step(start, noisePredictions: predictions) }
    let end = try model.run(sampler, from: start)
    #expect(end.isFinished && sampler.nextTimestep(of: end) == nil)
    #expect(throws: SamplingError.alreadyFinished(steps: 9)) {
      try sampler.step(end, noisePredictions: predictions)
    }
    let forgetful = SamplerState(
      configuration: sampler.configuration, stepIndex: 2, samples: start.samples)
    #expect(throws: SamplingError.historyMismatch(sample: 0, expected: 3, found: 0)) {
      try sampler.step(forgetful, noisePredictions: predictions)
    }
  }

  @Test func batchesThatDoNotFitAreRefused() throws {
    let sampler = try sampler(.ddim)
    #expect(throws: SamplingError.emptyBatch(samples: 0, tokens: 3)) {
      try sampler.initialState(seed: 1, sampleCount: 0, tokenCount: 3)
    }
    #expect(throws: SamplingError.emptyBatch(samples: 1, tokens: 0)) {
      try sampler.initialState(seed: 1, tokenCount: 0)
    }
    let latent = Latent(values: [0, 0, 0, 0], tokenCount: 1)
    let larger = Latent(values: [Float](repeating: 0, count: 8), tokenCount: 2)
    let generator = TorchGenerator(seed: 1)
    #expect(throws: SamplingError.sampleCountMismatch(expected: 1, found: 2)) {
      try sampler.initialState(latents: [latent], generators: [generator, generator])
    }
    #expect(throws: SamplingError.shapeMismatch(sample: 1, expectedValues: 4, foundValues: 8)) {
      try sampler.initialState(latents: [latent, larger], generators: [generator, generator])
    }
  }
}
