/// A parameter's name in the authors' files, without prefixes, and its extents.
public struct NamedShape: Sendable, Hashable {
  /// The name, for example `time_embed.0.weight`.
  public let name: String
  /// Extents in PyTorch's axis order.
  public let shape: [Int]

  /// Numbers in the parameter.
  public var count: Int { shape.reduce(1, *) }
}

/// Collects the parameters of layers under their names.
struct ParameterList {
  private(set) var entries: [NamedShape] = []

  mutating func add(_ name: String, _ shape: [Int]) {
    entries.append(NamedShape(name: name, shape: shape))
  }

  /// A linear layer; `ones` axes of extent 1 follow where the original has a convolution instead.
  mutating func linear(
    _ name: String, _ inputs: Int, _ outputs: Int, bias: Bool = true, ones: Int = 0
  ) {
    add("\(name).weight", [outputs, inputs] + Array(repeating: 1, count: ones))
    if bias { add("\(name).bias", [outputs]) }
  }

  mutating func convolution(_ name: String, _ inputs: Int, _ outputs: Int) {
    add("\(name).weight", [outputs, inputs, 3, 3])
    add("\(name).bias", [outputs])
  }

  mutating func norm(_ name: String, _ channels: Int) {
    add("\(name).weight", [channels])
    add("\(name).bias", [channels])
  }
}

extension DenoiserConfiguration {
  /// Every tensor of a checkpoint with this configuration, the `zeros` buffer included.
  public var parameters: [NamedShape] {
    var list = ParameterList()
    let plan = DenoiserPlan(self)
    if isConditional { list.add("zeros", [1, PlaneGeometry.channels, geometry.tokenCount]) }
    list.linear("time_embed.0", baseWidth, embeddingWidth)
    list.linear("time_embed.2", embeddingWidth, embeddingWidth)
    list.convolution("input_blocks.0.0", inputChannels, plan.firstWidth)
    for stage in plan.inputs { add(stage, "input_blocks.\(stage.index)", to: &list) }
    addResidual("middle_block.0", plan.middleWidth, plan.middleWidth, to: &list)
    addAttention("middle_block.1", plan.middleWidth, to: &list)
    addResidual("middle_block.2", plan.middleWidth, plan.middleWidth, to: &list)
    for stage in plan.outputs { add(stage, "output_blocks.\(stage.index)", to: &list) }
    for stage in plan.inputs {
      addAttention("input_attns.\(stage.index)", stage.outputs, to: &list)
    }
    addAttention("mid_attn", plan.middleWidth, to: &list)
    for stage in plan.outputs {
      addAttention("output_attns.\(stage.index)", stage.outputs, to: &list)
    }
    list.norm("out.0", plan.firstWidth)
    list.convolution("out.2", plan.firstWidth, PlaneGeometry.channels)
    return list.entries
  }

  private func add(_ stage: DenoiserPlan.Stage, _ name: String, to list: inout ParameterList) {
    // The parts of an entry are numbered in the order in which they run.
    var part = 0
    func next() -> String {
      defer { part += 1 }
      return "\(name).\(part)"
    }
    if stage.hasResidualBlock { addResidual(next(), stage.inputs, stage.outputs, to: &list) }
    if stage.hasPlaneAttention { addAttention(next(), stage.outputs, to: &list) }
    switch (stage.resampling, residualResampling) {
    case (.none, _): break
    case (_, false) where !convolutionalResampling: break
    case (_, true): addResidual(next(), stage.outputs, stage.outputs, to: &list)
    case (.down, false): list.convolution(next() + ".op", stage.outputs, stage.outputs)
    case (.up, false): list.convolution(next() + ".conv", stage.outputs, stage.outputs)
    }
  }

  private func addResidual(
    _ name: String, _ inputs: Int, _ outputs: Int, to list: inout ParameterList
  ) {
    list.norm("\(name).in_layers.0", inputs)
    list.convolution("\(name).in_layers.2", inputs, outputs)
    list.linear("\(name).emb_layers.1", embeddingWidth, scaleShiftNorm ? 2 * outputs : outputs)
    list.norm("\(name).out_layers.0", outputs)
    list.convolution("\(name).out_layers.3", outputs, outputs)
    if inputs != outputs { list.linear("\(name).skip_connection", inputs, outputs, ones: 2) }
  }

  private func addAttention(_ name: String, _ channels: Int, to list: inout ParameterList) {
    list.norm("\(name).norm", channels)
    list.linear("\(name).qkv", channels, 3 * channels, ones: 1)
    list.linear("\(name).proj_out", channels, channels, ones: 1)
  }
}

extension AutoencoderConfiguration {
  /// Every tensor of a checkpoint with this configuration, the buffers included.
  public var parameters: [NamedShape] {
    var list = ParameterList()
    // Each plane with the length of the axis that it lacks.
    let planes = [("xy", frames), ("xt", geometry.side), ("yt", geometry.side)]
    for (plane, _) in planes { list.add("\(plane)_token", [1, 1, width]) }
    for (plane, length) in planes { list.add("\(plane)_pos_embedding", [1, length + 1, width]) }
    list.add("coords", [frames, 1])
    list.linear("encoder.to_patch_embedding", 3 * patchSide * patchSide, width)
    addTransformer("encoder", to: &list)
    addTransformer("decoder", to: &list)
    list.add("to_pixel.1.weight", [width, 3, patchSide, patchSide])
    list.add("to_pixel.1.bias", [3])
    for (plane, _) in planes {
      for layer in 0..<projectionLayers {
        addProjectionLayer("\(plane)_quant_attn.layers.\(layer)", to: &list)
      }
    }
    for (plane, _) in planes {
      list.linear("pre_\(plane)", width, PlaneGeometry.channels, ones: 2)
    }
    for (plane, _) in planes {
      list.linear("post_\(plane)", PlaneGeometry.channels, width, ones: 2)
    }
    return list.entries
  }

  private func addTransformer(_ name: String, to list: inout ParameterList) {
    list.add("\(name).frame_rot_emb.inv_freqs", [Self.headWidth / 2])
    list.add("\(name).image_rot_emb.scales", [Self.headWidth / 4])
    let inner = headCount * Self.headWidth
    for layer in 0..<layers {
      for attention in ["\(name).layers.\(layer).0", "\(name).layers.\(layer).1"] {
        list.linear("\(attention).fn.to_qkv", width, 3 * inner, bias: false)
        list.linear("\(attention).fn.to_out.0", inner, width)
        list.norm("\(attention).norm", width)
      }
      let feedForward = "\(name).layers.\(layer).2"
      list.linear("\(feedForward).fn.net.0", width, 8 * width)
      list.linear("\(feedForward).fn.net.3", 4 * width, width)
      list.norm("\(feedForward).norm", width)
    }
  }

  private func addProjectionLayer(_ name: String, to list: inout ParameterList) {
    let inner = projectionHeadCount * (width / 8)
    list.norm("\(name).0.norm", width)
    list.linear("\(name).0.fn.to_qkv", width, 3 * inner, bias: false)
    list.linear("\(name).0.fn.to_out.0", inner, width)
    list.norm("\(name).1.norm", width)
    list.linear("\(name).1.fn.net.0", width, projectionHiddenWidth)
    list.linear("\(name).1.fn.net.3", projectionHiddenWidth, width)
  }
}
