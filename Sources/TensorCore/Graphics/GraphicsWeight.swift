internal import CGraphicsKernels

/// A weight as a card keeps it: `[outputs, taps, inputs]` with the inputs of a tap rounded up to whole 16
/// bytes, and how the sum over them is split.
final class GraphicsWeight: PreparedWeight, @unchecked Sendable {
  let storage: TensorStorage
  let inputs: Int
  let outputs: Int
  /// Elements from one tap to the next.
  let paddedInputs: Int
  /// Taps along an axis: 1 or 3.
  let side: Int
  let elementType: ElementType
  /// Whether it is applied to one row of each sample, which a kernel of its own does.
  let isForVectors: Bool
  /// Parts of the sum, each of which blocks of their own compute. It follows from the layer alone, so that
  /// neither the batch nor the card changes a result.
  let splits: Int

  init(_ storage: TensorStorage, _ description: WeightDescription, side: Int, paddedInputs: Int) {
    self.storage = storage
    self.paddedInputs = paddedInputs
    self.side = side
    inputs = description.inputs
    outputs = description.outputs
    elementType = description.elementType
    splits = Self.splits(of: description)
    isForVectors =
      if case .linear(_, let rows) = description.use { rows == 1 } else { false }
  }

  var fusesGatedGELU: Bool { outputs % 2 == 0 }

  /// Blocks that a sample should at least have, for a card with some hundred processors: with half as many
  /// a step of the published denoiser takes 5 % longer on an H200, and with twice as many 7 %.
  private static let wantedBlocks = 264
  /// Steps of a sum below which another part costs more than it brings.
  private static let leastSteps = 8
  private static let mostSplits = 16

  private static func splits(of description: WeightDescription) -> Int {
    let (pixels, taps): (Int, Int)
    switch description.use {
    case .stacked(let stack, let stride):
      (pixels, taps) = (stack.heights.reduce(0, +) * stack.width / (stride * stride), 9)
    case .linear(_, let rows?) where rows > 1: (pixels, taps) = (rows, 1)
    default: return 1
    }
    let blocks =
      GraphicsDevice.count(pixels, by: GraphicsDevice.smallTile)
      * GraphicsDevice.count(description.outputs, by: GraphicsDevice.smallTile)
    let step = GraphicsDevice.stepBytes / description.elementType.byteCount
    let steps = taps * GraphicsDevice.count(description.inputs, by: step)
    return max(1, min(wantedBlocks / blocks, steps / leastSteps, mostSplits))
  }
}

extension GraphicsDevice {
  func prepare(
    _ source: WeightSource, _ description: WeightDescription
  ) throws -> any PreparedWeight {
    guard case .fixed(let values) = source else {
      throw TensorError(
        operation: "prepare",
        reason: "networks are not trained on graphics processors: use the processor")
    }
    let side: Int
    switch description.use {
    case .linear: side = 1
    case .stacked: side = 3
    case .spatial, .volume:
      throw TensorError(
        operation: "prepare",
        reason:
          "convolutions of this kind are not computed on graphics processors: use the processor")
    }
    let (inputs, outputs) = (description.inputs, description.outputs)
    let whole = 16 / description.elementType.byteCount
    let padded = Self.count(inputs, by: whole) * whole
    let taps = side * side
    let numbers = [Float](unsafeUninitializedCapacity: outputs * taps * padded) { target, count in
      count = outputs * taps * padded
      for output in 0..<outputs {
        let from = output * inputs * taps
        for tap in 0..<taps {
          let to = (output * taps + tap) * padded
          for input in 0..<padded {
            target[to + input] = input < inputs ? values[from + input * taps + tap] : 0
          }
        }
      }
    }
    let wide = try TensorStorage(byteCount: numbers.count * 4, memory)
    numbers.withUnsafeBytes { memory.upload($0, to: wide.address) }
    guard description.elementType == .bfloat16 else {
      return GraphicsWeight(wide, description, side: side, paddedInputs: padded)
    }
    let narrow = try TensorStorage(byteCount: numbers.count * 2, memory)
    try launch(
      "gk_convert_f32_bf16",
      gk_convert(
        source: wide.address.onCard, target: narrow.address.onCard, count: Int64(numbers.count)),
      blocks: Self.count(numbers.count, by: Self.elementBlock))
    return GraphicsWeight(narrow, description, side: side, paddedInputs: padded)
  }

  /// A weight of this device.
  func weight(_ weight: DeviceWeight) -> GraphicsWeight {
    guard let weight = weight.prepared as? GraphicsWeight else {
      preconditionFailure("a weight of another device")
    }
    return weight
  }
}
