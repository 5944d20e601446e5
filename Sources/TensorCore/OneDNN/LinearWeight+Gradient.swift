internal import CDNNL

extension ComputeContext {
  /// Takes a linear layer's weights for training: the layer reads the tensors themselves, and
  /// gradients reach them.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs]` float32; axes of extent 1 may follow.
  ///   - bias: `[outputs]` float32, or `nil` for none.
  ///   - elementType: Precision of the layer.
  public func trainedLinear(
    _ weight: Tensor, bias: Tensor?, elementType: ElementType
  ) throws -> LinearWeight {
    let outputs = weight.shape[0]
    let inputs = weight.count / outputs
    // The plain layout serves the product and its gradient alike; oneDNN is as fast with it.
    let stored = try OneDNN.layout([inputs, outputs], .float32, dnnl_ba)
    let wanted = try OneDNN.layout([inputs, outputs], elementType, dnnl_ba)
    let trained = TrainedWeight(weight, stored, library)
    return LinearWeight(
      inputs: inputs, outputs: outputs, elementType: elementType,
      form: .trained(
        trained, as: try trained.prepared(as: WeightLayout(wanted, library), self)), bias: bias)
  }

  /// Carries the gradient of `x weight' + bias + residual` to its parts.
  func linearGradient(
    _ gradient: Tensor, _ x: Tensor, _ weight: LinearWeight, _ residual: Tensor?
  ) throws {
    guard case .trained(let trained, let layout) = weight.form else {
      preconditionFailure("a gradient through a linear layer that was prepared for inference")
    }
    try propagate(to: residual, gradient)
    try propagate(to: weight.bias, sumRows(gradient, batch: 1))
    let gradient = try convert(gradient, to: weight.elementType)
    try propagate(to: x, inputGradient(gradient, weight, trained, layout).reshaped(x.shape))
    try propagate(to: trained.master, weightGradient(gradient, x))
  }

  /// `gradient weight`: `[..., outputs]` to `[rows, inputs]`.
  private func inputGradient(
    _ gradient: Tensor, _ weight: LinearWeight, _ trained: TrainedWeight,
    _ layout: PreparedWeights
  ) throws -> Tensor {
    let start = operationStart
    defer { recordProduct(since: start, gradient, outputs: weight.inputs) }
    let prepared = try trained.prepared(as: layout, self)
    let turnedLayout = WeightLayout(
      try OneDNN.layout([weight.outputs, weight.inputs], weight.elementType, dnnl_ab), library)
    let turned = PreparedWeights(
      layout: turnedLayout.descriptor, layoutIndex: turnedLayout.index, storage: prepared.storage)
    let result = try makeTensor([gradient.rows, weight.inputs], weight.elementType)
    let problem = LinearProblem(
      rows: gradient.rows, inputs: weight.outputs, outputs: weight.inputs,
      inputType: weight.elementType, outputType: weight.elementType, hasBias: false,
      addition: .none)
    let primitive = try library.product(problem, weights: turned)
    try run(primitive, [gradient.pointer, turned.storage.pointer, result.pointer])
    return result
  }

  /// `gradient' x`: `[outputs, inputs]` float32.
  private func weightGradient(_ gradient: Tensor, _ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { recordProduct(since: start, gradient, outputs: x.channels) }
    let result = try makeTensor([gradient.channels, x.channels], .float32)
    let primitive = try library.weightProduct(
      rows: x.rows, inputs: x.channels, outputs: gradient.channels, x.elementType)
    try run(primitive, [gradient.pointer, x.pointer, result.pointer])
    return result
  }

  private func recordProduct(
    since start: ContinuousClock.Instant?, _ x: Tensor, outputs: Int
  ) {
    record(
      .product, since: start, [x.rows, x.channels], outputs: outputs,
      operations: 2 * Double(x.count) * Double(outputs))
  }
}

extension OneDNN {
  /// The product `[outputs, rows] [rows, inputs]` of a gradient, stored by rows, and the input.
  fileprivate func weightProduct(
    rows: Int, inputs: Int, outputs: Int, _ type: ElementType
  ) throws -> Primitive {
    let key = PrimitiveKey(
      kind: .productWeights, extents: [rows], inputs: inputs, outputs: outputs, inputType: type,
      outputType: .float32, hasBias: false, addition: .none, weightLayout: 0)
    if let known = primitives[key] { return known }
    var source = try Self.layout([outputs, rows], type, dnnl_ba)
    var factor = try Self.layout([rows, inputs], type, dnnl_ab)
    var destination = try Self.layout([outputs, inputs], .float32, dnnl_ab)
    var operation = dnnl_matmul_desc_t()
    try Self.check(
      dnnl_matmul_desc_init(&operation, &source, &factor, nil, &destination),
      "dnnl_matmul_desc_init")
    let attributes = try Attributes(addition: .none, destination: destination)
    let primitive = try Primitive(
      descriptor: description(of: &operation, attributes, "weight gradient in \(type)"),
      arguments: [
        (DNNL_ARG_SRC, source), (DNNL_ARG_WEIGHTS, factor), (DNNL_ARG_DST, destination),
      ], library: self)
    primitives[key] = primitive
    return primitive
  }
}
