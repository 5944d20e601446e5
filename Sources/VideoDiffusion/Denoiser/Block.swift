import NeuralLayers
import TensorCore

/// One numbered entry of `input_blocks` or `output_blocks` with its cross-plane attention: a residual
/// block, attention inside the planes where the resolution asks for it, and a change of resolution
/// where a level begins or ends.
struct Block: Sendable {
  /// The planes after the block.
  let outputStack: ImageStack
  /// Whether the caller joins an input block's result to this block's input.
  let takesSkip: Bool

  private let inputStack: ImageStack
  private let residual: ResidualBlock?
  private let planeAttention: TokenAttention?
  private let resampler: Resampler?
  private let crossAttention: TokenAttention

  /// How the resolution changes: by a residual block, by convolutions, or by averaging and repeating.
  private enum Resampler: Sendable {
    case residual(ResidualBlock)
    case stridedConvolution(Convolution)  // op
    case upsampledConvolution(Convolution)  // conv
    case plain(Resampling)
  }

  init(
    _ scope: ParameterScope, crossAttention: ParameterScope, _ stage: DenoiserPlan.Stage,
    _ configuration: DenoiserConfiguration
  ) throws {
    inputStack = stage.stack
    takesSkip = stage.takesSkip
    outputStack = stage.stack.resampled(stage.resampling)
    // The parts of an entry are numbered in the order in which they run.
    var part = 0
    func next() -> ParameterScope {
      defer { part += 1 }
      return scope[part]
    }
    residual =
      stage.hasResidualBlock
      ? try ResidualBlock(
        next(), stage.inputs, stage.outputs, on: stage.stack, configuration) : nil
    planeAttention =
      stage.hasPlaneAttention
      ? try TokenAttention(next(), stage.outputs, reach: .plane, on: stage.stack, configuration)
      : nil
    switch (stage.resampling, configuration.residualResampling) {
    case (.none, _): resampler = nil
    case (let resampling, true):
      resampler = .residual(
        try ResidualBlock(
          next(), stage.outputs, stage.outputs, on: stage.stack, resampling: resampling,
          configuration))
    case (let resampling, false) where !configuration.convolutionalResampling:
      resampler = .plain(resampling)
    case (.down, false):
      resampler = .stridedConvolution(
        try Convolution(
          next()["op"], stage.outputs, stage.outputs, on: stage.stack, stride: 2))
    case (.up, false):
      resampler = .upsampledConvolution(
        try Convolution(next()["conv"], stage.outputs, stage.outputs, on: outputStack))
    }
    self.crossAttention = try TokenAttention(
      crossAttention, stage.outputs, reach: .crossPlane, on: outputStack, configuration)
  }

  /// - Parameters:
  ///   - x: `[batch, tokens, inputs]` on the stage's planes.
  ///   - timeEmbedding: SiLU of the embedding, `[batch, embeddingWidth]`.
  /// - Returns: `[batch, tokens, outputs]` on `outputStack`.
  func callAsFunction(
    _ x: Tensor, _ timeEmbedding: Tensor, _ context: ComputeContext
  ) throws -> Tensor {
    var h = x
    if let residual { h = try residual(h, timeEmbedding, on: inputStack, context) }
    if let planeAttention { h = try planeAttention(h, on: inputStack, context) }
    switch resampler {
    case nil: break
    case .residual(let block): h = try block(h, timeEmbedding, on: inputStack, context)
    case .stridedConvolution(let convolution):
      h = try convolution(h, on: inputStack, context)
    case .upsampledConvolution(let convolution):
      h = try convolution(context.upsample(h, on: inputStack), on: outputStack, context)
    case .plain(.none): break
    case .plain(.down): h = try context.averagePool(h, on: inputStack)
    case .plain(.up): h = try context.upsample(h, on: inputStack)
    }
    return try crossAttention(h, on: outputStack, context)
  }
}
