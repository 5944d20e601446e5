import Glibc

/// How the q, k and v of each head lie in the channels of one tensor.
public enum HeadLayout: Sendable, Hashable {
  /// All of q, then all of k, then all of v, heads contiguous in each.
  case queryKeyValue
  /// Head by head, each with its q, k and v.
  case perHead
}

/// Which tokens attend to each other.
public struct AttentionPattern: Sendable, Hashable {
  /// Runs that a sequence may have.
  static let maximumRunCount = 4

  /// Runs of tokens that make up one sequence, in order.
  public var runs: [Range<Int>]
  /// Distance between neighbouring tokens of a run.
  public var tokenStep = 1
  /// Number of sequences; sequence s starts at
  /// `(s / inner) * outerStride + (s % inner) * innerStride`.
  public var sequences: Int
  /// Sequences that lie `innerStride` apart, before the next group begins.
  public var inner = 1
  /// Tokens between groups of sequences.
  public var outerStride: Int
  /// Tokens between sequences of one group.
  public var innerStride = 0
  /// Positions that ask; the others are only looked at. `nil` for all.
  public var queryCount: Int?

  /// Describes a pattern.
  public init(
    runs: [Range<Int>], sequences: Int, outerStride: Int, inner: Int = 1, innerStride: Int = 0,
    tokenStep: Int = 1, queryCount: Int? = nil
  ) {
    precondition(!runs.isEmpty && runs.count <= Self.maximumRunCount)
    self.runs = runs
    self.sequences = sequences
    self.outerStride = outerStride
    self.inner = inner
    self.innerStride = innerStride
    self.tokenStep = tokenStep
    self.queryCount = queryCount
  }

  /// Tokens in one sequence.
  public var length: Int { runs.reduce(0) { $0 + $1.count } }
}

/// Cosines and signed sines of a rotary position embedding (Su et al. 2021), by position and channel.
public struct RotaryTable: Sendable {
  let cosine: Tensor
  let sine: Tensor

  /// Positions of the table.
  public var length: Int { cosine.shape[0] }
}

extension ComputeContext {
  /// Tables for rotating neighbouring channels `(x0, x1)` to `(-x1, x0)`:
  /// `x cos(angle) + rotated(x) sin(angle)`.
  ///
  /// - Parameters:
  ///   - angles: `[length, width]` in radians; each channel has an angle of its own.
  ///   - width: Channels of a head, even.
  public func prepareRotary(angles: [Float], width: Int) throws -> RotaryTable {
    precondition(width % 2 == 0 && angles.count % width == 0)
    let shape = [angles.count / width, width]
    let sines = angles.enumerated().map { index, angle in
      index % 2 == 0 ? -sinf(angle) : sinf(angle)
    }
    return RotaryTable(
      cosine: try tensor(angles.map(cosf), shape: shape),
      sine: try tensor(sines, shape: shape))
  }

  /// Multi-head attention, `softmax(scale q k') v`, without ever holding all scores: keys are visited
  /// in blocks with a running softmax (Dao et al. 2022).
  ///
  /// - Parameters:
  ///   - x: `[..., 3 * heads * width]`: q, k and v of every token.
  ///   - heads: Number of heads.
  ///   - layout: Where q, k and v lie in a token's channels.
  ///   - patterns: Which tokens attend to each other; every token that the caller will read must
  ///     belong to one sequence.
  ///   - scale: Factor of the scores, for example `1 / sqrt(width)`.
  ///   - rotary: Rotates q and k by their position in the sequence; the scale may be applied before
  ///     or after, a rotation does not change lengths.
  /// - Returns: `[..., heads * width]`, heads contiguous; tokens in no sequence are zero.
  public func attention(
    _ x: Tensor, heads: Int, layout: HeadLayout, _ patterns: [AttentionPattern], scale: Float,
    rotary: RotaryTable? = nil
  ) throws -> Tensor {
    let start = operationStart
    defer {
      record(
        .attention, since: start, x.shape,
        operations: patterns.reduce(0) {
          $0 + 4 * Double($1.sequences * ($1.queryCount ?? $1.length) * $1.length)
            * Double(x.channels / 3)
        })
    }
    precondition(x.channels % (3 * heads) == 0)
    let width = x.channels / (3 * heads)
    let result = try makeTensor(x.shape.dropLast() + [heads * width], x.elementType)
    // Tokens outside every sequence must hold something finite.
    if patterns.reduce(0, { $0 + $1.sequences * $1.length }) < x.rows { clear(result) }
    let call = AttentionCall(
      input: x, output: result,
      logSums: isRecording ? try makeTensor([x.rows, heads], .float32) : nil, heads: heads,
      layout: layout, scale: scale, rotary: rotary)
    if let rotary { precondition(patterns.allSatisfy { rotary.length >= $0.length }) }
    try device.run(.attention(call, patterns))
    return recorded(result, from: x) {
      try $0.propagate(to: x, $0.attentionGradient($1, call, patterns))
    }
  }

  /// The gradient of an attention's q, k and v, with scores computed again block by block.
  private func attentionGradient(
    _ gradient: Tensor, _ call: AttentionCall, _ patterns: [AttentionPattern]
  ) throws -> Tensor {
    let start = operationStart
    let x = call.input
    defer {
      record(
        .attention, since: start, x.shape,
        operations: patterns.reduce(0) {
          $0 + 10 * Double($1.sequences * ($1.queryCount ?? $1.length) * $1.length)
            * Double(x.channels / 3)
        })
    }
    let result = try makeTensor(x.shape, x.elementType)
    // Nothing was read of tokens outside every sequence.
    if patterns.reduce(0, { $0 + $1.sequences * $1.length }) < x.rows { clear(result) }
    try device.run(.attentionGradient(call, patterns, gradient, into: result))
    return result
  }
}

/// What one attention reads and writes.
package struct AttentionCall {
  let input: Tensor
  let output: Tensor
  /// `[rows, heads]`: logarithms of the softmax's sums, kept for the gradient.
  let logSums: Tensor?
  let heads: Int
  let layout: HeadLayout
  let scale: Float
  let rotary: RotaryTable?

  /// Channels of a head.
  var width: Int { input.channels / (3 * heads) }
  /// Elements between a token's q and k, and between its k and v.
  var partStride: Int { layout == .perHead ? width : heads * width }
}
