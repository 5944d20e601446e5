/// Reads a network's configuration off the extents of its weights.
struct NetworkShapes {
  /// Extents by name, without wrappers and prefixes.
  let shapes: [String: [Int]]

  func shape(_ name: String) throws -> [Int] {
    guard let shape = shapes[name] else { throw problem("\(name) is missing") }
    return shape
  }

  private func problem(_ reason: String) -> ModelError { ModelError(.structure(reason)) }

  /// A size of a weight, as far as one goes: products of what is read stay far from the end of an `Int`.
  private func extent(_ name: String, _ axis: Int) throws -> Int {
    let shape = try shape(name)
    guard axis < shape.count, NetworkLimits.width.contains(shape[axis]) else {
      throw problem(
        "\(name) is \(shape.map(String.init).joined(separator: " x ")); expected 1 to "
          + "\(NetworkLimits.width.upperBound) along axis \(axis)")
    }
    return shape[axis]
  }

  // MARK: Denoiser

  /// What the shapes tell of a denoiser. The heads and, without a condition, the latent side are not
  /// among it.
  func denoiser() throws -> (configuration: DenoiserConfiguration, tokenCount: Int?) {
    let baseWidth = try extent("time_embed.0.weight", 1)
    let inputChannels = try extent("input_blocks.0.0.weight", 1)
    let channels = PlaneGeometry.channels
    guard inputChannels == channels || inputChannels == 2 * channels else {
      throw problem("input_blocks.0.0.weight has \(inputChannels) input channels; expected 4 or 8")
    }
    let outputChannels = try extent("out.2.weight", 0)
    guard outputChannels == channels else {
      throw problem(
        "out.2.weight makes \(outputChannels) channels; latents of PVDM have \(channels)")
    }
    if let other = shapes.keys.first(where: Self.isOfAnotherUNet) {
      throw problem(
        "\(other) belongs to classes, codes or spatial transformers, which PVDM has not")
    }
    let stages = outputStages
    let ups = stages.filter(isUpsampling)
    let pooling = ups.isEmpty ? firstPooling : nil
    let residualBlocks = pooling.map { $0 - 1 } ?? ups.first ?? stages.count - 1
    let levels = pooling == nil ? ups.count + 1 : stages.count / max(1, residualBlocks + 1)
    guard residualBlocks >= 1, NetworkLimits.levels.contains(levels) else {
      throw problem("the output blocks show no levels of residual blocks")
    }
    var multipliers: [Int] = []
    var factors: Set<Int> = []
    for level in 0..<levels {
      let first = 1 + level * (residualBlocks + 1)
      let width = try extent("input_blocks.\(first).0.in_layers.2.weight", 0)
      guard width % baseWidth == 0 else {
        throw problem("level \(level) is \(width) wide, no multiple of \(baseWidth)")
      }
      multipliers.append(width / baseWidth)
      if shapes["input_blocks.\(first).1.qkv.weight"] != nil { factors.insert(1 << level) }
    }
    let embedding = try extent("input_blocks.1.0.emb_layers.1.weight", 0)
    let configuration = DenoiserConfiguration(
      baseWidth: baseWidth, widthMultipliers: multipliers, residualBlocks: residualBlocks,
      attentionFactors: factors, scaleShiftNorm: embedding == 2 * multipliers[0] * baseWidth,
      residualResampling: pooling == nil && !shapes.keys.contains { $0.hasSuffix(".op.weight") },
      convolutionalResampling: pooling == nil,
      isConditional: inputChannels == 2 * channels)
    return (configuration, shapes["zeros"]?.last)
  }

  /// Whether a name is of a layer that guided diffusion's UNet may have and PVDM's has not.
  private static func isOfAnotherUNet(_ name: String) -> Bool {
    name.hasPrefix("label_emb.") || name.hasPrefix("id_predictor.")
      || name.contains(".transformer_blocks.")
  }

  /// The number of the first input block without weights, which averages; its cross-plane attention
  /// shows that it is there.
  private var firstPooling: Int? {
    (1..<256).first {
      shapes["input_attns.\($0).norm.weight"] != nil
        && shapes["input_blocks.\($0).0.in_layers.2.weight"] == nil
        && shapes["input_blocks.\($0).0.op.weight"] == nil
    }
  }

  /// The numbers of the output blocks, 0 up to the last that is there.
  private var outputStages: [Int] {
    Array((0..<256).prefix { shapes["output_blocks.\($0).0.in_layers.2.weight"] != nil })
  }

  private func isUpsampling(_ stage: Int) -> Bool {
    (1...2).contains {
      shapes["output_blocks.\(stage).\($0).in_layers.2.weight"] != nil
        || shapes["output_blocks.\(stage).\($0).conv.weight"] != nil
    }
  }

  // MARK: Autoencoder

  /// What the shapes tell of an autoencoder, which is everything.
  func autoencoder() throws -> AutoencoderConfiguration {
    let width = try extent("encoder.to_patch_embedding.weight", 0)
    let patch = try extent("encoder.to_patch_embedding.weight", 1)
    guard let patchSide = (1...64).first(where: { $0 * $0 * 3 == patch }) else {
      throw problem("encoder.to_patch_embedding.weight takes \(patch) values; no square of RGB")
    }
    let channels = try extent("pre_xy.weight", 0)
    guard channels == PlaneGeometry.channels else {
      throw problem(
        "pre_xy.weight makes \(channels) channels (embed_dim); latents of PVDM have "
          + "\(PlaneGeometry.channels)")
    }
    let side = try extent("yt_pos_embedding", 1) - 1
    let frames = try extent("xy_pos_embedding", 1) - 1
    let inner = try extent("encoder.layers.0.0.fn.to_qkv.weight", 0) / 3
    let headWidth = AutoencoderConfiguration.headWidth
    let projectionInner = try extent("xy_quant_attn.layers.0.0.fn.to_qkv.weight", 0) / 3
    guard NetworkLimits.side.contains(side), NetworkLimits.frames.contains(frames),
      width >= 8, width % 8 == 0, inner >= headWidth, inner % headWidth == 0
    else {
      throw problem(
        "side \(side), frames \(frames), width \(width), attention width \(inner)")
    }
    return AutoencoderConfiguration(
      resolution: side * patchSide, patchSide: patchSide, frames: frames, width: width,
      layers: count("encoder.layers.#.0.fn.to_qkv.weight"), headCount: inner / headWidth,
      projectionLayers: count("xy_quant_attn.layers.#.0.fn.to_qkv.weight"),
      projectionHeadCount: max(1, projectionInner / (width / 8)),
      projectionHiddenWidth: try extent("xy_quant_attn.layers.0.1.fn.net.0.weight", 0))
  }

  private func count(_ pattern: String) -> Int {
    (0..<256).prefix {
      shapes[pattern.replacing("#", with: String($0))] != nil
    }.count
  }
}
