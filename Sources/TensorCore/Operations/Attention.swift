internal import CKernels

/// How the q, k and v of each head lie in the channels of one tensor.
public enum HeadLayout: Sendable, Hashable {
  /// All of q, then all of k, then all of v, heads contiguous in each.
  case queryKeyValue
  /// Head by head, each with its q, k and v.
  case perHead
}

/// Which tokens attend to each other.
public struct AttentionPattern: Sendable, Hashable {
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
    precondition(!runs.isEmpty && runs.count <= Int(CK_MAX_RUNS))
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
      index % 2 == 0 ? -sine(angle) : sine(angle)
    }
    return RotaryTable(
      cosine: try tensor(angles.map(cosine), shape: shape),
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
    for pattern in patterns {
      if let rotary { precondition(rotary.length >= pattern.length) }
      call.withProblem(pattern) { ck_attention(&$0, Int32(threadCount)) }
    }
    try checkKernelMemory("attention")
    return noted(result, from: x) {
      try $0.propagate(to: x, $0.attentionGradient($1, call, patterns))
    }
  }
}

/// What one attention reads and writes.
struct AttentionCall {
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

  /// Describes the call for one pattern to the kernels.
  func withProblem(
    _ pattern: AttentionPattern, _ body: (inout ck_attention_problem) -> Void
  ) {
    let part = partStride * input.elementType.byteCount
    let runs = pattern.runs.map { ck_run(start: $0.lowerBound, count: $0.count) }
    runs.withUnsafeBufferPointer { runs in
      var problem = ck_attention_problem(
        type: input.kernelType, query: input.pointer, key: input.pointer + part,
        value: input.pointer + 2 * part, output: output.pointer, input_stride: input.channels,
        output_stride: heads * width,
        input_head_stride: layout == .perHead ? 3 * width : width, output_head_stride: width,
        heads: Int32(heads), width: Int32(width), sequences: pattern.sequences,
        inner: pattern.inner, outer_stride: pattern.outerStride,
        inner_stride: pattern.innerStride, token_step: pattern.tokenStep,
        runs: runs.baseAddress, run_count: Int32(runs.count),
        query_count: pattern.queryCount ?? 0, scale: scale,
        rotary_cosine: rotary?.cosine.pointer(of: Float.self),
        rotary_sine: rotary?.sine.pointer(of: Float.self),
        log_sums: logSums?.pointer(of: Float.self))
      body(&problem)
    }
  }
}
