import Foundation
import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// Networks whose weights a formula gives against PyTorch's numbers, which are committed: what a clone
/// proves by itself. `Tests/Golden/README.md` says how they were made.
@Suite(.onEveryDevice)
struct FormulaNetworkTests {
  /// A denoiser of the committed files.
  struct DenoiserCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let configuration: DenoiserConfiguration

    init(_ golden: GoldenNetwork.DenoiserCase) {
      testDescription = golden.folder.replacingOccurrences(of: "unet-", with: "")
      configuration = golden.configuration
    }

    func load(_ context: ComputeContext, _ type: ElementType) throws -> Denoiser {
      try FormulaNetworkTests.load(configuration.parameters, context, type) {
        try Denoiser($0, configuration)
      }
    }

    func file() throws -> GoldenFile {
      try GoldenFile(named: "denoiser-\(testDescription).safetensors")
    }
  }

  static let denoisers = GoldenNetwork.denoisers.map(DenoiserCase.init)
  static let autoencoder = GoldenNetwork.autoencoders[0].configuration

  /// Builds a network, strictly, from the formula's weights and the buffers that the original computes.
  static func load<Network>(
    _ parameters: [NamedShape], _ context: ComputeContext, _ type: ElementType,
    _ make: (ParameterScope) throws -> Network
  ) throws -> Network {
    let source = source(of: parameters)
    let scope = ParameterScope(source, context: context, elementType: type)
    let network = try make(scope)
    try scope.checkEverythingWasUsed(of: source.names, except: ["coords"])
    return network
  }

  static func source(of parameters: [NamedShape]) -> MemoryParameters {
    let source = MemoryParameters()
    for entry in parameters {
      let numbers = 0..<entry.count
      let values: [Float] =
        switch entry.name.split(separator: ".").last {
        case "zeros", "coords": numbers.map { _ in 0 }
        case "inv_freqs": numbers.map { pow(10000, -Float($0) / Float(numbers.count)) }
        case "scales": numbers.map { pow(5, Float($0) / Float(numbers.count - 1)) }
        default: FormulaWeights.values(entry.name, entry.shape)
        }
      source.parameters[entry.name] = .init(shape: entry.shape, values: values)
    }
    return source
  }

  // MARK: Denoiser

  /// What the network predicts for the file's noise, with its condition or none.
  static func noise(
    _ golden: DenoiserCase, _ type: ElementType, conditional: Bool
  ) throws -> (found: [Float], expected: [Float]) {
    let context = try ComputeContext(threadCount: 2)
    let file = try golden.file()
    let latents = try file.latents("x")
    let conditions: [Latent?] = conditional ? try file.latents("cond") : latents.map { _ in nil }
    let network = try golden.load(context, type)
    let noise = try network(
      latents, conditions: conditions, steps: file.ints("t").map(Float.init), context)
    return (noise.flatMap(\.values), try file.float(conditional ? "eps_cond" : "eps_uncond"))
  }

  @Test(arguments: denoisers) func noiseWithoutAConditionMatches(_ golden: DenoiserCase) throws {
    let noise = try Self.noise(golden, .float32, conditional: false)
    #expect(largestDifference(noise.found, noise.expected) < 5e-4)
  }

  @Test(arguments: denoisers.filter(\.configuration.isConditional))
  func noiseWithAConditionMatches(_ golden: DenoiserCase) throws {
    let noise = try Self.noise(golden, .float32, conditional: true)
    #expect(largestDifference(noise.found, noise.expected) < 5e-4)
  }

  @Test(
    arguments: denoisers)
  func bfloat16StaysWithinFivePercent(_ golden: DenoiserCase) throws {
    let noise = try Self.noise(golden, .bfloat16, conditional: golden.configuration.isConditional)
    #expect(relativeError(noise.found, from: noise.expected) < 0.05)
  }

  @Test(arguments: KernelSelection.available)
  func everyInstructionSetMatches(_ kernels: String) throws {
    let noise = try KernelSelection.withKernels(kernels) {
      try Self.noise(Self.denoisers[0], .float32, conditional: true)
    }
    #expect(largestDifference(noise.found, noise.expected) < 5e-4)
  }

  /// Of each parameter's gradient the file has the length and the first numbers.
  @Test func theLossAndEveryGradientMatch() throws {
    let golden = Self.denoisers[0]
    let file = try golden.file()
    let context = try ComputeContext(threadCount: 2)
    let step = try DenoiserTrainingStep(
      Self.source(of: golden.configuration.parameters), golden.configuration, context)
    let (clean, conditions) = (try file.latents("x"), try file.latents("cond"))
    let (noise, times) = (try file.latents("noise"), try file.ints("t"))
    let loss = try context.read(
      step.accumulate(
        clean.indices.map {
          DenoiserExample(
            clean: clean[$0], condition: conditions[$0], noise: noise[$0], step: times[$0])
        }))[0]
    #expect(abs(loss / (try file.float("loss")[0]) - 1) < 1e-4)
    let lengths = try step.parameters.parameters.map {
      try file.float("grad.length.\($0.name)")[0]
    }
    let stored = file.keys.filter { $0.hasPrefix("grad.length.") }
    #expect(stored.count == lengths.count)
    let whole = lengths.reduce(0) { $0 + $1 * $1 }.squareRoot()
    for (parameter, length) in zip(step.parameters.parameters, lengths) {
      let gradient = try context.read(#require(parameter.gradient))
      let found = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot()
      // Biases before a normalisation with one channel a group have no gradient but rounding errors.
      let tolerance = 0.01 * length + 1e-5 * whole
      #expect(abs(found - length) < tolerance, "\(parameter.name)")
      let first = try file.float("grad.first.\(parameter.name)")
      #expect(
        largestDifference(Array(gradient.prefix(first.count)), first) < tolerance,
        "\(parameter.name)")
    }
  }

  // MARK: Sampling

  /// Every step begins where PyTorch's began: these networks amplify a rounding error a thousand times in
  /// three steps (measured with PyTorch), so that whole runs say little.
  @Test(
    "each step of DDIM from a seed leads where PyTorch's led",
    arguments: ["8x16-free", "8x16-guided", "8x16-uncond-free"])
  func sampling(_ name: String) throws {
    let file = try GoldenFile(named: "sampling-\(name).safetensors")
    let metadata = file.metadata
    let golden = try #require(Self.denoisers.first { $0.testDescription == metadata["net"] })
    let guidance = try #require(Double(metadata["w"] ?? ""))
    let seed = try #require(UInt64(metadata["seed"] ?? ""))
    let sampler = try Sampler(
      configuration: SamplerConfiguration(
        steps: #require(Int(metadata["steps"] ?? "")),
        eta: #require(Double(metadata["eta"] ?? ""))))
    let condition = file.keys.contains("cond") ? try file.latents("cond")[0] : nil
    let expected = try file.latents("states")
    let context = try ComputeContext(threadCount: 2)
    let network = try golden.load(context, .float32)
    var state = try sampler.initialState(
      seed: seed, tokenCount: golden.configuration.geometry.tokenCount)
    #expect(state.latents == [expected[0]])
    for following in expected.dropFirst() {
      let timestep = try #require(sampler.nextTimestep(of: state))
      func noise(_ condition: Latent?) throws -> Latent {
        try network(
          state.latents, conditions: [condition], steps: [Float(timestep)], context)[0]
      }
      var predicted = try noise(condition)
      if guidance != 0 {
        predicted = Guidance.guided(
          conditional: predicted, unconditional: try noise(nil), scale: guidance)
      }
      state = try sampler.step(state, noisePredictions: [predicted]).state
      let difference = largestDifference(state.latents[0].values, following.values)
      #expect(difference < 2e-3, "at \(timestep) differs by \(difference)")
      let sample = state.samples[0]
      state = SamplerState(
        configuration: state.configuration, stepIndex: state.stepIndex,
        samples: [
          SampleState(latent: following, history: sample.history, generator: sample.generator)
        ])
    }
    #expect(state.isFinished)
  }

  // MARK: Autoencoder

  @Test func encodingMatches() throws {
    let context = try ComputeContext(threadCount: 2)
    let file = try GoldenFile(named: "autoencoder-64.safetensors")
    let network = try Self.load(Self.autoencoder.parameters, context, .float32) {
      try Autoencoder($0, Self.autoencoder)
    }
    let latent = try network.encode(file.clip("video_u8"), context)
    #expect(largestDifference(latent.values, try file.float("latent")) < 5e-4)
    let tokens = try context.read(network.encoderTokens(file.clip("video_u8"), context))
    let expected = try file.float("encoder_tokens_first64")
    #expect(relativeError(Array(tokens.prefix(expected.count)), from: expected) < 1e-5)
  }

  @Test(arguments: ElementType.kernelPrecisions)
  func decodingMatches(_ type: ElementType) throws {
    let decoded = try Self.decodedFrames(type)
    if type == .float32 {
      #expect(largestDifference(decoded.found, decoded.expected) * 127.5 < 1)
    } else {
      #expect(relativeError(decoded.found, from: decoded.expected) < 0.1)
    }
  }

  /// The frames of the file, channels first.
  static func decodedFrames(_ type: ElementType) throws -> (found: [Float], expected: [Float]) {
    let context = try ComputeContext(threadCount: 2)
    let file = try GoldenFile(named: "autoencoder-64.safetensors")
    let network = try load(autoencoder.parameters, context, type) {
      try Autoencoder($0, autoencoder)
    }
    let clip = try network.decode(file.latents("latent")[0], context)
    let area = clip.side * clip.side
    let found = try file.ints("decoded_frame_index").flatMap { frame in
      (0..<3).flatMap { channel in
        (0..<area).map { clip.values[(frame * area + $0) * 3 + channel] }
      }
    }
    return (found, try file.float("decoded"))
  }
}
