import Foundation
import NeuralLayers
import TensorCore
import TestSupport
import Testing
import VideoDiffusion

/// The denoiser's loss where examples do not count alike, or something else than noise is predicted.
@Suite(.onEveryDevice)
struct WeightedTrainingTests {
  /// The small denoiser, of noise or of velocities.
  private static func configuration(_ prediction: Prediction) -> DenoiserConfiguration {
    var configuration = GoldenNetwork.small.configuration
    configuration.prediction = prediction
    return configuration
  }

  private static func step(
    _ prediction: Prediction, ratioLimit: Float? = nil, isTaught: Bool = false,
    _ context: ComputeContext
  ) throws -> DenoiserTrainingStep {
    let configuration = configuration(prediction)
    return try DenoiserTrainingStep(
      FormulaNetworkTests.source(of: configuration.parameters), configuration,
      ratioLimit: ratioLimit, isTaught: isTaught, context)
  }

  private static func examples(_ timesteps: [Int] = [900, 100, 400]) -> [DenoiserExample] {
    let geometry = configuration(.noise).geometry
    var generator = TorchGenerator(seed: 5)
    func latent(_ scale: Float) -> Latent {
      let zeros = Latent(zerosFor: geometry)
      return Latent(
        values: generator.normals(count: zeros.values.count).map { scale * $0 },
        tokenCount: zeros.tokenCount)
    }
    return timesteps.map {
      DenoiserExample(clean: latent(0.4), condition: latent(0.4), noise: latent(1), step: $0)
    }
  }

  /// The mean square error of an example's noise, from the network's own answer.
  private static func squaredError(
    _ step: DenoiserTrainingStep, _ example: DenoiserExample, _ context: ComputeContext
  ) throws -> Double {
    let found = try step.network(
      [example.noised()], conditions: [example.condition], step: Float(example.step), context)[0]
    let target = example.target ?? example.noise
    return zip(found.values, target.values).reduce(0.0) { sum, pair in
      sum + Double((pair.0 - pair.1) * (pair.0 - pair.1))
    } / Double(target.values.count)
  }

  @Test("the loss of velocities is the noise's error over the signal's share")
  func velocityLoss() throws {
    let context = try ComputeContext(threadCount: 2)
    let step = try Self.step(.velocity, context)
    let examples = Self.examples()
    let expected = try examples.reduce(0.0) { sum, example in
      let alpha = Double(DiffusionSchedule.published.alphasCumulative[example.step])
      return sum + (try Self.squaredError(step, example, context)) / alpha / 3
    }
    let found = try Double(context.read(step.error(examples))[0])
    #expect(abs(found / expected - 1) < 1e-3)
  }

  @Test("min-SNR weights count each example's error", arguments: Prediction.allCases)
  func limitedRatios(prediction: Prediction) throws {
    let context = try ComputeContext(threadCount: 2)
    let step = try Self.step(prediction, ratioLimit: 5, context)
    let examples = Self.examples()
    let expected = try examples.reduce(0.0) { sum, example in
      let alpha = Double(DiffusionSchedule.published.alphasCumulative[example.step])
      let ratio = alpha / (1 - alpha)
      // In terms of the noise, whatever is predicted.
      let weight = min(ratio, 5) / ratio
      return sum + weight * (try Self.squaredError(step, example, context)) / 3
    }
    let found = try Double(context.read(step.error(examples))[0])
    #expect(abs(found / expected - 1) < 1e-3)
  }

  @Test("examples with targets of a teacher count by their weights", arguments: Prediction.allCases)
  func taught(prediction: Prediction) throws {
    let context = try ComputeContext(threadCount: 2)
    let step = try Self.step(prediction, isTaught: true, context)
    var examples = Self.examples()
    for (index, weight) in [Float(7), 0.5, 2].enumerated() {
      examples[index].weight = weight
      examples[index].target = examples[(index + 1) % 3].noise
    }
    let expected = try examples.reduce(0.0) { sum, example in
      sum + Double(example.weight) * (try Self.squaredError(step, example, context)) / 3
    }
    let found = try Double(context.read(step.error(examples))[0])
    #expect(abs(found / expected - 1) < 1e-3)
  }

  @Test("gradients of weighted examples match finite differences", arguments: Prediction.allCases)
  func gradients(prediction: Prediction) throws {
    let context = try ComputeContext(threadCount: 2)
    let examples = Self.examples()
    let configuration = Self.configuration(prediction)
    let source = FormulaNetworkTests.source(of: configuration.parameters)
    func step() throws -> DenoiserTrainingStep {
      try DenoiserTrainingStep(source, configuration, ratioLimit: 5, context)
    }
    let trained = try step()
    _ = try trained.accumulate(examples)
    let name = "out.2.bias"
    let gradient = try context.read(#require(trained.parameters[name]?.gradient))
    let values = try #require(source.parameters[name]).values
    for index in values.indices {
      func loss(_ change: Float) throws -> Double {
        source.parameters[name]?.values[index] = values[index] + change
        return try Double(context.read(step().error(examples))[0])
      }
      // The loss is a parabola of the last layer's bias, so that a wide difference is exact.
      let slope = (try loss(0.25) - loss(-0.25)) / 0.5
      source.parameters[name]?.values[index] = values[index]
      #expect(abs(slope - Double(gradient[index])) < 2e-3 * max(1, abs(slope)))
    }
  }

  @Test("one factor for all gives the plain mean")
  func equalWeights() throws {
    let context = try ComputeContext(threadCount: 2)
    let plain = try context.read(Self.step(.noise, context).error(Self.examples()))[0]
    let weighted = try context.read(
      Self.step(.noise, isTaught: true, context).error(Self.examples()))[0]
    #expect(abs(plain / weighted - 1) < 1e-6)
  }
}
