internal import CDNNL

/// The weights and bias of a convolution over frames, rows and columns, laid out for inference.
public struct VolumeConvolution: Sendable {
  /// Input channels.
  public let inputs: Int
  /// Output channels.
  public let outputs: Int
  /// The kernel and how it moves.
  public let window: VolumeWindow
  /// Whether negative results become 0 (ReLU).
  public let isRectified: Bool
  let weights: PreparedWeights
  let bias: Tensor
}

extension ComputeContext {
  /// Lays out the weights of a convolution over volumes.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs, depth, height, width]`, as PyTorch stores it.
  ///   - bias: `[outputs]`.
  ///   - window: The kernel and how it moves.
  ///   - isRectified: Whether negative results become 0.
  ///   - extents: Of the volumes that it will run on most, which decide the best layout.
  /// - Throws: ``TensorError`` if memory is short.
  public func prepareConvolution(
    _ weight: UnsafeBufferPointer<Float>, bias: [Float], inputs: Int, outputs: Int,
    window: VolumeWindow, isRectified: Bool, on extents: VolumeExtents
  ) throws -> VolumeConvolution {
    precondition(weight.count == inputs * outputs * window.size.count && bias.count == outputs)
    guard let base = weight.baseAddress else {
      throw TensorError(operation: "prepareConvolution", reason: "an empty weight")
    }
    let hint = VolumeProblem(
      batch: 1, extents: extents, inputs: inputs, outputs: outputs, window: window,
      kind: .convolution(isRectified: isRectified))
    let descriptor = try library.describe(hint, weights: nil)
    defer { dnnl_primitive_desc_destroy(descriptor) }
    let source = try OneDNN.layout([outputs, inputs] + window.size.axes, .float32, dnnl_oidhw)
    let weights = try library.prepare(
      base, source, as: library.preferredWeightLayout(descriptor), pool: pool)
    return VolumeConvolution(
      inputs: inputs, outputs: outputs, window: window, isRectified: isRectified,
      weights: weights, bias: try tensor(bias, shape: [outputs]))
  }

  /// A convolution over frames, rows and columns.
  ///
  /// - Parameter x: `[batch, depth, height, width, inputs]`, float32.
  /// - Returns: `[batch, depth, height, width, outputs]` with the window's positions.
  public func convolution(_ x: Tensor, _ convolution: VolumeConvolution) throws -> Tensor {
    let start = operationStart
    let problem = VolumeProblem(
      x, convolution.window, outputs: convolution.outputs,
      kind: .convolution(isRectified: convolution.isRectified))
    precondition(x.channels == convolution.inputs)
    defer {
      record(
        .convolution, since: start, x.shape, outputs: convolution.outputs,
        operations: problem.operationCount)
    }
    let result = try makeTensor(problem.outputShape, .float32)
    let primitive = try library.volumePrimitive(problem, weights: convolution.weights)
    try run(
      primitive,
      [x.pointer, convolution.weights.storage.pointer, convolution.bias.pointer, result.pointer])
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
    try run(library.volumePrimitive(problem, weights: nil), [x.pointer, result.pointer])
    return result
  }
}

/// A convolution or pooling over volumes as oneDNN needs it described: float32, channels last.
struct VolumeProblem: Hashable {
  enum Kind: Hashable {
    case convolution(isRectified: Bool)
    case maximum
    case average
  }

  var batch: Int
  var extents: VolumeExtents
  var inputs: Int
  var outputs: Int
  var window: VolumeWindow
  var kind: Kind

  /// A compiled problem belongs to the layout of its weights.
  struct Key: Hashable {
    var problem: VolumeProblem
    var weightLayout: Int?
  }

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

  func layouts() throws -> (source: dnnl_memory_desc_t, destination: dnnl_memory_desc_t) {
    (
      try OneDNN.layout([batch, inputs] + extents.axes, .float32, dnnl_ndhwc),
      try OneDNN.layout(
        [batch, outputs] + window.outputs(of: extents).axes, .float32, dnnl_ndhwc)
    )
  }
}

extension OneDNN {
  /// - Parameter weights: A fixed weight layout, or `nil` to let oneDNN choose.
  func describe(
    _ problem: VolumeProblem, weights: dnnl_memory_desc_t?
  ) throws -> dnnl_primitive_desc_t {
    var (source, destination) = try problem.layouts()
    let window = problem.window
    let strides = window.stride.axes.map(Int64.init)
    let (before, after) = window.margins(of: problem.extents)
    let (left, right) = (before.map(Int64.init), after.map(Int64.init))
    guard case .convolution(let isRectified) = problem.kind else {
      var operation = dnnl_pooling_desc_t()
      let algorithm =
        problem.kind == .maximum ? dnnl_pooling_max : dnnl_pooling_avg_exclude_padding
      try Self.check(
        dnnl_pooling_forward_desc_init(
          &operation, dnnl_forward_inference, algorithm, &source, &destination, strides,
          window.size.axes.map(Int64.init), left, right),
        "dnnl_pooling_forward_desc_init")
      return try description(of: &operation, Attributes(), "pooling over volumes")
    }
    var bias = try Self.layout([problem.outputs], .float32, dnnl_a)
    var weights =
      try weights
      ?? Self.layout(
        [problem.outputs, problem.inputs] + window.size.axes, .float32, dnnl_format_tag_any)
    var operation = dnnl_convolution_desc_t()
    try Self.check(
      dnnl_convolution_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_convolution_direct, &source, &weights, &bias,
        &destination, strides, left, right),
      "dnnl_convolution_forward_desc_init")
    return try description(
      of: &operation, Attributes(isRectified: isRectified), "convolution over volumes")
  }

  func volumePrimitive(_ problem: VolumeProblem, weights: PreparedWeights?) throws -> Primitive {
    let key = VolumeProblem.Key(problem: problem, weightLayout: weights?.layoutIndex)
    if let known = volumePrimitives[key] { return known }
    let (source, destination) = try problem.layouts()
    var arguments = [(DNNL_ARG_SRC, source)]
    if let weights {
      arguments.append((DNNL_ARG_WEIGHTS, weights.layout))
      arguments.append((DNNL_ARG_BIAS, try Self.layout([problem.outputs], .float32, dnnl_a)))
    }
    arguments.append((DNNL_ARG_DST, destination))
    let primitive = try Primitive(
      descriptor: describe(problem, weights: weights?.layout), arguments: arguments, library: self)
    volumePrimitives[key] = primitive
    return primitive
  }
}
