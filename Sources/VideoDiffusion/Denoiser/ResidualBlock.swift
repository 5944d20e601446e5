import NeuralLayers
import TensorCore

/// What a block does to the resolution of the planes.
enum Resampling: Sendable { case none, down, up }

/// A residual block of guided diffusion (Dhariwal and Nichol 2021, appendix A), run on all planes
/// together.
struct ResidualBlock: Sendable {
  private let inputNorm: GroupNorm  // in_layers.0
  private let inputConvolution: Convolution  // in_layers.2
  private let embedding: Linear  // emb_layers.1
  private let outputNorm: GroupNorm  // out_layers.0
  private let outputConvolution: Convolution  // out_layers.3
  private let skip: Linear?  // skip_connection
  private let resampling: Resampling
  private let scaleShiftNorm: Bool

  /// - Parameter stack: The planes before the block resamples them.
  init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, on stack: ImageStack,
    resampling: Resampling = .none, _ configuration: DenoiserConfiguration
  ) throws {
    let after = stack.resampled(resampling)
    self.resampling = resampling
    scaleShiftNorm = configuration.scaleShiftNorm
    inputNorm = try GroupNorm(scope["in_layers"][0], inputs, statistics: .perImage)
    inputConvolution = try Convolution(scope["in_layers"][2], inputs, outputs, on: after)
    // The embedding is one row: float32 costs nothing and keeps the modulation exact.
    embedding = try Linear(
      scope["emb_layers"][1].with(.float32), configuration.embeddingWidth,
      configuration.scaleShiftNorm ? 2 * outputs : outputs, rows: 1)
    outputNorm = try GroupNorm(scope["out_layers"][0], outputs, statistics: .perImage)
    outputConvolution = try Convolution(scope["out_layers"][3], outputs, outputs, on: after)
    skip =
      inputs == outputs
      ? nil
      : try Linear(
        scope["skip_connection"], inputs, outputs, kernelAxes: 2, rows: after.tokenCount)
  }

  /// - Parameters:
  ///   - x: `[batch, stack.tokenCount, inputs]`.
  ///   - timeEmbedding: SiLU of the embedding, `[batch, embeddingWidth]` float32.
  /// - Returns: `[batch, tokens, outputs]` on the resampled stack.
  func callAsFunction(
    _ x: Tensor, _ timeEmbedding: Tensor, on stack: ImageStack, _ context: ComputeContext
  ) throws -> Tensor {
    let after = stack.resampled(resampling)
    var h = try inputNorm(x, on: stack, activated: true, context)
    var x = x
    switch resampling {
    case .none: break
    case .down:
      h = try context.averagePool(h, on: stack)
      x = try context.averagePool(x, on: stack)
    case .up:
      h = try context.upsample(h, on: stack)
      x = try context.upsample(x, on: stack)
    }
    h = try inputConvolution(h, on: after, context)
    let step = try embedding(timeEmbedding, context)
    if scaleShiftNorm {
      h = try outputNorm(h, on: after, modulation: step, activated: true, context)
    } else {
      h = try context.addRows(h, step)
      h = try outputNorm(h, on: after, activated: true, context)
    }
    guard let skip else { return try outputConvolution(h, on: after, adding: x, context) }
    return try outputConvolution(
      h, on: after, adding: skip(x, context), overwriting: true, context)
  }
}

extension ImageStack {
  func resampled(_ resampling: Resampling) -> ImageStack {
    switch resampling {
    case .none: self
    case .down: halved
    case .up: doubled
    }
  }
}
