import NeuralLayers
import TensorCore

/// One example of the denoiser's training: a clip's latent, what stands before it, and the noise that
/// is drawn for it.
public struct DenoiserExample: Sendable, Hashable {
  /// The latent to learn.
  public var clean: Latent
  /// The latent of the clip before it; `nil` for none.
  public var condition: Latent?
  /// The noise that the network is to predict, standard normal.
  public var noise: Latent
  /// The time step, in `0..<schedule.stepCount`.
  public var step: Int
  /// The noise that the network's prediction is to stand for; `nil` for the noise that was drawn.
  public var target: Latent?
  /// Factor of the noise's error where the examples of a batch do not count alike.
  public var weight: Float = 1

  /// Describes an example.
  public init(clean: Latent, condition: Latent?, noise: Latent, step: Int) {
    self.clean = clean
    self.condition = condition
    self.noise = noise
    self.step = step
  }

  /// Draws the time step, uniformly, and the noise.
  ///
  /// - Parameters:
  ///   - clean: The latent to learn.
  ///   - condition: The latent of the clip before it; `nil` for none.
  ///   - schedule: Of which the time step is drawn.
  ///   - steps: Those that it is one of; `nil` for all of the schedule.
  ///   - generator: Advances.
  public init(
    clean: Latent, condition: Latent?, schedule: DiffusionSchedule = .published,
    among steps: [Int]? = nil, generator: inout TorchGenerator
  ) {
    let drawn = Int(generator.nextInteger(below: UInt64(steps?.count ?? schedule.stepCount)))
    let step = steps?[drawn] ?? drawn
    let noise = clean.with(values: generator.normals(count: clean.values.count))
    self.init(clean: clean, condition: condition, noise: noise, step: step)
  }

  /// Draws what ``init(clean:condition:schedule:among:generator:)`` does for a latent of so many numbers, and
  /// forgets it: another process learns from that one.
  public static func skipDraws(
    count: Int, schedule: DiffusionSchedule = .published, generator: inout TorchGenerator
  ) {
    _ = generator.nextInteger(below: UInt64(schedule.stepCount))
    _ = generator.normals(count: count)
  }

  /// The noised latent, `sqrt(a) x0 + sqrt(1 - a) noise` (Ho et al. 2020, equation 4).
  public func noised(_ schedule: DiffusionSchedule = .published) -> Latent {
    let signal = schedule.squareRootAlphasCumulative[step]
    let noiseScale = schedule.squareRootOneMinusAlphasCumulative[step]
    var result = clean
    for i in result.values.indices {
      result.values[i] = signal * clean.values[i] + noiseScale * noise.values[i]
    }
    return result
  }
}

/// The denoiser with its parameters, and what one step of its training computes: the error of the
/// predicted noise, and the gradients of it (PVDM, section 3.2).
package final class DenoiserTrainingStep {
  /// The network; always up to date with the parameters.
  package let network: Denoiser
  /// What is trained, under the names of the authors' files without `diffusion_model.`.
  package let parameters = ParameterSet()
  /// How the prediction's error is measured. The original code uses squares.
  package let distance: Distance
  /// The signal-to-noise ratio up to which time steps count by it (``Prediction/limitedWeight(at:limit:_:)``);
  /// `nil` counts them alike.
  package let ratioLimit: Float?
  /// Whether examples count by their weights, or all alike.
  package let isWeighted: Bool
  /// Whether blocks run twice to save memory.
  package let isCheckpointing: Bool
  private let schedule: DiffusionSchedule
  private let context: ComputeContext

  /// Builds a denoiser to be trained.
  ///
  /// - Parameters:
  ///   - source: Where its parameters begin: a checkpoint, or random ones.
  ///   - ratioLimit: See ``ratioLimit``.
  ///   - isTaught: Whether examples have targets of a teacher, with their weights.
  ///   - elementType: Precision of products and features; parameters and gradients are float32.
  /// - Throws: ``ParameterError`` for a missing or misshapen parameter, and what the source throws.
  package init(
    _ source: any ParameterSource, _ configuration: DenoiserConfiguration,
    schedule: DiffusionSchedule = .published, distance: Distance = .squared,
    ratioLimit: Float? = nil, isTaught: Bool = false, elementType: ElementType = .float32,
    checkpointing: Bool = false, _ context: ComputeContext
  ) throws {
    let scope = ParameterScope(
      source, context: context, elementType: elementType, trained: parameters)
    network = try Denoiser(scope, configuration)
    self.schedule = schedule
    self.distance = distance
    self.ratioLimit = ratioLimit
    isWeighted = isTaught || ratioLimit != nil
    self.context = context
    isCheckpointing = checkpointing
  }

  /// Adds the gradients of a batch to those that have gathered.
  ///
  /// - Parameters:
  ///   - examples: The batch.
  ///   - weight: Factor of the loss: 1 over the number of batches that make up one step.
  ///   - whenWhole: In the last batch, called whenever gradients of parameters are whole.
  /// - Returns: The mean error over the batch, `[1]`, before the factor.
  package func accumulate(
    _ examples: [DenoiserExample], weight: Float = 1, whenWhole: (() throws -> Void)? = nil
  ) throws -> Tensor {
    let tape = GradientTape(checkpointing: isCheckpointing, whenWhole: whenWhole)
    let parts = try context.recording(on: tape) { try errors(examples) }
    try context.backward(from: parts.map { ($0.loss, weight * $0.weight) }, on: tape)
    return try sum(parts)
  }

  /// The mean error over a batch, `[1]`.
  package func error(_ examples: [DenoiserExample]) throws -> Tensor { try sum(errors(examples)) }

  private func sum(_ parts: [WeightedLoss]) throws -> Tensor {
    guard isWeighted else { return parts[0].loss }
    let weighted = try parts.map { try context.scale($0.loss, by: $0.weight) }
    return try weighted.dropFirst().reduce(weighted[0]) { try context.add($0, $1) }
  }

  /// The parts of the mean error over a batch, without gradients unless a tape is recorded on.
  private func errors(_ examples: [DenoiserExample]) throws -> [WeightedLoss] {
    let configuration = network.configuration
    let geometry = configuration.geometry
    let noised = examples.map { $0.noised(schedule) }
    let x = try context.planeTokens(
      noised,
      conditions: configuration.isConditional ? examples.map(\.condition) : nil,
      noCondition: network.noCondition, geometry, elementType: network.elementType)
    let targets = zip(examples, noised).map { example, latent in
      configuration.prediction.target(
        noise: example.target ?? example.noise, in: latent, at: example.step, schedule)
    }
    let target = try context.planeTokens(
      targets, conditions: nil, geometry, elementType: .float32)
    let prediction = try network.predictedTokens(x, steps: examples.map { Float($0.step) }, context)
    guard isWeighted else {
      return [(try context.meanDistance(prediction, target, distance, on: geometry.stack), 1)]
    }
    return try examples.enumerated().map { index, example in
      let error = try context.meanDistance(
        prediction, target, distance, on: geometry.stack, samples: index..<(index + 1))
      return (error, factor(of: example) / Float(examples.count))
    }
  }

  /// The factor of an example's error in terms of what the network predicts.
  private func factor(of example: DenoiserExample) -> Float {
    let prediction = network.configuration.prediction
    if let ratioLimit {
      return example.weight
        * prediction.limitedWeight(at: example.step, limit: ratioLimit, schedule)
    }
    // A velocity is off by 1 / s times what the noise is.
    return example.weight * (prediction == .velocity ? schedule.alphasCumulative[example.step] : 1)
  }
}
