import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// What training begins with.
@Suite(.onEveryDevice)
struct InitialParametersTests {
  private func values(_ source: InitialParameters, _ name: String) throws -> [Float] {
    try source.withValues(of: name) { Array($0) }
  }

  private func deviation(_ values: [Float]) -> Double {
    (values.reduce(0) { $0 + Double($1) * Double($1) } / Double(values.count)).squareRoot()
  }

  @Test func anUntrainedDenoiserPredictsNothing() throws {
    let configuration = GoldenNetwork.small.configuration
    let context = try ComputeContext(threadCount: 1)
    let scope = ParameterScope(
      InitialParameters(configuration, seed: 1), context: context, elementType: .float32)
    let network = try Denoiser(scope, configuration)
    let tokens = configuration.geometry.tokenCount
    var numbers = SeededNumbers(1)
    let latent = Latent(values: numbers.floats(4 * tokens), tokenCount: tokens)
    let noise = try network([latent], conditions: [latent], step: 400, context)
    #expect(noise[0].values.allSatisfy { $0 == 0 })
  }

  @Test func anAutoencoderIsComplete() throws {
    let configuration = AutoencoderConfiguration(resolution: 16, patchSide: 4, width: 16, layers: 1)
    let context = try ComputeContext(threadCount: 1)
    let step = try AutoencoderTrainingStep(
      InitialParameters(configuration, seed: 1), configuration, context)
    let buffers = ["coords", "inv_freqs", "scales"]
    let names = configuration.parameters.map(\.name).filter { name in
      !buffers.contains { name.hasSuffix($0) }
    }
    #expect(Set(step.parameters.parameters.map(\.name)) == Set(names))
    let optimizer = try Optimizer(step.parameters, .autoencoder, context)
    var numbers = SeededNumbers(1)
    let clip = PixelClip(frames: 16, side: 16, values: numbers.floats(16 * 16 * 16 * 3))
    let losses = try (0..<4).map { _ in
      let losses = try step.accumulate([AutoencoderExample(clip: clip, frame: 0)])
      try optimizer.step()
      return try losses.read(context).absolute
    }
    #expect(zip(losses, losses.dropFirst()).allSatisfy { $0 > $1 }, "\(losses)")
  }

  @Test func kernelsHaveTheSpreadOfPyTorchs() throws {
    let source = InitialParameters(DenoiserConfiguration.published, seed: 1)
    // Uniform within 1 / sqrt(inputs): the deviation is the limit over the root of 3.
    let weights = try values(source, "input_blocks.4.0.in_layers.2.weight")
    #expect(abs(deviation(weights) * (3 * 256 * 9).squareRoot() - 1) < 0.01)
    #expect(try values(source, "input_blocks.4.0.in_layers.0.weight").allSatisfy { $0 == 1 })
    #expect(try values(source, "input_blocks.4.0.in_layers.0.bias").allSatisfy { $0 == 0 })
    #expect(try values(source, "input_blocks.4.0.out_layers.3.weight").allSatisfy { $0 == 0 })
    let bias = try values(source, "time_embed.0.bias")
    #expect(bias.allSatisfy { abs($0) <= 1.0 / 16 })
    #expect(deviation(bias) > 0.02)
  }

  @Test func discriminatorsAreNormal() throws {
    let source = InitialParameters(discriminator: .clip, seed: 1)
    let weights = try values(source, "model2.0.weight")
    #expect(abs(deviation(weights) / 0.02 - 1) < 0.01)
    let scale = try values(source, "model2.1.weight")
    #expect(abs(deviation(scale.map { $0 - 1 }) / 0.02 - 1) < 0.2)
    let context = try ComputeContext(threadCount: 2)
    let pair = try DiscriminatorPair(
      frameSource: InitialParameters(discriminator: .frame, seed: 1), clipSource: source, context)
    var numbers = SeededNumbers(1)
    let x = try context.tensor(numbers.floats(16 * 16 * 16 * 3), shape: [1, 16, 16, 16, 3])
    #expect(try pair.clip(x, context).logits.shape == [1, 5, 5, 5, 1])
  }

  @Test func theSeedAndTheNameDecide() throws {
    let configuration = GoldenNetwork.small.configuration
    let name = "time_embed.0.weight"
    let first = try values(InitialParameters(configuration, seed: 1), name)
    #expect(try values(InitialParameters(configuration, seed: 1), name) == first)
    #expect(try values(InitialParameters(configuration, seed: 2), name) != first)
    #expect(
      try values(InitialParameters(configuration, seed: 1), "time_embed.2.weight")
        .prefix(first.count) != first[...])
  }

  @Test(.enabled(if: GoldenFile.isAvailable, Comment(rawValue: GoldenFile.skipReason)))
  func buffersAreThoseOfTheOriginal() throws {
    let golden = try GoldenNetwork.parameters("ae-64/model.pth")
    let source = InitialParameters(GoldenNetwork.autoencoders[0].configuration, seed: 1)
    for name in [
      "coords", "encoder.frame_rot_emb.inv_freqs", "decoder.image_rot_emb.scales",
    ] {
      let expected = try golden.withValues(of: name) { Array($0) }
      #expect(largestDifference(try values(source, name), expected) < 1e-6, "\(name)")
    }
  }
}
