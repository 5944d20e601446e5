extension ComputeContext {
  /// The gated feed-forward part of a transformer layer with its normalisation and residual
  /// connection: `x + contract(gatedGELU(expand(layerNorm(x))))`.
  ///
  /// Rows go through in chunks where the device wants it, so that the hidden values, eight times as wide as
  /// `x`, stay in its caches and take no memory that grows with the clip.
  ///
  /// - Parameters:
  ///   - x: `[..., width]`.
  ///   - expand: `width` to twice the hidden width.
  ///   - contract: The hidden width to `width`.
  /// - Returns: A tensor like `x`.
  public func gatedFeedForward(
    _ x: Tensor, _ norm: NormalizationWeight, expand: LinearWeight, contract: LinearWeight
  ) throws -> Tensor {
    // Gradients need the whole hidden values, so nothing is gained by chunks.
    guard !isDifferentiating else {
      return try linear(gatedGELU(linear(layerNorm(x, norm), expand)), contract, adding: x)
    }
    let rows = x.reshaped([x.rows, x.channels])
    let result = try makeTensor(x.shape, x.elementType)
    let resultRows = result.reshaped(rows.shape)
    let chunk = device.rowChunk ?? max(rows.rows, 1)
    for start in stride(from: 0, to: rows.rows, by: chunk) {
      let range = start..<min(start + chunk, rows.rows)
      let part = rows.slice(range)
      let hidden = try gatedLinear(layerNorm(part, norm), expand)
      try linear(hidden, contract, adding: part, into: resultRows.slice(range))
    }
    return result
  }

  /// `gatedGELU(linear(x, weight))`, in one pass where the weight allows it.
  private func gatedLinear(_ x: Tensor, _ weight: LinearWeight) throws -> Tensor {
    guard weight.weight.fusesGatedGELU else { return try gatedGELU(linear(x, weight)) }
    let start = operationStart
    defer {
      record(
        .matmul, since: start, x.shape, outputs: weight.outputs,
        operations: 2 * Double(x.count) * Double(weight.outputs))
    }
    let result = try makeTensor([x.rows, weight.outputs / 2], x.elementType)
    try device.run(
      .linear(
        LinearCall(
          input: x, weight: weight.weight.current, bias: weight.bias, isGated: true, residual: nil,
          result: result)))
    return result
  }
}
