internal import CGraphicsKernels

/// An NVIDIA card, by its driver and this package's own kernels, for inference. Operations are put on the
/// card's stream and happen later, in order.
final class GraphicsDevice: ComputeDevice {
  let connection: GraphicsConnection
  let ownMemory: GraphicsMemory
  var memory: any DeviceMemory { ownMemory }

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
    case .stackedConvolution(let call): try stackedConvolution(call)
    case .attention(let call, let patterns): try attention(call, patterns)
    case .groupNorm(let call, let result): try groupNorm(call, into: result)
    case .layerNorm(let x, let parameters, let result):
      try layerNorm(x, parameters, into: result)

    case .gatedGELU(let x, let result): try elementwise(GK_GATED_GELU, x, into: result)
    case .gelu(let x, let result): try elementwise(GK_GELU, x, into: result)
    case .silu(let x, let result): try elementwise(GK_SILU, x, into: result)
    case .tanh(let x, let scale, let result):
      try elementwise(GK_TANH, x, factor: scale, into: result)
    case .leakyReLU(let x, let slope, let result):
      try elementwise(GK_LEAKY_RELU, x, factor: slope, into: result)
    case .add(let a, let b, let result): try elementwise(GK_ADD, a, b, into: result)
    case .addRows(let x, let row, let result):
      try elementwise(GK_ADD_ROWS, x, row, rows: x.shape[1], into: result)
    case .convert(let x, let result): try convert(x, into: result)

    case .concatenateChannels(let a, let b, let result):
      try concatenate(a, b, into: result)
    case .transpose(let x, let outer, let first, let second, let result):
      try transpose(x, outer: outer, first: first, second: second, into: result)
    case .resample(let kind, let x, let source, let destination, let result):
      try resample(kind, x, from: source, to: destination, into: result)
    case .sumPlanes(let front, let side, let top, let volume, let result):
      try sumPlanes(front: front, side: side, top: top, volume, into: result)
    case .gatherSequences(let x, let pattern, let token, let positions, let result):
      try gatherSequences(x, pattern, token: token, positions: positions, into: result)

    default:
      throw TensorError(
        operation: operation.name,
        reason:
          "it is not computed on graphics processors, which serve inference: use the processor")
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
