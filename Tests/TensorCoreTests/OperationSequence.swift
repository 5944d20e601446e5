import TensorCore
import TestSupport

/// Every operation once or more on a small feature, as a network would string them together.
struct OperationSequence {
  /// What an operation made.
  struct Result {
    let name: String
    let values: [Float]
    /// Whether a product of oneDNN is part of it.
    var isProduct: Bool
  }

  private let context: ComputeContext
  private let type: ElementType
  private let stack = ImageStack(width: 8, heights: [8, 16, 16])
  private let norm: NormalizationWeight
  private let convolution: ConvolutionWeight
  private let strided: ConvolutionWeight
  private let expand: LinearWeight
  private let contract: LinearWeight
  private let input: [Float]
  private let modulation: Tensor

  init(_ context: ComputeContext, _ type: ElementType) throws {
    self.context = context
    self.type = type
    var numbers = SeededNumbers(77)
    norm = try context.prepareNormalization(
      weight: numbers.floats(48, scale: 0.5, around: 1), bias: numbers.floats(48))
    convolution = try context.convolution(
      inputs: 48, outputs: 48, bias: numbers.floats(48), on: stack, seed: 1, as: type
    ).weight
    strided = try context.convolution(
      inputs: 48, outputs: 48, bias: numbers.floats(48), stride: 2, on: stack, seed: 2, as: type
    ).weight
    expand = try context.linear(
      inputs: 48, outputs: 144, bias: numbers.floats(144), seed: 3, as: type
    ).weight
    contract = try context.linear(
      inputs: 72, outputs: 48, bias: numbers.floats(48), seed: 4, as: type
    ).weight
    input = stack.randomValues(batch: 2, channels: 48, seed: 5)
    modulation = try context.tensor(numbers.floats(2 * 96), shape: [2, 96])
  }

  /// Runs all operations once. Products branch off and nothing follows them, so that every other
  /// result comes from the package's own kernels alone.
  func run() throws -> [Result] {
    var results: [Result] = []
    func keep(_ name: String, _ tensor: Tensor, on images: ImageStack? = nil) throws -> Tensor {
      // What a convolution leaves between the images has no meaning.
      let values = try context.read(tensor)
      let kept = images?.imageValues(of: values, channels: tensor.channels) ?? values
      results.append(Result(name: name, values: kept, isProduct: false))
      return tensor
    }
    func keepProduct(_ name: String, _ tensor: Tensor, on images: ImageStack? = nil) throws {
      _ = try keep(name, tensor, on: images)
      results[results.count - 1].isProduct = true
    }
    let x = try context.tensor(input, shape: [2, stack.tokenCount, 48], as: type)
    var h = try keep(
      "groupNorm",
      context.groupNorm(
        x, norm, groups: 24, on: stack, statistics: .perImage, modulation: modulation,
        activated: true))
    try keepProduct(
      "convolution", context.convolution(h, convolution, on: stack, adding: x), on: stack)
    try keepProduct(
      "stridedConvolution", context.stridedConvolution(h, strided, on: stack), on: stack.halved)
    h = try keep(
      "joint groupNorm",
      context.groupNorm(h, norm, groups: 48, on: stack, statistics: .joint, activated: false))
    try keepProduct("linear", context.linear(h, expand))
    let qkv = try keep(
      "concatenateChannels",
      context.concatenateChannels(context.concatenateChannels(h, x), h))
    let planes = (0..<3).map(stack.tokens)
    let pattern = AttentionPattern(runs: planes, sequences: 2, outerStride: stack.tokenCount)
    h = try keep(
      "attention", context.attention(qkv, heads: 4, layout: .perHead, [pattern], scale: 0.3))
    h = try keep("averagePool", context.averagePool(h, on: stack))
    h = try keep("upsample", context.upsample(h, on: stack.halved))
    h = try keep("layerNorm", context.layerNorm(h, norm))
    try keepProduct(
      "gatedFeedForward",
      context.gatedFeedForward(h, norm, expand: expand, contract: contract))
    h = try keep("gelu", context.gelu(h))
    h = try keep("gatedGELU", context.gatedGELU(context.concatenateChannels(h, x)))
    _ = try keep("add", context.add(h, x))
    return results
  }
}
