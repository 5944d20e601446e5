import NeuralLayers
import TensorCore

/// Makes each token a patch of pixels.
///
/// The original is a transposed convolution whose kernel equals its stride, which maps each token by
/// itself: a linear layer, once `[D, 3, P, P]` is reordered to rows (p1, p2, channel). For inference
/// that is done once; while the layer is trained, in every pass, so that gradients find their way back
/// to the stored order.
struct PatchLayer: Sendable {
  private enum Weights: Sendable {
    case prepared(Linear)
    case trained(weight: Tensor, bias: Tensor)
  }
  private let weights: Weights
  private let width: Int
  private let patchSide: Int
  private let elementType: ElementType

  /// Takes the layer's parameters: `weight` `[D, 3, P, P]` and `bias` `[3]`.
  init(_ scope: ParameterScope, _ configuration: AutoencoderConfiguration) throws {
    width = configuration.width
    patchSide = configuration.patchSide
    elementType = scope.elementType
    let shape = [width, 3, patchSide, patchSide]
    if scope.isTrained || scope.isDescribing {
      weights = .trained(
        weight: try scope.tensor("weight", shape: shape),
        bias: try scope.tensor("bias", shape: [3]))
      return
    }
    let stored = try scope.values("weight", shape: shape)
    let colour = try scope.values("bias", shape: [3])
    let (order, biasOrder) = Self.order(width: width, patchSide: patchSide)
    weights = .prepared(
      try Linear(
        weight: order.map { stored[Int($0)] }, bias: biasOrder.map { colour[Int($0)] }, width,
        patchSide * patchSide * 3, context: scope.context, elementType: scope.elementType))
  }

  /// - Parameter x: `[tokens, width D]`.
  /// - Returns: `[tokens, P * P * 3]` float32.
  func callAsFunction(_ x: Tensor, _ context: ComputeContext) throws -> Tensor {
    switch weights {
    case .prepared(let linear): return try linear(x, outputType: .float32, context)
    case .trained(let weight, let bias):
      let (order, biasOrder) = Self.order(width: width, patchSide: patchSide)
      let linear = try Linear(
        weight: context.gather(weight, order, shape: [biasOrder.count, width]),
        bias: context.gather(bias, biasOrder, shape: [biasOrder.count]),
        elementType: elementType, context)
      return try linear(x, outputType: .float32, context)
    }
  }

  /// Where each element of the linear layer's weight `[P * P * 3, D]` and bias is stored.
  private static func order(width: Int, patchSide: Int) -> (weight: [Int32], bias: [Int32]) {
    let area = patchSide * patchSide
    var weight: [Int32] = []
    weight.reserveCapacity(area * 3 * width)
    for pixel in 0..<area {
      for channel in 0..<3 {
        for input in 0..<width {
          weight.append(Int32((input * 3 + channel) * area + pixel))
        }
      }
    }
    return (weight, (0..<Int32(area * 3)).map { $0 % 3 })
  }
}
