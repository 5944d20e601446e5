import NeuralLayers
import TensorCore

/// The two discriminators of the autoencoder's second phase (Yu et al. 2023, appendix; Ge et al. 2022):
/// one judges single frames, one whole clips. Each has its own parameters and optimiser.
package final class DiscriminatorPair {
  /// Judges frames.
  package let frame: PatchDiscriminator
  /// Judges clips.
  package let clip: PatchDiscriminator
  /// Parameters of the frames' discriminator.
  package let frameParameters = ParameterSet()
  /// Parameters of the clips' discriminator.
  package let clipParameters = ParameterSet()
  private let context: ComputeContext

  /// Builds both discriminators.
  ///
  /// - Parameters:
  ///   - frameSource: Where the parameters of the first begin, for example
  ///     ``InitialParameters``.
  ///   - clipSource: Where those of the second begin.
  /// - Throws: ``ParameterError`` for a missing or misshapen parameter, and what a source throws.
  package init(
    frameSource: any ParameterSource, clipSource: any ParameterSource,
    elementType: ElementType = .float32, _ context: ComputeContext
  ) throws {
    self.context = context
    frame = try PatchDiscriminator(
      ParameterScope(
        frameSource, context: context, elementType: elementType, trained: frameParameters), .frame)
    clip = try PatchDiscriminator(
      ParameterScope(
        clipSource, context: context, elementType: elementType, trained: clipParameters), .clip)
    isTrained = false
  }

  /// Whether the discriminators get gradients: only in their own step, not in the generator's.
  private var isTrained: Bool {
    get { frameParameters.isTrained && clipParameters.isTrained }
    set {
      frameParameters.isTrained = newValue
      clipParameters.isTrained = newValue
    }
  }

  /// The outputs of both discriminators for a batch.
  private struct Outputs {
    let frame: PatchDiscriminator.Output
    let clip: PatchDiscriminator.Output
  }

  /// - Parameters:
  ///   - frames: `[batch, height, width, 3]`.
  ///   - clips: `[batch, frames, height, width, 3]`.
  private func outputs(frames: Tensor, clips: Tensor) throws -> Outputs {
    Outputs(frame: try frame(frames, context), clip: try clip(clips, context))
  }

  /// The generator's part in the game: the parts of `-(mean logits of frames + of clips)`, and the
  /// differences of activations. The discriminators themselves get no gradients.
  ///
  /// - Parameters:
  ///   - real: Frames and clips of the data.
  ///   - made: The reconstructions.
  package func generatorLosses(
    real: (frames: Tensor, clips: Tensor), made: (frames: Tensor, clips: Tensor)
  ) throws -> (logits: [Tensor], features: [Tensor]) {
    let realOutputs = try outputs(frames: real.frames, clips: real.clips)
    let madeOutputs = try outputs(frames: made.frames, clips: made.clips)
    return (
      [try context.mean(madeOutputs.frame.logits), try context.mean(madeOutputs.clip.logits)],
      try context.featureMatchingLosses(real: realOutputs.frame, made: madeOutputs.frame)
        + context.featureMatchingLosses(real: realOutputs.clip, made: madeOutputs.clip)
    )
  }

  /// Adds the gradients of both discriminators' hinge losses to those that have gathered.
  ///
  /// - Parameters:
  ///   - real: Frames and clips of the data.
  ///   - made: The reconstructions.
  ///   - weight: Factor of the losses: 1 over the number of batches that make up one step.
  ///   - whenWhole: In the last batch, called whenever gradients of parameters are whole.
  /// - Returns: The losses of both, before the factor: parts that are to be added up with theirs.
  package func accumulate(
    real: (frames: Tensor, clips: Tensor), made: (frames: Tensor, clips: Tensor), weight: Float = 1,
    whenWhole: (() throws -> Void)? = nil
  ) throws -> (frame: [WeightedLoss], clip: [WeightedLoss]) {
    isTrained = true
    defer { isTrained = false }
    let tape = GradientTape(checkpointing: false, whenWhole: whenWhole)
    let (frameLosses, clipLosses) = try context.recording(on: tape) {
      let realOutputs = try outputs(frames: real.frames, clips: real.clips)
      let madeOutputs = try outputs(frames: made.frames, clips: made.clips)
      return (
        try context.hingeLosses(real: realOutputs.frame, made: madeOutputs.frame),
        try context.hingeLosses(real: realOutputs.clip, made: madeOutputs.clip)
      )
    }
    try context.backward(
      from: (frameLosses + clipLosses).map { ($0.loss, weight * $0.weight) }, on: tape)
    return (frameLosses, clipLosses)
  }
}
