import NeuralLayers
import TensorCore

/// A transformer over a clip's tokens that attends along time and within each frame in turn
/// (Bertasius et al. 2021, "TimeSformer", divided attention): the autoencoder's encoder and decoder.
struct VideoTransformer: Sendable {
  private let layers: [Layer]
  private let timeRotary: RotaryTable
  private let spaceRotary: RotaryTable
  private let volume: TokenVolume

  /// - Parameter scope: `encoder` or `decoder`.
  init(_ scope: ParameterScope, _ configuration: AutoencoderConfiguration) throws {
    volume = configuration.geometry.volume
    layers = try (0..<configuration.layers).map {
      try Layer(scope["layers"][$0], configuration)
    }
    timeRotary = try Self.timeRotary(scope, configuration)
    spaceRotary = try Self.spaceRotary(scope, configuration)
  }

  /// - Parameter x: `[time * height * width, width D]`.
  /// - Returns: A tensor like `x`.
  func callAsFunction(_ x: Tensor, _ context: ComputeContext) throws -> Tensor {
    let (depth, area) = (volume.depth, volume.height * volume.width)
    var x = x
    for layer in layers {
      x = try context.checkpointed { [x] in
        var x = x
        x = try context.inLayer("time") {
          try context.inParts(x, outer: depth, extent: area) { x, places in
            try layer.time(x, Self.overTime(depth, places: places), timeRotary, context)
          }
        }
        x = try context.inLayer("space") {
          try context.inParts(x, outer: 1, extent: depth) { x, frames in
            try layer.space(x, Self.overFrames(frames, area: area), spaceRotary, context)
          }
        }
        return try context.inLayer("feed_forward") {
          try context.inParts(x, outer: 1, extent: depth) { x, _ in
            try layer.feedForward(x, context)
          }
        }
      }
    }
    return x
  }

  /// Each of so many places of a frame through all frames.
  private static func overTime(_ depth: Int, places: Int) -> AttentionPattern {
    AttentionPattern(
      runs: [0..<depth], sequences: places, outerStride: 1, tokenStep: places)
  }

  /// All places of each of so many frames.
  private static func overFrames(_ frames: Int, area: Int) -> AttentionPattern {
    AttentionPattern(runs: [0..<area], sequences: frames, outerStride: area)
  }

  private struct Layer: Sendable {
    let time: RotaryAttention  // 0
    let space: RotaryAttention  // 1
    let feedForward: GatedFeedForward  // 2

    init(_ scope: ParameterScope, _ configuration: AutoencoderConfiguration) throws {
      time = try RotaryAttention(scope[0], configuration)
      space = try RotaryAttention(scope[1], configuration)
      feedForward = try GatedFeedForward(scope[2], configuration.width)
    }
  }

  /// Angle `t * frequency`. The 32 frequencies stand twice in a row, although the rotation pairs
  /// neighbouring channels: the original mixes two conventions, and its weights were trained so.
  private static func timeRotary(
    _ scope: ParameterScope, _ configuration: AutoencoderConfiguration
  ) throws -> RotaryTable {
    let width = AutoencoderConfiguration.headWidth
    return try scope["frame_rot_emb"].rotary(
      "inv_freqs", count: width / 2, length: configuration.frames, width: width
    ) { frequencies in
      (0..<configuration.frames).flatMap { frame in
        (0..<width).map { Float(frame) * frequencies[$0 % (width / 2)] }
      }
    }
  }

  /// Angle `position * pi * scale` with positions from -1 to 1: the first half of the channels turns
  /// with the row, the second with the column.
  private static func spaceRotary(
    _ scope: ParameterScope, _ configuration: AutoencoderConfiguration
  ) throws -> RotaryTable {
    let width = AutoencoderConfiguration.headWidth
    let side = configuration.geometry.side
    return try scope["image_rot_emb"].rotary(
      "scales", count: width / 4, length: side * side, width: width
    ) { scales in
      let positions = (0..<side).map { side == 1 ? -1 : -1 + 2 * Float($0) / Float(side - 1) }
      var angles: [Float] = []
      for row in positions {
        for column in positions {
          for channel in 0..<(width / 2) {
            let position = channel < width / 4 ? row : column
            let angle = position * scales[channel % (width / 4)] * Float.pi
            angles += [angle, angle]
          }
        }
      }
      return angles
    }
  }
}

/// Attention with rotary positions, its normalisation and residual connection.
struct RotaryAttention: Sendable {
  private let norm: LayerNorm  // norm
  private let qkv: Linear  // fn.to_qkv
  private let outputProjection: Linear  // fn.to_out.0
  private let heads: Int

  init(_ scope: ParameterScope, _ configuration: AutoencoderConfiguration) throws {
    let inner = configuration.headCount * AutoencoderConfiguration.headWidth
    norm = try LayerNorm(scope["norm"], configuration.width)
    qkv = try Linear(scope["fn"]["to_qkv"], configuration.width, 3 * inner, bias: false)
    outputProjection = try Linear(scope["fn"]["to_out"][0], inner, configuration.width)
    heads = configuration.headCount
  }

  func callAsFunction(
    _ x: Tensor, _ pattern: AttentionPattern, _ rotary: RotaryTable, _ context: ComputeContext
  ) throws -> Tensor {
    let qkv = try self.qkv(norm(x, context), context)
    let attended = try context.attention(
      qkv, heads: heads, layout: .queryKeyValue, [pattern],
      scale: 1 / Float(AutoencoderConfiguration.headWidth).squareRoot(), rotary: rotary)
    return try outputProjection(attended, adding: x, context)
  }
}

/// The gated feed-forward part of a layer (GEGLU, four times as wide), with its normalisation and
/// residual connection.
struct GatedFeedForward: Sendable {
  private let norm: LayerNorm  // norm
  private let expand: Linear  // fn.net.0
  private let contract: Linear  // fn.net.3

  init(_ scope: ParameterScope, _ width: Int) throws {
    norm = try LayerNorm(scope["norm"], width)
    expand = try Linear(scope["fn"]["net"][0], width, 8 * width)
    contract = try Linear(scope["fn"]["net"][3], 4 * width, width)
  }

  func callAsFunction(_ x: Tensor, _ context: ComputeContext) throws -> Tensor {
    try context.gatedFeedForward(x, norm: norm, expand: expand, contract: contract)
  }
}
