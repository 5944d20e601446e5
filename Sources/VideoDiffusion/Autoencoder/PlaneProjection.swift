import NeuralLayers
import TensorCore

/// Projects a clip's tokens onto one plane (PVDM, section 3.1): a small transformer reads the tokens
/// along the axis that goes, with a learned token at the end, and what it makes of the first token
/// stands for all of them.
struct PlaneProjection: Sendable {
  private let axis: TokenVolume.Axis
  private let token: Tensor  // {plane}_token
  private let positions: Tensor  // {plane}_pos_embedding
  private let layers: [Layer]  // {plane}_quant_attn.layers
  private let toLatent: Linear  // pre_{plane}
  private let volume: TokenVolume

  /// - Parameters:
  ///   - scope: The autoencoder's root.
  ///   - plane: `xy`, `yt` or `xt`.
  ///   - axis: The axis that goes.
  init(
    _ scope: ParameterScope, plane: String, without axis: TokenVolume.Axis,
    _ configuration: AutoencoderConfiguration
  ) throws {
    let width = configuration.width
    self.axis = axis
    volume = configuration.geometry.volume
    let length = volume.extent(axis) + 1
    token = try scope.tensor("\(plane)_token", shape: [1, 1, width]).reshaped([width])
    positions = try scope.tensor("\(plane)_pos_embedding", shape: [1, length, width])
      .reshaped([length, width])
    layers = try (0..<configuration.projectionLayers).map {
      try Layer(scope["\(plane)_quant_attn"]["layers"][$0], configuration)
    }
    toLatent = try Linear(scope["pre_\(plane)"], width, PlaneGeometry.channels, kernelAxes: 2)
  }

  /// - Parameter x: The clip's tokens `[time * height * width, width D]`.
  /// - Returns: `[plane's tokens, 4]` float32, before tanh.
  func callAsFunction(_ x: Tensor, _ context: ComputeContext) throws -> Tensor {
    let sequences = try context.gatherSequences(
      x, of: volume, along: axis, token: token, positions: positions)
    return try context.inParts(sequences, outer: 1, extent: sequences.shape[0]) { sequences, _ in
      var sequences = sequences
      for layer in layers.dropLast() { sequences = try layer(sequences, context) }
      let first =
        try layers.last?.firstToken(of: sequences, context)
        ?? context.firstTokens(sequences)
      return try toLatent(first, outputType: .float32, context)
    }
  }

  /// A pre-norm transformer layer over short sequences.
  private struct Layer: Sendable {
    private let attentionNorm: LayerNorm  // 0.norm
    private let qkv: Linear  // 0.fn.to_qkv
    private let outputProjection: Linear  // 0.fn.to_out.0
    private let hiddenNorm: LayerNorm  // 1.norm
    private let expand: Linear  // 1.fn.net.0
    private let contract: Linear  // 1.fn.net.3
    private let heads: Int
    private let scale: Float

    init(_ scope: ParameterScope, _ configuration: AutoencoderConfiguration) throws {
      let width = configuration.width
      let hidden = configuration.projectionHiddenWidth
      heads = configuration.projectionHeadCount
      let headWidth = width / 8
      let inner = heads * headWidth
      scale = 1 / Float(headWidth).squareRoot()
      attentionNorm = try LayerNorm(scope[0]["norm"], width)
      qkv = try Linear(scope[0]["fn"]["to_qkv"], width, 3 * inner, bias: false)
      outputProjection = try Linear(scope[0]["fn"]["to_out"][0], inner, width)
      hiddenNorm = try LayerNorm(scope[1]["norm"], width)
      expand = try Linear(scope[1]["fn"]["net"][0], width, hidden)
      contract = try Linear(scope[1]["fn"]["net"][3], hidden, width)
    }

    /// - Parameter x: `[sequences, length, width]`.
    func callAsFunction(_ x: Tensor, _ context: ComputeContext) throws -> Tensor {
      try mlp(
        outputProjection(attend(x, queryCount: nil, context), adding: x, context), context)
    }

    /// Only the first token of the layer's result, `[sequences, width]`: nothing else is read, so
    /// nothing else is computed.
    func firstToken(of x: Tensor, _ context: ComputeContext) throws -> Tensor {
      let attended = try context.firstTokens(attend(x, queryCount: 1, context))
      return try mlp(
        outputProjection(attended, adding: context.firstTokens(x), context), context)
    }

    private func attend(
      _ x: Tensor, queryCount: Int?, _ context: ComputeContext
    ) throws -> Tensor {
      let qkv = try self.qkv(attentionNorm(x, context), context)
      let length = x.shape[1]
      return try context.attention(
        qkv, heads: heads, layout: .queryKeyValue,
        [
          AttentionPattern(
            runs: [0..<length], sequences: x.shape[0], outerStride: length,
            queryCount: queryCount)
        ], scale: scale)
    }

    private func mlp(_ x: Tensor, _ context: ComputeContext) throws -> Tensor {
      let hidden = try context.gelu(expand(hiddenNorm(x, context), context))
      return try contract(hidden, adding: x, context)
    }
  }
}
