import TensorCore

// How much arithmetic a pass takes, by the usual convention: a multiply-add counts 2, and only
// convolutions, matrix products and attention scores count. Norms and activations are a percent.
// Direct algorithms are counted, whatever the implementation does, so that numbers compare.

/// Operations of a matrix product.
private func matmul(_ rows: Int, _ inputs: Int, _ outputs: Int) -> Double {
  2 * Double(rows) * Double(inputs) * Double(outputs)
}

/// Operations of attention for `queries` against `keys` tokens: scores and weighted sums.
private func attention(_ queries: Int, _ keys: Int, _ channels: Int) -> Double {
  4 * Double(queries) * Double(keys) * Double(channels)
}

extension DenoiserConfiguration {
  /// Floating point operations of one forward pass of one sample; the published denoiser takes
  /// 243 G.
  public var forwardOperations: Double {
    let plan = DenoiserPlan(self)
    var total = matmul(1, baseWidth, embeddingWidth) + matmul(1, embeddingWidth, embeddingWidth)
    total += convolution(inputChannels, plan.firstWidth, geometry.stack)
    for stage in plan.inputs + plan.outputs { total += operations(of: stage) }
    total += 2 * residual(plan.middleWidth, plan.middleWidth, plan.middleStack)
    total += planeAttention(plan.middleWidth, plan.middleStack)
    total += crossAttention(plan.middleWidth, plan.middleStack)
    return total + convolution(plan.firstWidth, PlaneGeometry.channels, geometry.stack)
  }

  private func operations(of stage: DenoiserPlan.Stage) -> Double {
    let after = stage.stack.resampled(stage.resampling)
    var total = crossAttention(stage.outputs, after)
    if stage.hasResidualBlock { total += residual(stage.inputs, stage.outputs, stage.stack) }
    if stage.hasPlaneAttention { total += planeAttention(stage.outputs, stage.stack) }
    guard stage.resampling != .none, residualResampling || convolutionalResampling else {
      return total
    }
    return total
      + (residualResampling
        ? residual(stage.outputs, stage.outputs, after)
        : convolution(stage.outputs, stage.outputs, after))
  }

  private func residual(_ inputs: Int, _ outputs: Int, _ stack: ImageStack) -> Double {
    convolution(inputs, outputs, stack) + convolution(outputs, outputs, stack)
      + matmul(1, embeddingWidth, scaleShiftNorm ? 2 * outputs : outputs)
      + (inputs == outputs ? 0 : matmul(stack.imageTokenCount, inputs, outputs))
  }

  private func convolution(_ inputs: Int, _ outputs: Int, _ stack: ImageStack) -> Double {
    matmul(stack.imageTokenCount, 9 * inputs, outputs)
  }

  private func planeAttention(_ channels: Int, _ stack: ImageStack) -> Double {
    stack.heights.reduce(projections(channels, stack)) {
      $0 + attention($1 * stack.width, $1 * stack.width, channels)
    }
  }

  private func crossAttention(_ channels: Int, _ stack: ImageStack) -> Double {
    projections(channels, stack)
      + attention(stack.imageTokenCount, stack.imageTokenCount, channels)
  }

  private func projections(_ channels: Int, _ stack: ImageStack) -> Double {
    matmul(stack.imageTokenCount, channels, 4 * channels)
  }
}

extension ImageStack {
  /// Tokens of the images, without the rows between them.
  fileprivate var imageTokenCount: Int { heights.reduce(0, +) * width }
}

extension AutoencoderConfiguration {
  /// Floating point operations of encoding one clip; the published autoencoder takes 1,444 G.
  public var encodeOperations: Double {
    let volume = geometry.volume
    let projections = [TokenVolume.Axis.depth, .height, .width].map { axis in
      projection(
        sequences: volume.tokenCount / volume.extent(axis), length: volume.extent(axis) + 1)
    }
    return patches + transformer + projections.reduce(0, +)
  }

  /// Floating point operations of decoding one clip; the published autoencoder takes 1,158 G.
  public var decodeOperations: Double {
    patches + transformer + matmul(geometry.tokenCount, PlaneGeometry.channels, width)
  }

  /// Between the pixels and the tokens, either way.
  private var patches: Double {
    matmul(geometry.volume.tokenCount, 3 * patchSide * patchSide, width)
  }

  private var transformer: Double {
    let tokens = geometry.volume.tokenCount
    let inner = headCount * Self.headWidth
    let perAttention = matmul(tokens, width, 4 * inner)
    let layer =
      2 * perAttention + attention(tokens, frames, inner)
      + attention(tokens, geometry.side * geometry.side, inner) + matmul(tokens, width, 12 * width)
    return Double(layers) * layer
  }

  /// One plane's attention, as the original computes it: every token of every layer.
  private func projection(sequences: Int, length: Int) -> Double {
    let inner = projectionHeadCount * (width / 8)
    let rows = sequences * length
    let layer =
      matmul(rows, width, 4 * inner) + attention(rows, length, inner)
      + 2 * matmul(rows, width, projectionHiddenWidth)
    return Double(projectionLayers) * layer + matmul(sequences, width, PlaneGeometry.channels)
  }
}
