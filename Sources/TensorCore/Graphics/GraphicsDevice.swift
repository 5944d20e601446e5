internal import CGraphicsKernels

/// An NVIDIA card, by its driver and this package's own kernels. Operations are put on the card's stream and happen later, in order.
final class GraphicsDevice: ComputeDevice {
  let connection: GraphicsConnection
  let ownMemory: GraphicsMemory
  var memory: any DeviceMemory { ownMemory }
  /// Whether products of float32 are of numbers rounded to TF32.
  private(set) var roundsProducts = false
  /// The work that graphs are kept of.
  var repeated: [KeptWork] = []

  /// Bytes of a row that a step of a product takes.
  static let stepBytes = Int(GK_STEP_BYTES)
  /// Pixels and outputs of the tiles that a block computes.
  static let smallTile = 64
  static let largeTile = 128
  /// Elements that a block of an elementwise kernel has.
  static let elementBlock = 1024
  /// Elements that a block of a moving kernel has.
  static let movedBlock = 256

  /// Opens a card.
  ///
  /// - Parameters:
  ///   - ordinal: Its number, from 0.
  ///   - image: The kernels as PTX, ended by a zero.
  /// - Throws: ``TensorError`` if there is no such card, or it cannot run the kernels.
  init(_ driver: GraphicsDriver, ordinal: Int, image: UnsafePointer<CChar>) throws {
    connection = try GraphicsConnection(driver, ordinal: ordinal, image: image)
    ownMemory = GraphicsMemory(connection)
  }

  var name: String { connection.name }
  /// The card's own threads are many; of the program's, one calls it.
  var threadCount: Int { 1 }
  /// Parts of a clip would leave most of a card idle.
  var rowChunk: Int? { nil }

  func supports(_ elementType: ElementType) -> Bool {
    elementType == .float32 || elementType == .bfloat16
  }

  func trains(_ elementType: ElementType) -> Bool { supports(elementType) }

  func multiplyInTensorFloat32() -> Bool {
    roundsProducts = true
    return true
  }

  /// The end of a product's name for a precision.
  func productSuffix(_ elementType: ElementType) -> String {
    roundsProducts && elementType == .float32 ? "tf32" : elementType.kernelSuffix
  }

  /// Whether tensor cores compute the products of a precision.
  func usesTensorCores(_ elementType: ElementType) -> Bool {
    roundsProducts || elementType == .bfloat16
  }

  /// Parts of a size that so many elements are.
  static func count(_ elements: Int, by size: Int) -> Int { (elements + size - 1) / size }

  func launch<Arguments: BitwiseCopyable>(
    _ name: String, _ arguments: Arguments, blocks: Int
  ) throws {
    try launch(name, arguments, blocks: (blocks, 1, 1))
  }

  /// Launches a kernel, unless there is nothing to do.
  func launch<Arguments: BitwiseCopyable>(
    _ name: String, _ arguments: Arguments, blocks: (Int, Int, Int)
  ) throws {
    guard blocks.0 > 0, blocks.1 > 0, blocks.2 > 0 else { return }
    try connection.launch(name, arguments, blocks: blocks)
  }

