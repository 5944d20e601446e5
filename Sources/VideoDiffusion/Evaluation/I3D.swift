import NeuralLayers
import TensorCore

/// I3D, the inflated Inception network whose Kinetics-400 logits the Frechet video distance
/// compares (Carreira and Zisserman 2017; Unterthiner et al. 2018).
///
/// Keys are those of `i3d_pretrained_400.pt`. Padding is TensorFlow's "SAME", from the input's
/// size. The original pads poolings with zeros, this with nothing: after ReLU both give the same.
package struct I3D: FeatureNetwork {
  package var kind: FeatureNetworkKind { .i3d }

  /// Side of the frames that it sees, in pixels.
  static let side = 224

  private let first: InceptionUnit
  private let second: InceptionUnit
  private let third: InceptionUnit
  private let stages: [[InceptionModule]]
  private let logits: VolumeConvolution

  /// Modules between two poolings.
  private static let modules: [[(key: String, widths: InceptionModule.Widths)]] = [
    [
      ("Mixed_3b", .init(64, 96, 128, 16, 32, 32)), ("Mixed_3c", .init(128, 128, 192, 32, 96, 64)),
    ],
    [
      ("Mixed_4b", .init(192, 96, 208, 16, 48, 64)),
      ("Mixed_4c", .init(160, 112, 224, 24, 64, 64)),
      ("Mixed_4d", .init(128, 128, 256, 24, 64, 64)),
      ("Mixed_4e", .init(112, 144, 288, 32, 64, 64)),
      ("Mixed_4f", .init(256, 160, 320, 32, 128, 128)),
    ],
    [
      ("Mixed_5b", .init(256, 160, 320, 32, 128, 128)),
      ("Mixed_5c", .init(384, 192, 384, 48, 128, 128)),
    ],
  ]
  private static let framePooling = VolumeWindow(
    size: VolumeExtents(1, 3, 3), stride: VolumeExtents(1, 2, 2), padding: .same)
  /// Before the second and the third stage.
  private static let stagePoolings = [
    VolumeWindow(size: VolumeExtents(3), stride: VolumeExtents(2), padding: .same),
    VolumeWindow(size: VolumeExtents(2), stride: VolumeExtents(2), padding: .same),
  ]

  /// Takes the network's parameters.
  ///
  /// - Parameter frames: Frames of the clips that it will see most.
  /// - Throws: `ParameterError` for a missing, misshapen or not finite weight.
  package init(_ scope: ParameterScope, frames: Int = 16) throws {
    var extents = VolumeExtents(frames, Self.side, Self.side)
    first = try InceptionUnit(scope["Conv3d_1a_7x7"], 3, 64, kernel: 7, stride: 2, on: extents)
    extents = VolumeExtents((frames + 1) / 2, Self.side / 4, Self.side / 4)
    second = try InceptionUnit(scope["Conv3d_2b_1x1"], 64, 64, on: extents)
    third = try InceptionUnit(scope["Conv3d_2c_3x3"], 64, 192, kernel: 3, on: extents)
    extents = Self.framePooling.outputs(of: extents)
    var channels = 192
    var stages: [[InceptionModule]] = []
    for (stage, modules) in Self.modules.enumerated() {
      if stage > 0 { extents = Self.stagePoolings[stage - 1].outputs(of: extents) }
      stages.append(
        try modules.map { key, widths in
          defer { channels = widths.total }
          return try InceptionModule(scope[key], channels, widths, on: extents)
        })
    }
    self.stages = stages
    let classes = FeatureNetworkKind.i3d.featureCount
    let last = scope["logits"]["conv3d"]
    let bias = try last.values("bias", shape: [classes])
    logits = try last.withValues("weight", shape: [classes, channels, 1, 1, 1]) {
      try scope.context.prepareConvolution(
        $0, bias: bias, inputs: channels, outputs: classes,
        window: VolumeWindow(size: VolumeExtents(1), padding: .same), appliesReLU: false,
        on: VolumeExtents(1))
    }
  }

  /// Frames as the network sees them: the shorter side resized to 224, the centre cut out, and
  /// values in -1 ... 1, `[frames, 224, 224, 3]`.
  package static func prepared(_ video: FrameBytes) -> [Float] {
    let resize = FrameResize(height: video.height, width: video.width, toCentreOfSide: side)
    return video.resized(resize, side: side).map { ($0 / 255 - 0.5) * 2 }
  }

  package func features(of clips: [FrameBytes], _ context: ComputeContext) throws -> [[Float]] {
    guard clips[0].count >= kind.leastFrameCount else {
      throw EvaluationError.clipTooShort(frames: clips[0].count, needed: kind.leastFrameCount)
    }
    return try context.rows(
      of: self(context.volume(clips, side: Self.side, Self.prepared), context))
  }

  /// The logits of prepared clips.
  ///
  /// - Parameter clips: `[clips, frames, 224, 224, 3]`, at least 9 frames. Other sides give the mean over their
  ///   whole frames, too.
  /// - Returns: `[clips, 400]`: the mean over time.
  package func callAsFunction(_ clips: Tensor, _ context: ComputeContext) throws -> Tensor {
    var x = try context.maximumPool(first(clips, context), Self.framePooling)
    x = try third(second(x, context), context)
    x = try context.maximumPool(x, Self.framePooling)
    for (stage, modules) in stages.enumerated() {
      if stage > 0 { x = try context.maximumPool(x, Self.stagePoolings[stage - 1]) }
      for module in modules { x = try module(x, context) }
    }
    // Whole frames, which have 7 x 7 places here, and each two after another.
    let frames = VolumeWindow(
      size: VolumeExtents(2, x.shape[2], x.shape[3]), padding: .symmetric(VolumeExtents(0)))
    x = try context.convolution(context.averagePool(x, frames), logits)
    let whole = VolumeWindow(
      size: VolumeExtents(x.shape[1], x.shape[2], x.shape[3]), padding: .covering)
    return try context.averagePool(x, whole).reshaped([x.shape[0], x.channels])
  }
}
