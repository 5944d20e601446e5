/// A block of tokens along three axes, `[depth, height, width]`, and its projections: each drops one
/// axis. For a video depth is time.
public struct TokenVolume: Sendable, Hashable {
  /// Tokens along the slowest axis.
  public let depth: Int
  /// Tokens along the middle axis.
  public let height: Int
  /// Tokens along the fastest axis.
  public let width: Int

  /// Describes a block of tokens.
  public init(depth: Int, height: Int, width: Int) {
    self.depth = depth
    self.height = height
    self.width = width
  }

  /// Tokens of the block.
  public var tokenCount: Int { depth * height * width }

  /// The axes of a volume.
  public enum Axis: Sendable, Hashable { case depth, height, width }

  /// Tokens along an axis.
  public func extent(_ axis: Axis) -> Int {
    switch axis {
    case .depth: depth
    case .height: height
    case .width: width
    }
  }

  /// One sequence for each site of the plane that remains without `axis`, in row-major order of that
  /// plane, running along the axis.
  public func sequences(along axis: Axis, queryCount: Int? = nil) -> AttentionPattern {
    switch axis {
    case .depth:
      AttentionPattern(
        runs: [0..<depth], sequences: height * width, outerStride: 1, tokenStep: height * width,
        queryCount: queryCount)
    case .height:
      AttentionPattern(
        runs: [0..<height], sequences: depth * width, outerStride: height * width, inner: width,
        innerStride: 1, tokenStep: width, queryCount: queryCount)
    case .width:
      AttentionPattern(
        runs: [0..<width], sequences: depth * height, outerStride: width, queryCount: queryCount)
    }
  }
}

extension ComputeContext {
  /// `out[d, h, w] = front[h, w] + side[d, w] + top[d, h]`: three planes spread over a volume.
  ///
  /// - Parameters:
  ///   - front: `[height * width, channels]`.
  ///   - side: `[depth * width, channels]`.
  ///   - top: `[depth * height, channels]`.
  /// - Returns: `[volume.tokenCount, channels]`.
  public func sumPlanes(
    front: Tensor, side: Tensor, top: Tensor, over volume: TokenVolume
  ) throws -> Tensor {
    let start = operationStart
    defer { record(.movement, since: start, [volume.tokenCount, front.channels]) }
    precondition(front.rows == volume.height * volume.width)
    precondition(side.rows == volume.depth * volume.width)
    precondition(top.rows == volume.depth * volume.height)
    let result = try makeTensor([volume.tokenCount, front.channels], front.elementType)
    try device.run(.sumPlanes(front: front, side: side, top: top, volume, into: result))
    return recorded(result, from: front, side, top) { context, gradient in
      let channels = front.channels
      let row = volume.width * channels
      try context.propagate(
        to: front,
        context.sumAxis(gradient, outer: 1, extent: volume.depth, to: front.shape))
      try context.propagate(
        to: side,
        context.sumAxis(gradient, outer: volume.depth, extent: volume.height, to: side.shape))
      try context.propagate(
        to: top,
        context.sumAxis(gradient, outer: gradient.count / row, extent: volume.width, to: top.shape))
    }
  }

  /// Collects the sequences along an axis, each with one token more at its end, and adds positions.
  ///
  /// - Parameters:
  ///   - x: `[volume.tokenCount, channels]`.
  ///   - token: `[channels]` float32: what stands at the end of every sequence.
  ///   - positions: `[extent + 1 or more, channels]` float32, added by place in the sequence.
  /// - Returns: `[sequences, extent + 1, channels]`.
  public func gatherSequences(
    _ x: Tensor, of volume: TokenVolume, along axis: TokenVolume.Axis, token: Tensor,
    positions: Tensor
  ) throws -> Tensor {
    let start = operationStart
    defer { record(.movement, since: start, x.shape) }
    let pattern = volume.sequences(along: axis)
    precondition(x.rows == volume.tokenCount && token.count == x.channels)
    precondition(positions.channels == x.channels && positions.rows > pattern.length)
    let result = try makeTensor(
      [pattern.sequences, pattern.length + 1, x.channels], x.elementType)
    try device.run(
      .gatherSequences(x, pattern, token: token, positions: positions, into: result))
    return recorded(result, from: x, token, positions) {
      try $0.gatherGradient($1, x, pattern, token: token, positions: positions)
    }
  }
}
