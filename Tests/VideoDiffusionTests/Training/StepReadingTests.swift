import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// How often a step of training waits for the device: once, when its losses and norms are read together.
struct StepReadingTests {
  private let device: CheckingDevice
  private let context: ComputeContext

  init() throws {
    device = try CheckingDevice(threadCount: 2)
    context = ComputeContext(Device(device))
  }

  /// Reads what a step wants to know, and lets the parameters learn twice.
  private func finish(_ parameters: ParameterSet, _ accumulate: () throws -> [Tensor]) throws {
    let optimizer = try Optimizer(parameters, .denoiser, context)
    let waits = device.waitCount
    for step in 1...2 {
      let losses = try accumulate()
      let norm = try optimizer.gradientNorm()
      #expect(device.waitCount == waits + step - 1)
      let numbers = try context.read(numbers: losses + [norm])
      #expect(device.waitCount == waits + step)
      #expect(numbers.allSatisfy { $0.isFinite && $0 > 0 }, "\(numbers)")
      try optimizer.step(norm: numbers[losses.count])
    }
    #expect(device.waitCount == waits + 2)
  }

  @Test("a denoiser's step waits once", arguments: [false, true])
  func denoiser(checkpointing: Bool) throws {
    let configuration = GoldenNetwork.small.configuration
    let step = try DenoiserTrainingStep(
      InitialParameters(configuration, seed: 1), configuration, checkpointing: checkpointing,
      context)
    let clean = Latent(zerosFor: configuration.geometry)
    var generator = TorchGenerator(seed: 1)
    let examples = (0..<2).map { _ in
      DenoiserExample(clean: clean, condition: clean, generator: &generator)
    }
    try finish(step.parameters) { try examples.map { try step.accumulate([$0], weight: 0.5) } }
  }

  @Test("an autoencoder's step waits once, with every loss that it can have")
  func autoencoder() throws {
    let configuration = AutoencoderConfiguration(resolution: 16, patchSide: 4, width: 16, layers: 1)
    var weights = AutoencoderLossWeights()
    weights.gradientDifference = 1
    weights.temporalDifference = 1
    weights.latentL2 = 1
    let pair = try DiscriminatorPair(
      frameSource: InitialParameters(discriminator: .frame, seed: 1),
      clipSource: InitialParameters(discriminator: .clip, seed: 1), context)
    let step = try AutoencoderTrainingStep(
      InitialParameters(configuration, seed: 1), configuration, weights: weights,
      discriminators: pair, context)
    var numbers = SeededNumbers(1)
    let clip = PixelClip(frames: 16, side: 16, values: numbers.floats(16 * 16 * 16 * 3))
    let examples = [AutoencoderExample(clip: clip, frame: 0)]
    let losses = try step.accumulate(examples).tensors
    let hinges = try #require(try step.accumulateDiscriminators(examples))
    #expect(device.waitCount == 0)
    let found = try context.read(losses + (hinges.frame + hinges.clip).map(\.loss))
    #expect(device.waitCount == 1)
    #expect(found.allSatisfy { $0[0].isFinite }, "\(found)")
    try finish(pair.clipParameters) {
      let hinges = try #require(try step.accumulateDiscriminators(examples))
      return hinges.clip.map(\.loss)
    }
  }
}
