internal import CGraphicsKernels

/// A weight as a card keeps it: `[outputs, taps, inputs]` with the inputs of a tap rounded up to whole 16
/// bytes, and how the sum over them is split. One that is trained is brought to that form whenever its numbers
/// have changed, and for the gradient of the input also to `[inputs, taps, outputs]` with the taps turned round.
final class GraphicsWeight: PreparedWeight, @unchecked Sendable {
  /// What a product with it computes.
  enum Direction {
    /// The layer's result.
    case forward
    /// The gradient of its input.
    case backward
  }

  let description: WeightDescription
  var inputs: Int { description.inputs }
  var outputs: Int { description.outputs }
  var elementType: ElementType { description.elementType }
  /// Taps along an axis: 1 for a linear layer.
  let side: Int
  /// Axes that it has taps along.
  let axes: Int
  /// Whether it is applied to one row of each sample, which a kernel of its own does.
  let isForVectors: Bool
  /// Parts of the sum, each of which blocks of their own compute. It follows from the layer alone, so that
  /// neither the batch nor the card changes a result.
  let splits: Int
  /// Parts of the sum for the gradient of the input.
  let backwardSplits: Int
  /// The numbers that it is made from, `[outputs, inputs, taps]` float32; `nil` if they never change.
  let master: Tensor?
  /// Set by the thread that the device serves, and only by it.
  private var forms: [Direction: Form] = [:]

  private struct Form {
    let storage: TensorStorage
    /// That of the numbers it was made from.
    var version: Int?
  }

  /// - Parameters:
  ///   - storage: The numbers in the form for the layer's result, if they are known.
  ///   - master: Where they come from, if they are trained.
  init(_ description: WeightDescription, storage: TensorStorage?, master: Tensor?) throws {
    self.description = description
    self.master = master
    switch description.use {
    case .linear: (side, axes) = (1, 2)
    case .stacked: (side, axes) = (3, 2)
    case .spatial(let kernel, let count): (side, axes) = (kernel, count)
    case .volume(let problem):
      let sides = Set(problem.window.size.axes)
      guard let side = sides.first, sides.count == 1 else {
        throw TensorError(
          operation: "prepare",
          reason:
            "the window has \(problem.window.size.axes.map(String.init).joined(separator: " x ")) "
            + "positions, and graphics processors compute those of equal sides, or as large as the volume"
        )
      }
      (self.side, axes) = (side, 3)
    }
    isForVectors =
      if case .linear(_, let rows) = description.use { rows == 1 } else { false }
    splits = Self.splits(of: description, from: description.inputs, to: description.outputs)
    backwardSplits = Self.splits(of: description, from: description.outputs, to: description.inputs)
    if let storage { forms[.forward] = Form(storage: storage) }
  }

  var fusesGatedGELU: Bool { outputs % 2 == 0 }

  /// Taps of all axes together.
  var taps: Int { (0..<axes).reduce(1) { count, _ in count * side } }

  /// Numbers that each tap sums over, and those that it gives.
  func widths(_ direction: Direction) -> (from: Int, to: Int) {
    direction == .forward ? (inputs, outputs) : (outputs, inputs)
  }

  /// Elements from one tap to the next.
  func padded(_ direction: Direction) -> Int {
    let whole = 16 / elementType.byteCount
    return GraphicsDevice.count(widths(direction).from, by: whole) * whole
  }

  /// The numbers as a product reads them.
  ///
  /// - Parameters:
  ///   - version: That of the numbers.
  ///   - make: Puts the numbers into a form.
  func storage(
    _ direction: Direction, version: Int, _ device: GraphicsDevice
  ) throws -> TensorStorage {
    if let form = forms[direction], master == nil || form.version == version { return form.storage }
    guard let master else { preconditionFailure("a gradient through a weight for inference") }
    let (padded, rows) = (padded(direction), widths(direction).to)
    let storage =
      try forms[direction]?.storage
      ?? TensorStorage(byteCount: rows * taps * padded * elementType.byteCount, device.memory)
    try device.launch(
      "gk_pack_weight_\(elementType.kernelSuffix)",
      gk_pack_weight(
        source: master.onCard, target: storage.address.onCard, outputs: Int32(outputs),
        inputs: Int32(inputs), taps: Int32(taps), padded: Int32(padded),
        turned: direction == .backward ? 1 : 0),
      blocks: GraphicsDevice.count(rows * taps * padded, by: GraphicsDevice.movedBlock))
    forms[direction] = Form(storage: storage, version: version)
    return storage
  }

  /// Blocks that a sample should at least have, for a card with some hundred processors: with half as many
  /// a step of the published denoiser takes 5 % longer on an H200, and with twice as many 7 %.
  private static let wantedBlocks = 264
  /// Steps of a sum below which another part costs more than it brings.
  private static let leastSteps = 8
  private static let mostSplits = 16

  private static func splits(
    of description: WeightDescription, from inputs: Int, to outputs: Int
  ) -> Int {
    let (pixels, taps): (Int, Int)
    switch description.use {
    case .stacked(let stack, let stride):
      (pixels, taps) = (stack.heights.reduce(0, +) * stack.width / (stride * stride), 9)
    case .linear(_, let rows?) where rows > 1: (pixels, taps) = (rows, 1)
    default: return 1
    }
    let blocks =
      GraphicsDevice.count(pixels, by: GraphicsDevice.smallTile)
      * GraphicsDevice.count(outputs, by: GraphicsDevice.smallTile)
    let step = GraphicsDevice.stepBytes / description.elementType.byteCount
    let steps = taps * GraphicsDevice.count(inputs, by: step)
    return max(1, min(wantedBlocks / blocks, steps / leastSteps, mostSplits))
  }
}

extension GraphicsDevice {
  func prepare(
    _ source: WeightSource, _ description: WeightDescription
  ) throws -> any PreparedWeight {
    let values: UnsafeBufferPointer<Float>
    switch source {
    case .trained(let master):
      return try GraphicsWeight(description, storage: nil, master: master)
    case .fixed(let numbers): values = numbers
    }
    if case .volume(let problem) = description.use, problem.isWhole {
      // Each clip is a row of a matrix then, its positions one after the other.
      let inputs = description.inputs
      let taps = problem.window.size.count
      let rows = values.indices.map { index in
        let (output, place) = (index / (inputs * taps), index % (inputs * taps))
        return values[output * inputs * taps + place % inputs * taps + place / inputs]
      }
      return try rows.withUnsafeBufferPointer {
        try prepare(
          .fixed($0),
          WeightDescription(
            inputs: inputs * taps, outputs: description.outputs,
            elementType: description.elementType, use: .linear(hasBias: true, rows: nil)))
      }
    }
    // Refused before anything is copied.
    let weight = try GraphicsWeight(description, storage: nil, master: nil)
    let (taps, padded) = (weight.taps, weight.padded(.forward))
    let (inputs, outputs) = (description.inputs, description.outputs)
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
      return try GraphicsWeight(description, storage: wide, master: nil)
    }
    let narrow = try TensorStorage(byteCount: numbers.count * 2, memory)
    try launch(
      "gk_convert_f32_bf16",
      gk_convert(
        source: wide.address.onCard, target: narrow.address.onCard, count: Int64(numbers.count)),
      blocks: Self.count(numbers.count, by: Self.elementBlock))
    return try GraphicsWeight(description, storage: narrow, master: nil)
  }

  /// A weight of this device.
  func weight(_ weight: DeviceWeight) -> GraphicsWeight {
    guard let weight = weight.prepared as? GraphicsWeight else {
      preconditionFailure("a weight of another device")
    }
    return weight
  }
}
