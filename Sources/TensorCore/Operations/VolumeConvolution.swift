/// The weights and bias of a convolution over frames, rows and columns, packed for inference.
public struct VolumeConvolution: Sendable {
  /// Input channels.
  public let inputs: Int
  /// Output channels.
  public let outputs: Int
  /// The kernel and how it moves.
  public let window: VolumeWindow
  /// Whether negative results become 0 (ReLU).
  public let appliesReLU: Bool
  let weight: LayerWeight
  let bias: Tensor
}

extension ComputeContext {
  /// Packs the weights of a convolution over volumes.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs, depth, height, width]`, as PyTorch stores it.
  ///   - bias: `[outputs]`.
  ///   - window: The kernel and how it moves.
  ///   - appliesReLU: Whether negative results become 0.
  ///   - extents: Of the volumes that it will run on most, which decide the best layout.
  /// - Throws: ``TensorError`` if memory is short.
  public func prepareConvolution(
    _ weight: UnsafeBufferPointer<Float>, bias: [Float], inputs: Int, outputs: Int,
    window: VolumeWindow, appliesReLU: Bool, on extents: VolumeExtents
  ) throws -> VolumeConvolution {
    precondition(weight.count == inputs * outputs * window.size.count && bias.count == outputs)
    let problem = VolumeProblem(
      batch: 1, extents: extents, inputs: inputs, outputs: outputs, window: window,
      kind: .convolution(appliesReLU: appliesReLU))
    return VolumeConvolution(
      inputs: inputs, outputs: outputs, window: window, appliesReLU: appliesReLU,
      weight: try LayerWeight(
        .fixed(weight),
        WeightDescription(
          inputs: inputs, outputs: outputs, elementType: .float32, use: .volume(problem)),
        on: device), bias: try tensor(bias, shape: [outputs]))
  }

  /// A convolution over frames, rows and columns.
  ///
  /// - Parameter x: `[batch, depth, height, width, inputs]`, float32.
  /// - Returns: `[batch, depth, height, width, outputs]` with the window's positions.
  public func convolution(_ x: Tensor, _ convolution: VolumeConvolution) throws -> Tensor {
    let start = operationStart
    let problem = VolumeProblem(
      x, convolution.window, outputs: convolution.outputs,
      kind: .convolution(appliesReLU: convolution.appliesReLU))
    precondition(x.channels == convolution.inputs)
    defer {
      record(
        .convolution, since: start, x.shape, outputs: convolution.outputs,
        operations: problem.operationCount)
    }
    let result = try makeTensor(problem.outputShape, .float32)
    try device.run(
      .volumeConvolution(
        problem, x, convolution.weight.current, bias: convolution.bias, into: result))
    return result
  }

  /// The maximum of every window; positions around the volume do not count.
  ///
  /// - Parameter x: `[batch, depth, height, width, channels]`, float32.
  public func maximumPool(_ x: Tensor, _ window: VolumeWindow) throws -> Tensor {
    try pooled(x, window, .maximum)
  }

  /// The mean of every window; positions around the volume do not count.
  ///
  /// - Parameter x: `[batch, depth, height, width, channels]`, float32.
  public func averagePool(_ x: Tensor, _ window: VolumeWindow) throws -> Tensor {
    try pooled(x, window, .average)
  }

  private func pooled(
    _ x: Tensor, _ window: VolumeWindow, _ kind: VolumeProblem.Kind
  ) throws -> Tensor {
    let start = operationStart
    defer { record(.resampling, since: start, x.shape) }
    let problem = VolumeProblem(x, window, outputs: x.channels, kind: kind)
    let result = try makeTensor(problem.outputShape, .float32)
    try device.run(.volumePooling(problem, x, into: result))
    return result
  }
}

/// A convolution or pooling over volumes: float32, channels last.
package struct VolumeProblem: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    case convolution(appliesReLU: Bool)
    case maximum
    case average
  }

  var batch: Int
  var extents: VolumeExtents
  var inputs: Int
  var outputs: Int
  var window: VolumeWindow
  var kind: Kind

  init(
    batch: Int, extents: VolumeExtents, inputs: Int, outputs: Int, window: VolumeWindow, kind: Kind
  ) {
    self.batch = batch
    self.extents = extents
    self.inputs = inputs
    self.outputs = outputs
    self.window = window
    self.kind = kind
  }

  init(_ x: Tensor, _ window: VolumeWindow, outputs: Int, kind: Kind) {
    precondition(x.shape.count == 5 && x.elementType == .float32, "\(x.shape) is no volume")
    self.init(
      batch: x.shape[0], extents: VolumeExtents(x.shape[1], x.shape[2], x.shape[3]),
      inputs: x.channels, outputs: outputs, window: window, kind: kind)
    precondition(outputShape.allSatisfy { $0 > 0 }, "\(x.shape) is smaller than \(window)")
  }

  var outputShape: [Int] { [batch] + window.outputs(of: extents).axes + [outputs] }
  var operationCount: Double {
    2 * Double(outputShape.reduce(1, *)) * Double(inputs * window.size.count)
  }
}
