import NeuralLayers
import TensorCore

/// C3D (Tran et al. 2015) trained on UCF-101, whose class probabilities the inception score of
/// videos is taken from (Saito et al. 2017 and 2020).
///
/// Keys are `conv1a`, `conv2a`, `conv3a` ... `conv5b`, `fc6`, `fc7` and `fc8`, each with `weight`
/// and `bias`; PyTorch ports call the first two `conv1` and `conv2`. Poolings take in the last,
/// partial window, as Caffe and Chainer do.
package struct C3D: FeatureNetwork {
  package var kind: FeatureNetworkKind { .c3d }

  /// Side of the frames that it sees, in pixels.
  static let side = 112
  private static let frames = 16

  private let stages: [[VolumeConvolution]]
  private let classifier: [VolumeConvolution]
  /// What is subtracted from each value, blue first: one number for each channel, or a whole clip.
  private let mean: [Float]

  private static let layers: [[(name: String, alternative: String, outputs: Int)]] = [
    [("conv1a", "conv1", 64)], [("conv2a", "conv2", 128)],
    [("conv3a", "conv3a", 256), ("conv3b", "conv3b", 256)],
    [("conv4a", "conv4a", 512), ("conv4b", "conv4b", 512)],
    [("conv5a", "conv5a", 512), ("conv5b", "conv5b", 512)],
  ]
  /// The key of a mean in the file, `[3]` or `[3, 16, 112, 112]`, blue first.
  static let meanKey = "mean"
  /// The mean colour of the training videos, blue first, where the file holds no mean.
  private static let meanColor: [Float] = [90.25164795, 97.65701294, 101.4083252]

  /// Takes the network's parameters.
  ///
  /// - Throws: `ParameterError` for a missing, misshapen or not finite weight.
  package init(_ scope: ParameterScope) throws {
    var extents = VolumeExtents(Self.frames, Self.side, Self.side)
    var inputs = 3
    let kernel = VolumeWindow(size: VolumeExtents(3), padding: .symmetric(VolumeExtents(1)))
    var stages: [[VolumeConvolution]] = []
    for (stage, layers) in Self.layers.enumerated() {
      stages.append(
        try layers.map { layer in
          let isRenamed = scope.contains(layer.alternative + ".weight")
          defer { inputs = layer.outputs }
          return try Self.convolution(
            scope[isRenamed ? layer.alternative : layer.name], inputs, layer.outputs, kernel,
            [layer.outputs, inputs, 3, 3, 3], appliesReLU: true, on: extents)
        })
      extents = Self.pooling(stage).outputs(of: extents)
    }
    self.stages = stages
    // A linear layer over what is left of the clip is a convolution with a kernel of its size.
    let whole = VolumeWindow(size: extents, padding: .symmetric(VolumeExtents(0)))
    let single = VolumeWindow(size: VolumeExtents(1), padding: .symmetric(VolumeExtents(0)))
    let classes = FeatureNetworkKind.c3d.featureCount
    classifier = [
      try Self.convolution(
        scope["fc6"], inputs, 4096, whole, [4096, inputs * extents.count], appliesReLU: true,
        on: extents),
      try Self.convolution(
        scope["fc7"], 4096, 4096, single, [4096, 4096], appliesReLU: true, on: VolumeExtents(1)),
      try Self.convolution(
        scope["fc8"], 4096, classes, single, [classes, 4096], appliesReLU: false,
        on: VolumeExtents(1)),
    ]
    guard scope.contains(Self.meanKey) else {
      mean = Self.meanColor
      return
    }
    let isColor = (try? scope.values(Self.meanKey, shape: [3])) != nil
    mean = try scope.values(
      Self.meanKey, shape: isColor ? [3] : [3, Self.frames, Self.side, Self.side])
  }

  private static func convolution(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, _ window: VolumeWindow,
    _ shape: [Int], appliesReLU: Bool, on extents: VolumeExtents
  ) throws -> VolumeConvolution {
    let bias = try scope.values("bias", shape: [outputs])
    return try scope.withValues("weight", shape: shape) {
      try scope.context.prepareConvolution(
        $0, bias: bias, inputs: inputs, outputs: outputs, window: window,
        appliesReLU: appliesReLU, on: extents)
    }
  }

  /// The first pooling leaves the number of frames.
  private static func pooling(_ stage: Int) -> VolumeWindow {
    let size = stage == 0 ? VolumeExtents(1, 2, 2) : VolumeExtents(2)
    return VolumeWindow(size: size, stride: size, padding: .covering)
  }

  /// The first 16 frames as the network sees them: stretched to 112 x 112 with corners on corners,
  /// blue first, less the mean.
  private func prepared(_ video: FrameBytes) -> [Float] {
    let resize = FrameResize(height: video.height, width: video.width, stretchedToSide: Self.side)
    var values = video[0..<Self.frames].resized(resize, side: Self.side)
    let pixels = values.count / 3
    for pixel in 0..<pixels {
      values.swapAt(pixel * 3, pixel * 3 + 2)
      for channel in 0..<3 {
        values[pixel * 3 + channel] -=
          mean[mean.count == 3 ? channel : channel * pixels + pixel]
      }
    }
    return values
  }

  package func features(of clips: [FrameBytes], _ context: ComputeContext) throws -> [[Float]] {
    guard clips[0].count >= Self.frames else {
      throw EvaluationError.clipTooShort(frames: clips[0].count, needed: Self.frames)
    }
    let beginnings = clips.map { $0[0..<Self.frames] }
    return try context.rows(
      of: self(context.volume(beginnings, side: Self.side, prepared), context))
  }

  /// The logits of prepared clips.
  ///
  /// - Parameter clips: `[clips, 16, 112, 112, 3]`, blue first, less the mean.
  /// - Returns: `[clips, 101]`.
  func callAsFunction(_ clips: Tensor, _ context: ComputeContext) throws -> Tensor {
    var x = clips
    for (stage, convolutions) in stages.enumerated() {
      for convolution in convolutions { x = try context.convolution(x, convolution) }
      x = try context.maximumPool(x, Self.pooling(stage))
    }
    for layer in classifier { x = try context.convolution(x, layer) }
    return x.reshaped([x.shape[0], x.channels])
  }
}
