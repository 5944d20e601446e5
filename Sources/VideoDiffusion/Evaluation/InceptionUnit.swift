import NeuralLayers
import TensorCore

/// A convolution of I3D with its batch normalisation folded into it, then ReLU (Carreira and
/// Zisserman 2017; keys as in the PyTorch port).
struct InceptionUnit {
  private let convolution: VolumeConvolution

  /// The normalisation's epsilon, which the checkpoint does not hold.
  private static let epsilon: Float = 1e-5

  /// Takes the unit's parameters: `conv3d.weight` `[outputs, inputs, k, k, k]` and `bn.*`
  /// `[outputs]`.
  ///
  /// - Parameter extents: Of the volumes it runs on most.
  init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, kernel: Int = 1, stride: Int = 1,
    on extents: VolumeExtents
  ) throws {
    let norm = scope["bn"]
    let scale = try norm.values("weight", shape: [outputs])
    let shift = try norm.values("bias", shape: [outputs])
    let mean = try norm.values("running_mean", shape: [outputs])
    let variance = try norm.values("running_var", shape: [outputs])
    let factors = zip(scale, variance).map { $0 / ($1 + Self.epsilon).squareRoot() }
    let bias = (0..<outputs).map { shift[$0] - mean[$0] * factors[$0] }
    var weight = try scope["conv3d"].values(
      "weight", shape: [outputs, inputs, kernel, kernel, kernel])
    let length = weight.count / outputs
    for index in weight.indices { weight[index] *= factors[index / length] }
    let window = VolumeWindow(
      size: VolumeExtents(kernel), stride: VolumeExtents(stride), padding: .same)
    convolution = try weight.withUnsafeBufferPointer {
      try scope.context.prepareConvolution(
        $0, bias: bias, inputs: inputs, outputs: outputs, window: window, appliesReLU: true,
        on: extents)
    }
  }

  func callAsFunction(_ x: Tensor, _ context: ComputeContext) throws -> Tensor {
    try context.convolution(x, convolution)
  }
}

/// Four branches side by side: 1x1x1; 1x1x1 then 3x3x3, twice; pooling then 1x1x1. Their channels
/// are joined in this order.
struct InceptionModule {
  /// Channels of the branches; of the second and third also of their first convolution.
  struct Widths {
    let single: Int
    let reduced: Int
    let cubed: Int
    let smallReduced: Int
    let smallCubed: Int
    let pooled: Int

    init(
      _ single: Int, _ reduced: Int, _ cubed: Int, _ smallReduced: Int, _ smallCubed: Int,
      _ pooled: Int
    ) {
      self.single = single
      self.reduced = reduced
      self.cubed = cubed
      self.smallReduced = smallReduced
      self.smallCubed = smallCubed
      self.pooled = pooled
    }

    /// Channels of the result.
    var total: Int { single + cubed + smallCubed + pooled }
  }

  private let single: InceptionUnit
  private let reduced: InceptionUnit
  private let cubed: InceptionUnit
  private let smallReduced: InceptionUnit
  private let smallCubed: InceptionUnit
  private let pooled: InceptionUnit
  private static let pooling = VolumeWindow(size: VolumeExtents(3), padding: .same)

  init(
    _ scope: ParameterScope, _ inputs: Int, _ widths: Widths, on extents: VolumeExtents
  ) throws {
    single = try InceptionUnit(scope["b0"], inputs, widths.single, on: extents)
    reduced = try InceptionUnit(scope["b1a"], inputs, widths.reduced, on: extents)
    cubed = try InceptionUnit(scope["b1b"], widths.reduced, widths.cubed, kernel: 3, on: extents)
    smallReduced = try InceptionUnit(scope["b2a"], inputs, widths.smallReduced, on: extents)
    smallCubed = try InceptionUnit(
      scope["b2b"], widths.smallReduced, widths.smallCubed, kernel: 3, on: extents)
    pooled = try InceptionUnit(scope["b3b"], inputs, widths.pooled, on: extents)
  }

  func callAsFunction(_ x: Tensor, _ context: ComputeContext) throws -> Tensor {
    let first = try context.concatenateChannels(
      single(x, context), cubed(reduced(x, context), context))
    let second = try context.concatenateChannels(
      smallCubed(smallReduced(x, context), context),
      pooled(context.maximumPool(x, Self.pooling), context))
    return try context.concatenateChannels(first, second)
  }
}
