import TensorCore
import Testing
import VideoDiffusion

/// Runs that begin with something known, and noise that is turned towards other noise.
@Suite struct SkippedStepTests {
  private let model = AnalyticModel(mean: 0.1, deviation: 0.4, schedule: .published)

  private func sampler(_ method: SolverMethod, skipping: Int) throws -> Sampler {
    let steps = method.takesEveryStep ? 1000 : 12
    return try Sampler(
      configuration: SamplerConfiguration(method: method, steps: steps, skippedSteps: skipping))
  }

  @Test("a strength is the share of the steps that is taken, and only 0 takes none")
  func strength() {
    let whole = SamplerConfiguration(steps: 20)
    #expect(whole.begun(at: 1) == whole && whole.stepsTaken == 20)
    #expect(whole.begun(at: 0.5).stepsTaken == 10)
    #expect(whole.begun(at: 0.001).stepsTaken == 1)
    #expect(whole.begun(at: 0).stepsTaken == 0)
  }

  @Test("more steps cannot be left out than there are", arguments: [-1, 13])
  func range(skipped: Int) {
    #expect(throws: SamplingError.skippedStepsOutOfRange(found: skipped, limit: 12)) {
      try SamplerConfiguration(steps: 12, skippedSteps: skipped).validate()
    }
  }

  @Test("without fresh noise the steps that are left give what they give within the whole run")
  func remainder() throws {
    let whole = SamplerConfiguration(steps: 12, eta: 0)
    let all = try Sampler(configuration: whole)
    let middle = try model.run(all, from: all.initialState(seed: 4, tokenCount: 5), steps: 7)
    var rest = whole
    rest.skippedSteps = 7
    let part = try Sampler(configuration: rest)
    let start = try part.initialState(
      latents: middle.latents, generators: middle.samples.map(\.generator))
    let end = try model.run(part, from: start)
    #expect(end.isFinished && end.stepIndex == 5)
    #expect(try end.latents == model.run(all, from: middle).latents)
  }

  @Test(
    "every solver goes on from the middle, and a saved state of it bit for bit",
    arguments: SolverMethod.allCases)
  func savedStates(method: SolverMethod) throws {
    let skipped = method.takesEveryStep ? 990 : 4
    let sampler = try sampler(method, skipping: skipped)
    let original = Latent(values: (0..<12).map { Float($0) / 12 - 0.4 }, tokenCount: 3)
    let start = try sampler.noised(sampler.initialState(seed: 2, tokenCount: 3), from: [original])
    #expect(start.latents != [original] && !start.isFinished)
    let end = try model.run(sampler, from: start)
    #expect(end.isFinished && end.stepIndex == sampler.configuration.stepsTaken)
    #expect(end.latents[0].values.allSatisfy { $0.isFinite })
    for steps in [0, 3] {
      let state = try model.run(sampler, from: start, steps: steps)
      let read = try SamplerState(decoding: state.encoded())
      #expect(read == state)
      #expect(try model.run(sampler, from: read) == end)
    }
  }

  @Test(
    "a run that leaves out nothing begins with its noise, one that leaves out all with the original"
  )
  func ends() throws {
    let original = Latent(values: (0..<12).map { Float($0) / 12 - 0.4 }, tokenCount: 3)
    let whole = try sampler(.ddim, skipping: 0)
    let noise = try whole.initialState(seed: 2, tokenCount: 3)
    #expect(try whole.noised(noise, from: [original]) == noise)
    let none = try sampler(.ddim, skipping: 12)
    let state = try none.noised(none.initialState(seed: 2, tokenCount: 3), from: [original])
    #expect(state.latents == [original] && state.isFinished)
    #expect(none.nextTimestep(of: state) == nil)
  }

  @Test("originals of another number or shape are refused")
  func refused() throws {
    let sampler = try sampler(.ddim, skipping: 3)
    let start = try sampler.initialState(seed: 2, tokenCount: 3)
    #expect(throws: SamplingError.sampleCountMismatch(expected: 1, found: 0)) {
      try sampler.noised(start, from: [])
    }
    let other = Latent(values: [Float](repeating: 0, count: 16), tokenCount: 4)
    #expect(throws: SamplingError.shapeMismatch(sample: 0, expectedValues: 12, foundValues: 16)) {
      try sampler.noised(start, from: [other])
    }
  }

  // MARK: Variations

  private func noise(_ variation: NoiseVariation?, tokens: Int = 4096) throws -> [Float] {
    let sampler = try sampler(.ddim, skipping: 0)
    return try sampler.initialState(
      seeds: [7], tokenCount: tokens, variations: variation.map { [$0] }
    ).latents[0].values
  }

  @Test("a variation goes from the seed's noise to the other's along a circle")
  func circle() throws {
    let own = try noise(nil)
    var other = TorchGenerator(seed: 99)
    let far = other.normals(count: own.count)
    #expect(try noise(NoiseVariation(seed: 99, share: 0)) == own)
    #expect(try noise(NoiseVariation(seed: 99, share: 1)) == far)
    func cosine(_ a: [Float], _ b: [Float]) -> Double {
      func product(_ a: [Float], _ b: [Float]) -> Double {
        zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
      }
      return product(a, b) / (product(a, a) * product(b, b)).squareRoot()
    }
    var last = 1.0
    for share in [0.1, 0.3, 0.5, 0.8] {
      let between = try noise(NoiseVariation(seed: 99, share: share))
      let variance = between.reduce(0.0) { $0 + Double($1) * Double($1) } / Double(between.count)
      // Of 16,384 draws the variance is 1 to about a hundredth.
      #expect(abs(variance - 1) < 0.05, "\(share)")
      #expect(cosine(between, own) < last)
      last = cosine(between, own)
    }
    #expect(
      try noise(NoiseVariation(seed: 7, share: 0.5)) == own, "of the same seed nothing changes")
  }

  @Test("only the beginning is turned: later noise stays the seed's")
  func laterNoise() throws {
    let sampler = try sampler(.ddim, skipping: 0)
    let plain = try sampler.initialState(seeds: [7], tokenCount: 3)
    let varied = try sampler.initialState(
      seeds: [7], tokenCount: 3, variations: [NoiseVariation(seed: 1, share: 0.4)])
    #expect(plain.samples[0].generator == varied.samples[0].generator)
    #expect(plain.latents != varied.latents)
  }

  @Test("a variation is read as it is written, and nothing else is one")
  func text() {
    #expect(NoiseVariation("7:0.2") == NoiseVariation(seed: 7, share: 0.2))
    #expect(NoiseVariation(seed: .max, share: 1).text == "18446744073709551615:1.0")
    for variation in [NoiseVariation(seed: 7, share: 0.2), NoiseVariation(seed: .max, share: 1)] {
      #expect(NoiseVariation(variation.text) == variation)
    }
    for text in ["", "7", "7:", ":0.2", "7:1.5", "7:-0.1", "7:nan", "-7:0.2", "7:0.2:1", "x:0.2"] {
      #expect(NoiseVariation(text) == nil, "\(text)")
    }
  }
}
