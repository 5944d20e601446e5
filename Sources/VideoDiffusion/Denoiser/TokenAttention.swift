import NeuralLayers
import TensorCore

/// Which tokens of the planes see each other.
enum AttentionReach: Sendable {
  /// The tokens of one plane.
  case plane
  /// The tokens of all three planes (PVDM, section 3.2).
  case crossPlane
}

/// Self-attention over the planes' tokens, with its normalisation and residual connection.
struct TokenAttention: Sendable {
  private let norm: GroupNorm
  private let qkv: Linear  // qkv
  private let outputProjection: Linear  // proj_out
  private let reach: AttentionReach
  private let heads: Int
  private let layout: HeadLayout

  init(
    _ scope: ParameterScope, _ channels: Int, reach: AttentionReach, on stack: ImageStack,
    _ configuration: DenoiserConfiguration
  ) throws {
    norm = try GroupNorm(
      scope["norm"], channels, statistics: reach == .plane ? .perImage : .joint)
    let rows = stack.tokenCount
    qkv = try Linear(scope["qkv"], channels, 3 * channels, kernelAxes: 1, rows: rows)
    outputProjection = try Linear(
      scope["proj_out"], channels, channels, kernelAxes: 1, rows: rows)
    self.reach = reach
    heads = configuration.heads(of: channels)
    layout = configuration.newAttentionOrder ? .queryKeyValue : .perHead
  }

  /// - Parameter x: `[batch, stack.tokenCount, channels]`.
  /// - Returns: A tensor like `x`.
  func callAsFunction(
    _ x: Tensor, on stack: ImageStack, _ context: ComputeContext
  ) throws -> Tensor {
    let qkv = try self.qkv(norm(x, on: stack, context), context)
    let planes = stack.heights.indices.map(stack.tokens(of:))
    let sequences = reach == .plane ? planes.map { [$0] } : [planes]
    let attended = try context.attention(
      qkv, heads: heads, layout: layout,
      sequences.map {
        AttentionPattern(runs: $0, sequences: x.shape[0], outerStride: stack.tokenCount)
      }, scale: 1 / Float(x.channels / heads).squareRoot())
    return try outputProjection(attended, adding: x, context)
  }
}
