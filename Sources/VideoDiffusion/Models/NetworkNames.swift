import CheckpointIO

// The names of the networks' weights in the authors' files. `NetworkShapes` reads extents off some of
// them; here they tell the networks from everything else that a checkpoint may hold.
extension NetworkKind {
  /// The names by which the network is found in a checkpoint.
  public var weightNames: WeightNames {
    switch self {
    case .denoiser: Self.denoiserNames
    case .autoencoder: Self.autoencoderNames
    }
  }

  /// Tensors of the authors' files that are not learned, by parts of their names. A moving average of the
  /// parameters lacks them.
  private static let computed: Set<String> = [
    "coords", "zeros", "frame_rot_emb", "image_rot_emb",
  ]

  private static let denoiserNames = WeightNames(
    landmarks: ["time_embed.0.weight", "input_blocks.0.0.weight"],
    components: [
      "time_embed", "label_emb", "input_blocks", "input_attns", "middle_block", "mid_attn",
      "output_blocks", "output_attns", "out", "zeros",
    ],
    buffers: computed,
    dotless: DotlessNames(
      words: [
        "time_embed", "label_emb", "input_blocks", "input_attns", "middle_block", "mid_attn",
        "output_blocks", "output_attns", "out", "zeros", "in_layers", "emb_layers", "out_layers",
        "skip_connection", "norm", "qkv", "proj_out", "op", "conv", "weight", "bias",
      ], pairs: ["input_blocks", "output_blocks"]))

  private static let autoencoderNames = WeightNames(
    landmarks: ["encoder.to_patch_embedding.weight"],
    components: Set(["encoder", "decoder", "to_pixel", "coords"]).union(planeParts),
    buffers: computed,
    dotless: DotlessNames(
      words: planeParts.union([
        "encoder", "decoder", "to_pixel", "coords", "to_patch_embedding", "frame_rot_emb",
        "image_rot_emb", "inv_freqs", "scales", "layers", "fn", "net", "norm", "to_qkv", "to_out",
        "weight", "bias",
      ]), pairs: ["layers"]))

  /// What the autoencoder has for each of the three planes.
  private static let planeParts = Set(
    ["xy", "xt", "yt"].flatMap { plane in
      [
        "\(plane)_token", "\(plane)_pos_embedding", "\(plane)_quant_attn", "pre_\(plane)",
        "post_\(plane)",
      ]
    })
}

extension FeatureNetworkKind {
  /// The names by which the network is found in a checkpoint; the layers of the second have two names.
  var weightNames: [WeightNames] {
    switch self {
    case .i3d: [WeightNames(landmarks: ["Conv3d_1a_7x7.conv3d.weight"])]
    case .c3d:
      ["conv1a", "conv1"].map { WeightNames(landmarks: ["\($0).weight", "fc6.weight"]) }
    }
  }
}