  func run(_ operation: DeviceOperation) throws {
    switch operation {
    case .linear(let call): try linear(call)
    case .linearInputGradient(let gradient, let weight, let result):
      try linearInputGradient(gradient, weight, into: result)
    case .linearWeightGradient(let gradient, let input, let result):
      try linearWeightGradient(gradient, input, into: result)
    case .stackedConvolution(let call): try stackedConvolution(call)
    case .spatialConvolution(let problem, let x, let weight, let bias, let result):
      try spatialConvolution(problem, x, weight, bias, into: result)
    case .spatialInputGradient(let problem, let gradient, let weight, let result):
      try spatialInputGradient(problem, gradient, weight, into: result)
    case .spatialWeightGradient(let problem, let gradient, let input, let result):
      try spatialWeightGradient(problem, gradient, input, into: result)

    case .attention(let call, let patterns): try attention(call, patterns)
    case .attentionGradient(let call, let patterns, let gradient, let result):
      try attentionGradient(call, patterns, gradient, into: result)
    case .groupNorm(let call, let result): try groupNorm(call, into: result)
    case .groupNormGradient(let call, let gradient, let results):
      try groupNormGradient(call, gradient, into: results)
    case .layerNorm(let x, let parameters, let result):
      try layerNorm(x, parameters, into: result)
    case .layerNormGradient(
      let gradient, let x, let parameters, let result, let toWeight, let toBias):
      try layerNormGradient(gradient, x, parameters, into: result, toWeight, toBias)

    case .gatedGELU(let x, let result): try elementwise(GK_GATED_GELU, x, into: result)
    case .gatedGELUGradient(let gradient, let x, let result):
      try elementwise(GK_GATED_GELU_GRADIENT, x, gradient, into: result)
    case .gelu(let x, let result): try elementwise(GK_GELU, x, into: result)
    case .geluGradient(let gradient, let x, let result):
      try elementwise(GK_GELU_GRADIENT, x, gradient, into: result)
    case .silu(let x, let result): try elementwise(GK_SILU, x, into: result)
    case .siluGradient(let gradient, let x, let result):
      try elementwise(GK_SILU_GRADIENT, x, gradient, into: result)
    case .tanh(let x, let scale, let result):
      try elementwise(GK_TANH, x, factor: scale, into: result)
    case .tanhGradient(let gradient, let y, let scale, let result):
      try elementwise(GK_TANH_GRADIENT, y, gradient, factor: scale, into: result)
    case .leakyReLU(let x, let slope, let result):
      try elementwise(GK_LEAKY_RELU, x, factor: slope, into: result)
    case .leakyReLUGradient(let gradient, let y, let slope, let result):
      try elementwise(GK_LEAKY_RELU_GRADIENT, y, gradient, factor: slope, into: result)
    case .add(let a, let b, let result): try elementwise(GK_ADD, a, b, into: result)
    case .addRows(let x, let row, let result):
      try elementwise(GK_ADD_ROWS, x, row, rows: x.shape[1], into: result)
    case .scale(let x, let factor, let result):
      try elementwise(GK_SCALE, x, factor: factor, into: result)
    case .scaleByNumber(let x, let number, let result):
      try elementwise(GK_SCALE_BY_NUMBER, x, number, into: result)
    case .convert(let x, let result): try convert(x, into: result)
    case .sumRows(let x, let batch, let result): try sumRows(x, batch: batch, into: result)
    case .sumAxis(let x, let outer, let extent, let result):
      try sumAxis(x, outer: outer, extent: extent, into: result)

    case .concatenateChannels(let a, let b, let result):
      try concatenate(a, b, into: result)
    case .splitChannels(let x, let a, let b): split(x, into: a, b)
    case .transpose(let x, let outer, let first, let second, let result):
      try transpose(x, outer: outer, first: first, second: second, into: result)
    case .gather(let x, let indices, let result): try gather(x, indices, into: result)
    case .scatter(let x, let indices, let result): try scatter(x, indices, into: result)
    case .resample(let kind, let x, let source, let destination, let result):
      try resample(kind, x, from: source, to: destination, into: result)
    case .sumPlanes(let front, let side, let top, let volume, let result):
      try sumPlanes(front: front, side: side, top: top, volume, into: result)
    case .gatherSequences(let x, let pattern, let token, let positions, let result):
      try gatherSequences(x, pattern, token: token, positions: positions, into: result)
    case .scatterSequences(let x, let pattern, let result):
      try scatterSequences(x, pattern, into: result)
    case .maximumPool(let x, let height, let width, let result):
      try maximumPool(x, height: height, width: width, into: result)
    case .maximumPoolGradient(let gradient, let x, let height, let width, let result):
      try maximumPoolGradient(gradient, x, height: height, width: width, into: result)

    case .meanDistance(let call, let result): try meanDistance(call, into: result)
    case .meanDistanceGradient(let call, let gradient, let result):
      try meanDistanceGradient(call, gradient, into: result)
    case .mean(let function, let x, let result): try mean(function, x, into: result)
    case .meanGradient(let function, let gradient, let x, let result):
      try meanGradient(function, gradient, x, into: result)
    case .featureDistance(let call): try featureDistance(call)
    case .finiteDifference(let x, let target, let neighbors, let result, let gradient):
      try finiteDifference(x, target, neighbors, into: result, gradient)
    case .gradientNorm(let parameters, let result): try gradientNorm(parameters, into: result)
    case .adamW(let parameters, let step): try adamW(parameters, step)

    case .volumeConvolution(let problem, let x, let weight, let bias, let result):
      try volumeConvolution(problem, x, weight, bias, into: result)
    case .volumePooling(let problem, let x, let result):
      try volumePooling(problem, x, into: result)
    }
  }
}

extension Tensor {
  /// Where the elements lie, as the kernels name it.
  var onCard: UInt64 { address.onCard }
  /// The end of a kernel's name for tensors of this precision.
  var kernelSuffix: String { elementType.kernelSuffix }
}

extension ElementType {
  /// The end of a kernel's name for this precision.
  var kernelSuffix: String { self == .bfloat16 ? "bf16" : "f32" }
}
