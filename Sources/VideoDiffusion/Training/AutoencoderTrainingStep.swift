import NeuralLayers
import TensorCore

/// The factors of the autoencoder's losses; the defaults are the paper's.
public struct AutoencoderLossWeights: Sendable, Hashable, Codable {
  /// Of the mean absolute difference of the pixels.
  public var absolute: Float = 4
  /// Of the differences between neighbouring pixels; 0 leaves that loss out, as the paper does.
  public var gradientDifference: Float = 0
  /// Of the differences between a pixel's values in different frames; 0 leaves that loss out, as the
  /// paper does.
  public var temporalDifference: Float = 0
  /// Of the mean square of the planes' values before tanh, which keeps them from sticking at -1 and 1,
  /// where they carry nothing; 0 leaves it out, as the paper does.
  public var latentL2: Float = 0
  /// Of the perceptual distance of one frame.
  public var perceptual: Float = 4
  /// Of the discriminators' logits, in the second phase.
  public var adversarial: Float = 1
  /// Of the differences of the discriminators' activations, in the second phase.
  public var featureMatching: Float = 4

  /// The paper's factors.
  public init() {}
}

/// The losses of one batch, before their factors.
package struct AutoencoderLosses: Sendable, Hashable {
  /// Mean absolute difference of the pixels.
  package var absolute: Float = 0
  /// Difference of the changes between neighbouring pixels, if it has a factor.
  package var gradientDifference: Float?
  /// Difference of the changes from frame to frame and over longer times, if it has a factor.
  package var temporalDifference: Float?
  /// Mean square of the planes' values before tanh, if it has a factor.
  package var latentL2: Float?
  /// Perceptual distance of the chosen frames, if it is measured.
  package var perceptual: Float?
  /// `-(mean logits of frames + of clips)`, in the second phase.
  package var adversarial: Float?
  /// Differences of the discriminators' activations, in the second phase.
  package var featureMatching: Float?

  /// The sum with the factors.
  package func total(_ weights: AutoencoderLossWeights) -> Float {
    weights.absolute * absolute + weights.gradientDifference * (gradientDifference ?? 0)
      + weights.temporalDifference * (temporalDifference ?? 0)
      + weights.latentL2 * (latentL2 ?? 0) + weights.perceptual * (perceptual ?? 0)
      + weights.adversarial * (adversarial ?? 0)
      + weights.featureMatching * (featureMatching ?? 0)
  }

  /// Adds another batch's losses by its share of the mean.
  mutating func add(_ other: AutoencoderLosses, _ share: Float) {
    absolute += share * other.absolute
    func sum(_ mine: Float?, _ part: Float?) -> Float? {
      part.map { (mine ?? 0) + share * $0 } ?? mine
    }
    gradientDifference = sum(gradientDifference, other.gradientDifference)
    temporalDifference = sum(temporalDifference, other.temporalDifference)
    latentL2 = sum(latentL2, other.latentL2)
    perceptual = sum(perceptual, other.perceptual)
    adversarial = sum(adversarial, other.adversarial)
    featureMatching = sum(featureMatching, other.featureMatching)
  }
}

/// The losses of a batch that are still on the device, to be read with what else a step wants to know.
package struct AutoencoderLossTensors {
  /// One loss with its share of the loss that is reported.
  typealias Part = (kind: WritableKeyPath<AutoencoderLosses, Float>, loss: Tensor, share: Float)

  /// The parts of each pass through the network; the batch's losses are the mean over passes.
  let passes: [[Part]]

  /// All parts, `[1]` each.
  package var tensors: [Tensor] { passes.flatMap { $0.map(\.loss) } }

  /// The means over the batch, before all factors.
  ///
  /// - Parameter numbers: What was read of ``tensors``, and more; they are taken from the front.
  package func losses(taking numbers: inout ArraySlice<Float>) -> AutoencoderLosses {
    var mean = AutoencoderLosses()
    for parts in passes {
      var losses = AutoencoderLosses()
      for part in parts { losses[keyPath: part.kind] += part.share * numbers.removeFirst() }
      mean.add(losses, 1 / Float(passes.count))
    }
    return mean
  }

  /// The means over the batch, read by themselves.
  package func read(_ context: ComputeContext) throws -> AutoencoderLosses {
    var numbers = try context.read(tensors).map { $0[0] }[...]
    return losses(taking: &numbers)
  }
}

