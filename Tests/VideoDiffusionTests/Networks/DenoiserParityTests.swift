import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Denoisers against the original's forward passes.
@Suite(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
struct DenoiserParityTests {
  /// Inputs, outputs and the network of a golden case.
  private struct Loaded {
    let context: ComputeContext
    let network: Denoiser
    let latents: [Latent]
    let steps: [Float]
    let golden: GoldenFile

    init(
      _ golden: GoldenNetwork.DenoiserCase, _ type: ElementType, threads: Int = 2
    ) throws {
      context = try ComputeContext(threadCount: threads)
      network = try golden.load(context, type)
      self.golden = try golden.forward()
      latents = try self.golden.latents("x")
      steps = try self.golden.ints("t").map { Float($0) }
    }

    /// The prediction with the golden condition, or with none.
    func noise(conditional: Bool) throws -> [Float] {
      let conditions: [Latent?] =
        conditional ? try golden.latents("cond") : latents.map { _ in nil }
      return try network(latents, conditions: conditions, steps: steps, context)
        .flatMap(\.values)
    }
  }

  @Test(arguments: GoldenNetwork.denoisers)
  func noiseWithoutAConditionMatches(_ golden: GoldenNetwork.DenoiserCase) throws {
    let it = try Loaded(golden, .float32)
    let difference = largestDifference(
      try it.noise(conditional: false), try it.golden.float("eps_uncond"))
    #expect(difference < 5e-4)
  }

  @Test(arguments: GoldenNetwork.denoisers.filter(\.configuration.isConditional))
  func noiseWithAConditionMatches(_ golden: GoldenNetwork.DenoiserCase) throws {
    let it = try Loaded(golden, .float32)
    let difference = largestDifference(
      try it.noise(conditional: true), try it.golden.float("eps_cond"))
    #expect(difference < 5e-4)
  }

  @Test func anUnconditionalNetworkIgnoresConditions() throws {
    let it = try Loaded(GoldenNetwork.unconditional, .float32)
    let difference = largestDifference(
      try it.noise(conditional: true), try it.golden.float("eps_uncond"))
    #expect(difference < 5e-4)
  }

  @Test(
    arguments: GoldenNetwork.denoisers)
  func bfloat16StaysWithinThreePercent(_ golden: GoldenNetwork.DenoiserCase) throws {
    let it = try Loaded(golden, .bfloat16)
    let error = relativeError(
      try it.noise(conditional: false), from: try it.golden.float("eps_uncond"))
    #expect(error < 0.03)
    if golden.configuration.isConditional {
      let error = relativeError(
        try it.noise(conditional: true), from: try it.golden.float("eps_cond"))
      #expect(error < 0.03, "with a condition")
    }
  }

  /// The large one in one precision only, for time.
  private static let batchCases =
    ElementType.kernelPrecisions.flatMap { type in
      [GoldenNetwork.small, GoldenNetwork.unconditional].map { ($0, type) }
    } + [(GoldenNetwork.publishedLayout, .float32)]

  @Test(arguments: batchCases)
  func aSampleIsTheSameAloneAndInABatch(
    _ golden: GoldenNetwork.DenoiserCase, _ type: ElementType
  ) throws {
    let it = try Loaded(golden, type)
    let samples = [it.latents[0], it.latents[1], it.latents[0]]
    let conditions: [Latent?] = [it.latents[1], nil, nil]
    let steps: [Float] = [it.steps[0], it.steps[1], 999]
    let together = try it.network(samples, conditions: conditions, steps: steps, it.context)
    for index in samples.indices {
      let alone = try it.network(
        [samples[index]], conditions: [conditions[index]], steps: [steps[index]], it.context)
      #expect(
        largestDifference(alone[0].values, together[index].values) < 1e-6, "sample \(index)")
    }
  }

  @Test(arguments: KernelSelection.available)
  func everyInstructionSetMatches(_ kernels: String) throws {
    let it = try Loaded(GoldenNetwork.small, .float32)
    let noise = try KernelSelection.withKernels(kernels) { try it.noise(conditional: true) }
    #expect(largestDifference(noise, try it.golden.float("eps_cond")) < 5e-4)
  }

  /// oneDNN may cut its sums up differently for another number of threads, so the last bits may
  /// differ.
  @Test func theNumberOfThreadsDoesNotMatter() throws {
    // One after the other: the context that was opened last sets the size of oneDNN's team.
    let alone = try Loaded(GoldenNetwork.small, .float32, threads: 1).noise(conditional: true)
    let shared = try Loaded(GoldenNetwork.small, .float32, threads: 2).noise(conditional: true)
    #expect(largestDifference(alone, shared) < 1e-5)
  }

  @Test func oneStepForAllIsTheSameAsThatStepForEach() throws {
    let it = try Loaded(GoldenNetwork.small, .float32)
    let conditions: [Latent?] = [nil, it.latents[0]]
    let one = try it.network(it.latents, conditions: conditions, step: 250, it.context)
    let each = try it.network(
      it.latents, conditions: conditions, steps: [250, 250], it.context)
    #expect(one == each)
  }

  @Test func zerosAreTheConditionOfASampleThatHasNone() throws {
    let it = try Loaded(GoldenNetwork.small, .float32)
    let zeros = Latent(zerosFor: GoldenNetwork.small.configuration.geometry)
    let none = try it.network(it.latents, conditions: [nil, nil], step: 10, it.context)
    let zero = try it.network(it.latents, conditions: [zeros, zeros], step: 10, it.context)
    #expect(none == zero)
  }
}
