internal import CDNNL

extension SpatialProblem {
  /// What of the convolution is computed.
  enum Pass: Hashable { case forward, inputGradient, weightGradient }

  struct Key: Hashable {
    var problem: SpatialProblem
    var pass: Pass
  }

  fileprivate func layout(_ channels: Int, _ sides: [Int]) throws -> dnnl_memory_desc_t {
    try OneDNN.layout(
      [batch, channels] + sides, elementType, sides.count == 2 ? dnnl_nhwc : dnnl_ndhwc)
  }

  /// Weights in the order of PyTorch.
  func storedWeightLayout() throws -> dnnl_memory_desc_t {
    try OneDNN.storedLayout(weightShape)
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

extension ProcessorDevice {
  func spatialConvolution(
    _ problem: SpatialProblem, _ x: Tensor, _ weight: DeviceWeight, _ bias: Tensor,
    into result: Tensor
  ) throws {
    let pass = try library.spatial(problem, .forward)
    let weights = try trained(weight).prepared(
      as: pass.weightLayout, version: weight.version, self)
    try run(pass.primitive, [pointer(x), weights.pointer, pointer(bias), pointer(result)])
  }

  func spatialInputGradient(
    _ problem: SpatialProblem, _ gradient: Tensor, _ weight: DeviceWeight, into result: Tensor
  ) throws {
    let pass = try library.spatial(problem, .inputGradient)
    let weights = try trained(weight).prepared(
      as: pass.weightLayout, version: weight.version, self)
    try run(pass.primitive, [pointer(gradient), weights.pointer, pointer(result)])
  }

  func spatialWeightGradient(
    _ problem: SpatialProblem, _ gradient: Tensor, _ x: Tensor, into result: Tensor
  ) throws {
    let pass = try library.spatial(problem, .weightGradient)
    var layout = pass.weightLayout.descriptor
    let blocked = try makeStorage(byteCount: dnnl_memory_desc_get_size(&layout))
    try withExtendedLifetime(blocked) {
      let blocked = pointer(blocked)
      try run(pass.primitive, [pointer(x), pointer(gradient), blocked])
      try library.reorder(blocked, layout, to: pointer(result), problem.storedWeightLayout())
    }
  }
}
