import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The draws of a run: which they are, and how many each solver makes.
@Suite struct SamplingNoiseTests {
  @Test(
    arguments: [
      "ddim-eta0-cond-w1.5", "ddim-eta1-cond-w0", "ddim-eta1-uncond",
    ]) func seedsReproduceTheOriginalsNoise(name: String) throws
  {
    try expectNoise(of: name)
  }

  @Test(
    .enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)),
    arguments: ["ddim-eta0-uncond", "ddim-eta1-32x16", "ddpm-50"])
  func seedsReproduceTheNoiseOfFurtherRuns(name: String) throws { try expectNoise(of: name) }

  private func expectNoise(of name: String) throws {
    let golden = try GoldenFile(named: "sampling/\(name).safetensors")
    let seed = try #require(UInt64(golden.metadata["seed"] ?? ""))
    let steps = try #require(Int(golden.metadata["steps"] ?? ""))
    let shape = try golden.shape("noise")
    let noise = try golden.float("noise")
    let count = shape[2] * shape[3]
    var generator = TorchGenerator(seed: seed)
    let drawn = (0..<shape[0]).flatMap { _ in generator.normals(count: count) }
    #expect(maximumUnitsInLastPlace(drawn, noise) == 0)

    // A whole run leaves its generator after exactly these draws.
    let schedule = try DiffusionSchedule(stepCount: Int(golden.metadata["T"] ?? "1000") ?? 0)
    let sampler = try Sampler(
      configuration: SamplerConfiguration(
        steps: steps, eta: Double(golden.metadata["eta"] ?? "1") ?? .nan),
      schedule: schedule)
    let model = AnalyticModel(mean: 0, deviation: 0.5, schedule: schedule)
    let start = try sampler.initialState(seed: seed, tokenCount: shape[3])
    #expect(start.latents[0].values == Array(noise[..<count]))
    #expect(try model.run(sampler, from: start).samples[0].generator == generator)
  }

  @Test(arguments: SolverMethod.allCases) func drawsAreMadeWhereTheyAreUsed(method: SolverMethod)
    throws
  {
    let schedule = try DiffusionSchedule(stepCount: 20)
    let steps = method == .ddpm ? 20 : 9
    let expected =
      switch method {
      case .ddpm: 20
      case .ddim, .dpmSolverPlusPlus2MStochastic: 8
      case .dpmSolverPlusPlus2M, .uniPC, .distilled: 0
      }
    let sampler = try Sampler(
      configuration: SamplerConfiguration(method: method, steps: steps, eta: 0), schedule: schedule)
    let model = AnalyticModel(mean: 0, deviation: 0.5, schedule: schedule)
    let start = try sampler.initialState(seed: 77, tokenCount: 5)
    var generator = start.samples[0].generator
    for _ in 0..<expected { _ = generator.normals(count: 20) }
    #expect(try model.run(sampler, from: start).samples[0].generator == generator)
  }

  @Test func implicitSamplingWithoutEtaIgnoresNoiseValues() throws {
    let model = AnalyticModel(mean: 0.1, deviation: 0.3, schedule: .published)
    func result(eta: Double, noiseSeed: UInt64) throws -> [Latent] {
      let sampler = try Sampler(configuration: SamplerConfiguration(steps: 12, eta: eta))
      let latents = try sampler.initialState(seed: 1, tokenCount: 30).latents
      let start = try sampler.initialState(
        latents: latents, generators: [TorchGenerator(seed: noiseSeed)])
      return try model.run(sampler, from: start).latents
    }
    #expect(try result(eta: 0, noiseSeed: 2) == result(eta: 0, noiseSeed: 3))
    #expect(try result(eta: 1, noiseSeed: 2) != result(eta: 1, noiseSeed: 3))
  }

  @Test func implicitSamplingOverEveryStepIsAncestral() throws {
    let model = AnalyticModel(mean: 0.1, deviation: 0.3, schedule: .published)
    func result(_ method: SolverMethod, eta: Double) throws -> [Latent] {
      let sampler = try Sampler(
        configuration: SamplerConfiguration(method: method, steps: 1000, eta: eta))
      return try model.run(sampler, from: sampler.initialState(seed: 4, tokenCount: 8)).latents
    }
    let ancestral = try result(.ddpm, eta: 1)
    #expect(try result(.ddim, eta: 1) == ancestral)
    #expect(try result(.ddim, eta: 0) == ancestral)
  }
}
