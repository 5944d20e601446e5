internal import CDNNL

/// A convolution over two or three axes, for oneDNN: channels last, the same kernel side, stride and
/// padding along every axis.
struct SpatialProblem: Hashable {
  var batch: Int
  /// Extents of the input: height and width, or depth, height and width.
  var sides: [Int]
  var inputs: Int
  var outputs: Int
  var kernel: Int
  var stride: Int
  var padding: Int
  /// Precision of input, weights and output; gradients of weights are float32.
  var elementType: ElementType

  /// What of the convolution is computed.
  enum Pass: Hashable { case forward, inputGradient, weightGradient }

  struct Key: Hashable {
    var problem: SpatialProblem
    var pass: Pass
  }

  /// Extents of the output.
  var outputSides: [Int] { sides.map { ($0 + 2 * padding - kernel) / stride + 1 } }
  /// Extents of the weights as PyTorch stores them.
  var weightShape: [Int] { [outputs, inputs] + sides.map { _ in kernel } }
  /// Multiply-adds count as 2.
  var operationCount: Double {
    2 * Double(batch * outputSides.reduce(1, *) * inputs * outputs)
      * Double(sides.reduce(1) { count, _ in count * kernel })
  }

  fileprivate func layout(_ channels: Int, _ sides: [Int]) throws -> dnnl_memory_desc_t {
    try OneDNN.layout(
      [batch, channels] + sides, elementType, sides.count == 2 ? dnnl_nhwc : dnnl_ndhwc)
  }

  /// Weights in the order of PyTorch.
  func storedWeightLayout() throws -> dnnl_memory_desc_t {
    try OneDNN.layout(weightShape, .float32, sides.count == 2 ? dnnl_oihw : dnnl_oidhw)
  }
}

/// A compiled pass of a convolution, with the layout in which it wants the weights or gives their
/// gradient.
struct SpatialPrimitive {
  let primitive: Primitive
  let weightLayout: WeightLayout
}

extension OneDNN {
  func spatial(_ problem: SpatialProblem, _ pass: SpatialProblem.Pass) throws -> SpatialPrimitive {
    let key = SpatialProblem.Key(problem: problem, pass: pass)
    if let known = spatialPrimitives[key] { return known }
    let result = try compile(problem, pass)
    spatialPrimitives[key] = result
    return result
  }

