import NeuralLayers

/// What the settings of a network may be, whoever states them: weights, metadata or a configuration.
///
/// The published networks are far within; what lies beyond is damage or malice, and would overflow the
/// arithmetic that follows.
enum NetworkLimits {
  /// Side R of a latent.
  static let side = 1...2048
  /// Frames S of a clip.
  static let frames = 1...1024
  /// Side of the frames, in pixels.
  static let resolution = 1...8192
  /// Side of a patch, in pixels.
  static let patchSide = 1...64
  /// Width of a layer, or of a head.
  static let width = 1...65536
  /// A level's width as a multiple of the first.
  static let multiplier = 1...1024
  /// Levels of a denoiser.
  static let levels = 1...8
  /// Layers of an autoencoder, or residual blocks of a level.
  static let depth = 1...256
  /// Heads of an attention.
  static let heads = 1...1024
}

extension DenoiserConfiguration {
  /// Checks every setting's range, and that a network can be built of them.
  ///
  /// - Throws: ``ModelError``.
  func validate() throws {
    try check("the latent's side", geometry.side, NetworkLimits.side)
    try check("the number of frames", geometry.frames, NetworkLimits.frames)
    try check("model_channels", baseWidth, NetworkLimits.width)
    try check("the number of levels", widthMultipliers.count, NetworkLimits.levels)
    for multiplier in widthMultipliers {
      try check("channel_mult", multiplier, NetworkLimits.multiplier)
      try check("the width of a level", multiplier * baseWidth, NetworkLimits.width)
      guard (multiplier * baseWidth).isMultiple(of: GroupNorm.groupCount) else {
        throw ModelError(
          .structure(
            "a level is \(multiplier * baseWidth) wide; expected a multiple of "
              + "\(GroupNorm.groupCount), the groups of its norms"))
      }
    }
    try check("num_res_blocks", residualBlocks, NetworkLimits.depth)
    try check("num_heads", headCount, NetworkLimits.heads)
    if let headWidth { try check("num_head_channels", headWidth, NetworkLimits.width) }
    for width in widthMultipliers.map({ $0 * baseWidth }) {
      guard width.isMultiple(of: headWidth ?? headCount) else {
        throw ModelError(
          .structure(
            headWidth.map { "heads of \($0) channels do not divide \(width) channels" }
              ?? "\(headCount) heads do not divide the attention's \(width) channels"))
      }
    }
    let halvings = widthMultipliers.count - 1
    let smallest = 1 << halvings
    guard geometry.side.isMultiple(of: smallest), geometry.frames.isMultiple(of: smallest) else {
      throw ModelError(
        .structure(
          "planes of side \(geometry.side) with \(geometry.frames) frames cannot be halved "
            + "\(halvings) times"))
    }
  }
}

extension AutoencoderConfiguration {
  /// Checks every setting's range, and that a network can be built of them.
  ///
  /// - Throws: ``ModelError``.
  func validate() throws {
    try check("the resolution", resolution, NetworkLimits.resolution)
    try check("the patch's side", patchSide, NetworkLimits.patchSide)
    try check("the latent's side", geometry.side, NetworkLimits.side)
    try check("the number of frames", frames, NetworkLimits.frames)
    try check("the width", width, NetworkLimits.width)
    try check("the number of layers", layers, NetworkLimits.depth)
    try check("the number of heads", headCount, NetworkLimits.heads)
    try check("the number of projection layers", projectionLayers, NetworkLimits.depth)
    try check("the number of projection heads", projectionHeadCount, NetworkLimits.heads)
    try check("the width of the projection", projectionHiddenWidth, NetworkLimits.width)
  }
}

private func check(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
  guard !range.contains(value) else { return }
  throw ModelError(
    .structure(
      "\(name) is \(value); expected \(range.lowerBound) to \(range.upperBound)"))
}
