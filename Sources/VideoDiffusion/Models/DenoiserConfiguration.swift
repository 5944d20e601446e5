/// The settings of a denoiser, as the original's `unet_config` names them.
public struct DenoiserConfiguration: Sendable, Hashable {
  /// The planes it works on.
  public var geometry: PlaneGeometry
  /// Width of the first level (`model_channels`).
  public var baseWidth: Int
  /// Width of each level as a multiple of the first (`channel_mult`).
  public var widthMultipliers: [Int]
  /// Residual blocks of each level (`num_res_blocks`).
  public var residualBlocks: Int
  /// Downsampling factors with attention inside each plane (`attention_resolutions`).
  public var attentionFactors: Set<Int>
  /// Heads of every attention (`num_heads`).
  public var headCount: Int
  /// Whether the time step scales and shifts (`use_scale_shift_norm`) instead of being added.
  public var scaleShiftNorm: Bool
  /// Whether residual blocks resample (`resblock_updown`) instead of plain convolutions.
  public var residualResampling: Bool
  /// Whether it takes the previous clip's latent (`cond_model`).
  public var isConditional: Bool

  /// Describes a denoiser; the defaults are the published one's.
  public init(
    geometry: PlaneGeometry = PlaneGeometry(side: 32), baseWidth: Int = 256,
    widthMultipliers: [Int] = [1, 2, 4, 4], residualBlocks: Int = 2,
    attentionFactors: Set<Int> = [1, 2, 4], headCount: Int = 8, scaleShiftNorm: Bool = true,
    residualResampling: Bool = true, isConditional: Bool = true
  ) {
    self.geometry = geometry
    self.baseWidth = baseWidth
    self.widthMultipliers = widthMultipliers
    self.residualBlocks = residualBlocks
    self.attentionFactors = attentionFactors
    self.headCount = headCount
    self.scaleShiftNorm = scaleShiftNorm
    self.residualResampling = residualResampling
    self.isConditional = isConditional
  }

  /// The configuration of the authors' released models: 528 M parameters.
  public static let published = DenoiserConfiguration()
  /// The authors' smaller variant: 132 M parameters.
  public static let small = DenoiserConfiguration(baseWidth: 128)

  /// Channels of the input: the latent's and, if conditional, the previous latent's.
  public var inputChannels: Int { PlaneGeometry.channels * (isConditional ? 2 : 1) }
  /// Width of the time step's embedding.
  public var embeddingWidth: Int { 4 * baseWidth }
}
