import NeuralLayers
import TensorCore

/// A discriminator that judges overlapping patches of frames or of clips (Isola et al. 2017,
/// "PatchGAN"): five convolutions of kernel 4, with batch normalisation in all but the first and the
/// last.
///
/// Parameters: `model{0...4}.0` convolutions, `model{1...3}.1` normalisations.
package struct PatchDiscriminator: Sendable {
  /// Over what it looks.
  package enum Reach: Int, Sendable, Hashable {
    /// Single frames: two axes.
    case frame = 2
    /// Clips: three axes.
    case clip = 3
  }

  /// What it makes of its input.
  package struct Output {
    /// The activations of every layer but the last, first to last.
    package let features: [Tensor]
    /// `[batch, patches along each axis..., 1]`: above 0 for what looks real.
    package let logits: Tensor
  }

  /// Over what it looks.
  package let reach: Reach
  private let layers: [(convolution: KernelConvolution, norm: NormalizationWeight?)]

  static let kernel = 4
  private static let slope: Float = 0.2

  /// Input and output channels and stride of each layer: 64 base channels, doubled three times.
  static let plan = [
    (inputs: 3, outputs: 64, stride: 2), (inputs: 64, outputs: 128, stride: 2),
    (inputs: 128, outputs: 256, stride: 2), (inputs: 256, outputs: 512, stride: 1),
    (inputs: 512, outputs: 1, stride: 1),
  ]

  /// Takes the network's parameters.
  ///
  /// - Parameter scope: Its root; it must be one for training.
  /// - Throws: ``ParameterError`` for a missing or misshapen parameter, and what the source throws.
  package init(_ scope: ParameterScope, _ reach: Reach) throws {
    self.reach = reach
    layers = try Self.plan.enumerated().map { index, layer in
      let names = scope["model\(index)"]
      let sides = Array(repeating: Self.kernel, count: reach.rawValue)
      let convolution = try scope.context.trainedKernelConvolution(
        names[0].tensor("weight", shape: [layer.outputs, layer.inputs] + sides),
        bias: names[0].tensor("bias", shape: [layer.outputs]), stride: layer.stride, padding: 2,
        elementType: scope.elementType)
      guard Self.hasNorm(index) else { return (convolution, nil) }
      return (
        convolution,
        NormalizationWeight(
          weight: try names[1].tensor("weight", shape: [layer.outputs]),
          bias: try names[1].tensor("bias", shape: [layer.outputs]))
      )
    }
  }

  /// - Parameter x: `[batch, height, width, 3]` frames or `[batch, frames, height, width, 3]` clips,
  ///   float32 in (-1, 1).
  package func callAsFunction(_ x: Tensor, _ context: ComputeContext) throws -> Output {
    var features: [Tensor] = []
    var h = try context.convert(x, to: layers[0].convolution.elementType)
    for (convolution, norm) in layers.dropLast() {
      h = try context.convolution(h, convolution)
      if let norm { h = try context.batchNorm(h, norm) }
      h = try context.leakyReLU(h, slope: Self.slope)
      features.append(h)
    }
    return Output(
      features: features, logits: try context.convolution(h, layers[layers.count - 1].convolution))
  }
}

extension ComputeContext {
  /// The loss of a discriminator (Lim and Ye 2017): half the hinge loss on what is real and on what
  /// is made.
  func hingeLosses(
    real: PatchDiscriminator.Output, made: PatchDiscriminator.Output
  ) throws -> [WeightedLoss] {
    [
      (try meanHinge(real.logits, sign: -1), 0.5), (try meanHinge(made.logits, sign: 1), 0.5),
    ]
  }

  /// How far apart the activations for what is made and what is real are: the mean absolute
  /// difference of each layer. The real ones get no gradient.
  func featureMatchingLosses(
    real: PatchDiscriminator.Output, made: PatchDiscriminator.Output
  ) throws -> [Tensor] {
    try zip(made.features, real.features).map { try meanDistance($0, $1, .absolute) }
  }
}
