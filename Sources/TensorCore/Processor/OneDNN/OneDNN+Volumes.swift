internal import CDNNL

extension VolumeProblem {
  /// A compiled problem belongs to the layout of its weights.
  struct Key: Hashable {
    var problem: VolumeProblem
    var weightLayout: Int?
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
    guard case .convolution(let appliesReLU) = problem.kind else {
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
      of: &operation, Attributes(appliesReLU: appliesReLU), "convolution over volumes")
  }

  func volumePrimitive(_ problem: VolumeProblem, weights: WeightLayout?) throws -> Primitive {
    let key = VolumeProblem.Key(problem: problem, weightLayout: weights?.index)
    if let known = volumePrimitives[key] { return known }
    let (source, destination) = try problem.layouts()
    var arguments = [(DNNL_ARG_SRC, source)]
    if let weights {
      arguments.append((DNNL_ARG_WEIGHTS, weights.descriptor))
      arguments.append((DNNL_ARG_BIAS, try Self.layout([problem.outputs], .float32, dnnl_a)))
    }
    arguments.append((DNNL_ARG_DST, destination))
    let primitive = try Primitive(
      descriptor: describe(problem, weights: weights?.descriptor), arguments: arguments,
      library: self)
    volumePrimitives[key] = primitive
    return primitive
  }
}

extension ProcessorDevice {
  func volumeConvolution(
    _ problem: VolumeProblem, _ x: Tensor, _ weight: DeviceWeight, _ bias: Tensor,
    into result: Tensor
  ) throws {
    let weights = try libraryWeights(weight)
    let primitive = try library.volumePrimitive(problem, weights: weights.layout)
    try run(primitive, [pointer(x), weights.pointer, pointer(bias), pointer(result)])
  }

  func volumePooling(_ problem: VolumeProblem, _ x: Tensor, into result: Tensor) throws {
    try run(library.volumePrimitive(problem, weights: nil), [pointer(x), pointer(result)])
  }
}
