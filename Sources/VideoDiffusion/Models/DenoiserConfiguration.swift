/// The settings of a denoiser, as the original's `unet_config` names them.
public struct DenoiserConfiguration: Sendable, Hashable, Codable {
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
  /// Heads of every attention (`num_heads`), unless they have a width of their own.
  public var headCount: Int
  /// Channels of each head (`num_head_channels`), so that wider levels have more heads; `nil` shares
  /// every level's channels out among ``headCount`` heads.
  public var headWidth: Int?
  /// Whether all of q comes before k and v in an attention's projection (`use_new_attention_order`),
  /// instead of head by head.
  public var newAttentionOrder: Bool
  /// Whether the time step scales and shifts (`use_scale_shift_norm`) instead of being added.
  public var scaleShiftNorm: Bool
  /// Whether residual blocks resample (`resblock_updown`).
  public var residualResampling: Bool
  /// Whether resampling without residual blocks has convolutions (`conv_resample`), instead of
  /// averaging and repeating alone.
  public var convolutionalResampling: Bool
  /// Whether it takes the previous clip's latent (`cond_model`).
  public var isConditional: Bool
  /// What it predicts; the authors' predict noise (`parameterization: eps`).
  public var prediction: Prediction

  /// Describes a denoiser; the defaults are the published one's.
  public init(
    geometry: PlaneGeometry = PlaneGeometry(side: 32), baseWidth: Int = 256,
    widthMultipliers: [Int] = [1, 2, 4, 4], residualBlocks: Int = 2,
    attentionFactors: Set<Int> = [1, 2, 4], headCount: Int = 8, headWidth: Int? = nil,
    newAttentionOrder: Bool = false, scaleShiftNorm: Bool = true, residualResampling: Bool = true,
    convolutionalResampling: Bool = true, isConditional: Bool = true,
    prediction: Prediction = .noise
  ) {
    self.geometry = geometry
    self.baseWidth = baseWidth
    self.widthMultipliers = widthMultipliers
    self.residualBlocks = residualBlocks
    self.attentionFactors = attentionFactors
    self.headCount = headCount
    self.headWidth = headWidth
    self.newAttentionOrder = newAttentionOrder
    self.scaleShiftNorm = scaleShiftNorm
    self.residualResampling = residualResampling
    self.convolutionalResampling = convolutionalResampling
    self.isConditional = isConditional
    self.prediction = prediction
  }

  /// The configuration of the authors' released models: 528 M parameters.
  public static let published = DenoiserConfiguration()
  /// The authors' smaller variant: 132 M parameters.
  public static let small = DenoiserConfiguration(baseWidth: 128)

  /// Channels of the input: the latent's and, if conditional, the previous latent's.
  public var inputChannels: Int { PlaneGeometry.channels * (isConditional ? 2 : 1) }
  /// Width of the time step's embedding.
  public var embeddingWidth: Int { 4 * baseWidth }
  /// Heads of an attention over so many channels.
  public func heads(of channels: Int) -> Int { headWidth.map { channels / $0 } ?? headCount }

  /// Whether the original gives every attention the same number of heads even without its `legacy`
  /// rule: it then takes the heads' width at a level without attention inside the planes from the
  /// level before, on the way down and up.
  package var sharesHeadsAlways: Bool {
    let levels = widthMultipliers.indices
    return levels.allSatisfy { level in
      guard !attentionFactors.contains(1 << level) else { return true }
      let before = levels.prefix(level).last { attentionFactors.contains(1 << $0) }
      let after =
        levels.dropFirst(level + 1).first { attentionFactors.contains(1 << $0) } ?? levels.last
      return [before, after].allSatisfy {
        $0.map { widthMultipliers[$0] == widthMultipliers[level] } ?? false
      }
    }
  }
}