extension Optional where Wrapped == Float {
  /// The loss, or 0 where it has not been added to.
  fileprivate var sum: Float {
    get { self ?? 0 }
    set { self = newValue }
  }
}

/// A clip to train with, and the frame of it that is looked at by itself.
public struct AutoencoderExample: Sendable, Hashable {
  /// The clip.
  public var clip: PixelClip
  /// The number of the frame for the perceptual distance and the frames' discriminator.
  public var frame: Int
  /// What is added to the clip's latent before it is read back, so that the decoder learns to bear what
  /// a sampled latent is off by.
  public var latentNoise: Latent?

  /// Describes an example.
  public init(clip: PixelClip, frame: Int, latentNoise: Latent? = nil) {
    precondition((0..<clip.frames).contains(frame))
    self.latentNoise = latentNoise
    self.clip = clip
    self.frame = frame
  }
}

/// The autoencoder with its parameters, and what one step of its training computes (PVDM, section
/// 3.1): the reconstruction's losses, and the gradients of them.
package final class AutoencoderTrainingStep {
  /// The network; always up to date with the parameters.
  package let network: Autoencoder
  /// What is trained, under the names of the authors' files.
  package let parameters = ParameterSet()
  /// The factors of the losses.
  package let weights: AutoencoderLossWeights
  /// Measures the perceptual distance; `nil` leaves that loss out.
  package let perceptualDistance: PerceptualDistance?
  /// The discriminators of the second phase; `nil` for the first.
  package let discriminators: DiscriminatorPair?
  /// Whether layers run twice to save memory.
  package let isCheckpointing: Bool
  private let context: ComputeContext

  /// Builds an autoencoder to be trained.
  ///
  /// - Parameters:
  ///   - source: Where its parameters begin: a checkpoint, or random ones.
  ///   - elementType: Precision of products and features; parameters and gradients are float32.
  /// - Throws: ``ParameterError`` for a missing or misshapen parameter, and what the source throws.
  package init(
    _ source: any ParameterSource, _ configuration: AutoencoderConfiguration,
    weights: AutoencoderLossWeights = AutoencoderLossWeights(),
    perceptualDistance: PerceptualDistance? = nil, discriminators: DiscriminatorPair? = nil,
    elementType: ElementType = .float32, checkpointing: Bool = false, _ context: ComputeContext
  ) throws {
    let scope = ParameterScope(
      source, context: context, elementType: elementType, trained: parameters)
    network = try Autoencoder(scope, configuration)
    self.weights = weights
    self.perceptualDistance = perceptualDistance
    self.discriminators = discriminators
    self.context = context
    isCheckpointing = checkpointing
  }

  /// Adds the gradients of a batch to those that have gathered.
  ///
  /// Without discriminators the clips go through one by one, so that memory does not grow with the
  /// batch; batch normalisation needs them together.
  ///
  /// - Parameters:
  ///   - examples: The batch.
  ///   - weight: Factor of the loss: 1 over the number of batches that make up one step.
  ///   - whenWhole: In the last batch, called whenever gradients of parameters are whole.
  /// - Returns: The means of the losses over the batch, before all factors.
  package func accumulate(
    _ examples: [AutoencoderExample], weight: Float = 1, whenWhole: (() throws -> Void)? = nil
  ) throws -> AutoencoderLossTensors {
    let passes = discriminators == nil ? examples.map { [$0] } : [examples]
    return AutoencoderLossTensors(
      passes: try passes.enumerated().map { index, pass in
        try accumulateTogether(
          pass, weight: weight * (1 / Float(passes.count)),
          whenWhole: index == passes.count - 1 ? whenWhole : nil)
      })
  }

  /// Adds the gradients of the discriminators on a batch to those that have gathered; the autoencoder
  /// gets none.
  ///
  /// - Parameter whenWhole: In the last batch, called whenever gradients of parameters are whole.
  /// - Returns: The losses of both, before the factor; `nil` without discriminators.
  package func accumulateDiscriminators(
    _ examples: [AutoencoderExample], weight: Float = 1, whenWhole: (() throws -> Void)? = nil
  ) throws -> (frame: [WeightedLoss], clip: [WeightedLoss])? {
    guard let discriminators else { return nil }
    let clips = try examples.map { try network.framesTensor($0.clip, context) }
    let made = try zip(clips, examples).map { clip, example in
      try network.reconstruct(clip, addingToPlanes: example.latentNoise, context).frames
    }
    return try discriminators.accumulate(
      real: batch(clips, examples), made: batch(made, examples), weight: weight,
      whenWhole: whenWhole)
  }

  private func accumulateTogether(
    _ examples: [AutoencoderExample], weight: Float, whenWhole: (() throws -> Void)?
  ) throws -> [AutoencoderLossTensors.Part] {
    let tape = GradientTape(checkpointing: isCheckpointing, whenWhole: whenWhole)
    var parts: [AutoencoderLossTensors.Part] = []
    var weighted: [WeightedLoss] = []
    func add(
      _ kind: WritableKeyPath<AutoencoderLosses, Float>, _ factor: Float, share: Float = 1,
      _ loss: Tensor
    ) {
      parts.append((kind, loss, share))
      weighted.append((loss, weight * factor * share))
    }
    try context.recording(on: tape) {
      let clips = try examples.map { try network.framesTensor($0.clip, context) }
      let reconstructions = try zip(clips, examples).map { clip, example in
        try network.reconstruct(clip, addingToPlanes: example.latentNoise, context)
      }
      let made = reconstructions.map(\.frames)
      let share = 1 / Float(examples.count)
      for (clip, reconstruction) in zip(clips, made) {
        try add(
          \.absolute, weights.absolute, share: share,
          context.meanDistance(reconstruction, clip, .absolute))
        if weights.gradientDifference > 0 {
          try add(
            \.gradientDifference.sum, weights.gradientDifference, share: share,
            context.gradientDifference(reconstruction, clip))
        }
        if weights.temporalDifference > 0 {
          try add(
            \.temporalDifference.sum, weights.temporalDifference, share: share,
            context.temporalDifference(
              reconstruction, clip, lags: Self.lags.filter { $0 < clip.shape[0] }))
        }
      }
      if weights.latentL2 > 0 {
        let planes = reconstructions.flatMap(\.planes)
        let values = planes.reduce(0) { $0 + $1.count }
        for plane in planes {
          try add(
            \.latentL2.sum, weights.latentL2, share: Float(plane.count) / Float(values),
            context.meanDistance(plane, context.zeros(plane.shape), .squared))
        }
      }
      guard perceptualDistance != nil || discriminators != nil else { return }
      let real = try batch(clips, examples)
      let result = try batch(made, examples)
      if let perceptualDistance {
        let perceptual = try perceptualDistance(result.frames, real.frames, context)
        for part in perceptual.parts { add(\.perceptual.sum, weights.perceptual, part) }
      }
      if let discriminators {
        let (logits, features) = try discriminators.generatorLosses(real: real, made: result)
        for logit in logits { add(\.adversarial.sum, weights.adversarial, share: -1, logit) }
        for feature in features { add(\.featureMatching.sum, weights.featureMatching, feature) }
      }
    }
    try context.backward(from: weighted, on: tape)
    return parts
  }

  /// Frames apart at which changes are compared: within moments, where motion is small and errors of
  /// neighbouring frames alike, and over most of a clip of 16, where it is not.
  private static let lags = [1, 4, 12]

  /// Clips as one tensor, and the chosen frame of each.
  private func batch(
    _ clips: [Tensor], _ examples: [AutoencoderExample]
  ) throws -> (frames: Tensor, clips: Tensor) {
    let frames = try zip(clips, examples).map { clip, example in
      let frame = try context.slice(clip, example.frame..<(example.frame + 1))
      return frame.reshaped(Array(frame.shape.dropFirst()))
    }
    return (try context.stacked(frames), try context.stacked(clips))
  }
}
