extension ComputeContext {
  /// Carries the gradient of gathered sequences to the tokens, the token at the end of each, and the
  /// positions.
  ///
  /// - Parameter gradient: `[sequences, length + 1, channels]`.
  func gatherGradient(
    _ gradient: Tensor, _ x: Tensor, _ pattern: AttentionPattern, token: Tensor,
    positions: Tensor
  ) throws {
    let start = operationStart
    defer { record(.movement, since: start, gradient.shape) }
    let length = pattern.length
    let channels = x.channels
    try propagate(to: x, scatterSequences(gradient, pattern, to: x.shape))
    guard token.needsGradient || positions.needsGradient else { return }
    let sums = try sumRows(
      gradient.reshaped([pattern.sequences, (length + 1) * channels]), batch: 1
    ).reshaped([length + 1, channels])
    try propagate(to: token, sums.slice(length..<(length + 1)).reshaped(token.shape))
    if positions.rows == length + 1 {
      try propagate(to: positions, sums.reshaped(positions.shape))
    } else {
      // A longer table: the positions that were not read have no gradient.
      let whole = try zeros(positions.shape)
      copy(sums, to: whole)
      try propagate(to: positions, whole)
    }
  }

  /// Puts every token of the sequences but the last back where it was gathered.
  private func scatterSequences(
    _ x: Tensor, _ pattern: AttentionPattern, to shape: [Int]
  ) throws -> Tensor {
    let result = try makeTensor(shape, x.elementType)
    try device.run(.scatterSequences(x, pattern, into: result))
    return result
  }
}