  private func compile(
    _ problem: SpatialProblem, _ pass: SpatialProblem.Pass
  ) throws -> SpatialPrimitive {
    var source = try problem.layout(problem.inputs, problem.sides)
    var destination = try problem.layout(problem.outputs, problem.outputSides)
    var bias = try Self.layout([problem.outputs], .float32, dnnl_a)
    var weights = try Self.layout(
      problem.weightShape, problem.elementType, dnnl_format_tag_any)
    let strides = problem.sides.map { _ in Int64(problem.stride) }
    let padding = problem.sides.map { _ in Int64(problem.padding) }
    var operation = dnnl_convolution_desc_t()
    try Self.check(
      dnnl_convolution_forward_desc_init(
        &operation, dnnl_forward_training, dnnl_convolution_direct, &source, &weights, &bias,
        &destination, strides, padding, padding),
      "dnnl_convolution_forward_desc_init")
    // Gradients are described with the forward pass that they belong to as a hint.
    let forward = try create(&operation, hint: nil, "convolution in \(problem.elementType)")
    if pass == .forward {
      let layout = WeightLayout(try preferredWeightLayout(forward), self)
      return SpatialPrimitive(
        primitive: try Primitive(
          descriptor: forward,
          arguments: [
            (DNNL_ARG_SRC, source), (DNNL_ARG_WEIGHTS, layout.descriptor), (DNNL_ARG_BIAS, bias),
            (DNNL_ARG_DST, destination),
          ], library: self), weightLayout: layout)
    }
    defer { dnnl_primitive_desc_destroy(forward) }
    if pass == .inputGradient {
      try Self.check(
        dnnl_convolution_backward_data_desc_init(
          &operation, dnnl_convolution_direct, &source, &weights, &destination, strides, padding,
          padding), "dnnl_convolution_backward_data_desc_init")
      let descriptor = try create(&operation, hint: forward, "gradient of a convolution's input")
      let layout = WeightLayout(try preferredWeightLayout(descriptor), self)
      return SpatialPrimitive(
        primitive: try Primitive(
          descriptor: descriptor,
          arguments: [
            (DNNL_ARG_DIFF_DST, destination), (DNNL_ARG_WEIGHTS, layout.descriptor),
            (DNNL_ARG_DIFF_SRC, source),
          ], library: self), weightLayout: layout)
    }
    weights = try Self.layout(problem.weightShape, .float32, dnnl_format_tag_any)
    try Self.check(
      dnnl_convolution_backward_weights_desc_init(
        &operation, dnnl_convolution_direct, &source, &weights, nil, &destination, strides,
        padding, padding), "dnnl_convolution_backward_weights_desc_init")
    let descriptor = try create(&operation, hint: forward, "gradient of a convolution's weights")
    guard let found = dnnl_primitive_desc_query_md(descriptor, dnnl_query_diff_weights_md, 0) else {
      throw TensorError(operation: "dnnl_primitive_desc_query_md", reason: "no weight layout")
    }
    let layout = WeightLayout(found.pointee, self)
    return SpatialPrimitive(
      primitive: try Primitive(
        descriptor: descriptor,
        arguments: [
          (DNNL_ARG_SRC, source), (DNNL_ARG_DIFF_DST, destination),
          (DNNL_ARG_DIFF_WEIGHTS, layout.descriptor),
        ], library: self), weightLayout: layout)
  }

  private func create(
    _ operation: inout dnnl_convolution_desc_t, hint: dnnl_primitive_desc_t?, _ name: String
  ) throws -> dnnl_primitive_desc_t {
    let attributes = try Attributes(addition: .none, destination: dnnl_memory_desc_t())
    return try description(of: &operation, attributes, hint: hint, name)
  }
}

extension ComputeContext {
  /// The gradient of a convolution's input.
  ///
  /// - Parameter gradient: Of the output, in the problem's precision.
  func inputGradient(
    _ gradient: Tensor, _ trained: TrainedWeight, _ problem: SpatialProblem, shape: [Int]
  ) throws -> Tensor {
    let start = operationStart
    defer {
      record(
        .convolution, since: start, gradient.shape, outputs: problem.inputs,
        operations: problem.operationCount)
    }
    let pass = try library.spatial(problem, .inputGradient)
    let weights = try trained.prepared(as: pass.weightLayout, self)
    let result = try makeTensor(shape, problem.elementType)
    try run(pass.primitive, [gradient.pointer, weights.storage.pointer, result.pointer])
    return result
  }

  /// The gradient of a convolution's weights, float32 as PyTorch stores them.
  ///
  /// - Parameters:
  ///   - gradient: Of the output, in the problem's precision.
  ///   - x: The input.
  func weightGradient(
    _ gradient: Tensor, _ x: Tensor, _ problem: SpatialProblem
  ) throws -> Tensor {
    let start = operationStart
    defer {
      record(
        .convolution, since: start, x.shape, outputs: problem.outputs,
        operations: problem.operationCount)
    }
    let pass = try library.spatial(problem, .weightGradient)
    var layout = pass.weightLayout.descriptor
    let blocked = try TensorStorage(
      count: dnnl_memory_desc_get_size(&layout), elementType: .uint8, pool: pool)
    let result = try makeTensor(problem.weightShape, .float32)
    try withExtendedLifetime(blocked) {
      try run(pass.primitive, [x.pointer, gradient.pointer, blocked.pointer])
      try library.reorder(
        blocked.pointer, layout, to: result.pointer, problem.storedWeightLayout())
    }
    return result
  }
}
