import Glibc
import NeuralLayers
import TensorCore

/// The time step as a vector: a sinusoid and two linear layers (`time_embed`).
struct TimeEmbedding: Sendable {
  private let first: Linear  // time_embed.0
  private let second: Linear  // time_embed.2
  private let width: Int

  init(_ scope: ParameterScope, _ configuration: DenoiserConfiguration) throws {
    width = configuration.baseWidth
    first = try Linear(scope[0].with(.float32), width, configuration.embeddingWidth, rows: 1)
    second = try Linear(
      scope[2].with(.float32), configuration.embeddingWidth, configuration.embeddingWidth,
      rows: 1)
  }

  /// - Parameter steps: The time step of each sample, in 0 ..< 1000.
  /// - Returns: The sinusoids, `[steps.count, base width]` float32.
  func sinusoids(_ steps: [Float], _ context: ComputeContext) throws -> Tensor {
    let half = width / 2
    let frequencies = (0..<half).map { expf(-logf(10000) * Float($0) / Float(half)) }
    var sinusoid: [Float] = []
    for step in steps {
      sinusoid += frequencies.map { cosf(step * $0) }
      sinusoid += frequencies.map { sinf(step * $0) }
      if width % 2 == 1 { sinusoid.append(0) }
    }
    return try context.tensor(sinusoid, shape: [steps.count, width])
  }

  /// - Parameter sinusoids: From ``sinusoids(_:_:)``.
  /// - Returns: SiLU of the embedding, `[steps.count, embeddingWidth]` float32: every user of the
  ///   embedding begins with that activation.
  func callAsFunction(_ sinusoids: Tensor, _ context: ComputeContext) throws -> Tensor {
    try context.silu(second(context.silu(first(sinusoids, context)), context))
  }
}
