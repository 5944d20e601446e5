internal import CDNNL

extension ProcessorDevice {
  func linear(_ call: LinearCall) throws {
    if case .packedLinear(let packed) = form(of: call.weight) { return packedLinear(call, packed) }
    try inLibraryTypes(call.input, call.residual, call.result) { x, residual, result in
      try libraryLinear(call, x, residual, into: result)
    }
  }

  private func libraryLinear(
    _ call: LinearCall, _ x: Tensor, _ residual: Tensor?, into result: Tensor
  ) throws {
    let weights = try libraryWeights(call.weight)
    let problem = LinearProblem(
      rows: x.rows, inputs: x.channels, outputs: result.channels, inputType: x.elementType,
      outputType: result.elementType, hasBias: call.bias != nil,
      addition: residual == nil ? .none : .tensor)
    let primitive = try library.matmul(problem, weights: weights.layout)
    var pointers = [pointer(x), weights.pointer]
    if let bias = call.bias { pointers.append(pointer(bias)) }
    pointers.append(pointer(result))
    if let residual { pointers.append(pointer(residual)) }
    try run(primitive, pointers)
  }

  func linearInputGradient(
    _ gradient: Tensor, _ weight: DeviceWeight, into result: Tensor
  ) throws {
    let (inputs, outputs, type) = (result.channels, gradient.channels, result.elementType)
    let stored = WeightLayout(try OneDNN.linearLayout(inputs, outputs, type), library)
    let weights = try trained(weight).prepared(as: stored, version: weight.version, self)
    let transposed = WeightLayout(try OneDNN.layout([outputs, inputs], type, dnnl_ab), library)
    let problem = LinearProblem(
      rows: gradient.rows, inputs: outputs, outputs: inputs, inputType: type, outputType: type,
      hasBias: false, addition: .none)
    let primitive = try library.matmul(problem, weights: transposed)
    try run(primitive, [pointer(gradient), weights.pointer, pointer(result)])
  }

  func linearWeightGradient(_ gradient: Tensor, _ x: Tensor, into result: Tensor) throws {
    let primitive = try library.matmulWeightGradient(
      rows: x.rows, inputs: x.channels, outputs: gradient.channels, x.elementType)
    try run(primitive, [pointer(gradient), pointer(x), pointer(result)])
  }

  /// Calls an operation of oneDNN with tensors of types that it has here: below AVX-512 it has no bfloat16, and
  /// gets float32. The residual may be the result itself.
  func inLibraryTypes(
    _ x: Tensor, _ residual: Tensor?, _ result: Tensor,
    _ body: (_ x: Tensor, _ residual: Tensor?, _ result: Tensor) throws -> Void
  ) throws {
    guard !Processor.canComputeBFloat16 else { return try body(x, residual, result) }
    func widened(_ tensor: Tensor) throws -> Tensor {
      guard tensor.elementType == .bfloat16 else { return tensor }
      let wide = try makeTensor(tensor.shape, .float32)
      convert(tensor, into: wide)
      return wide
    }
    guard result.elementType == .bfloat16 else {
      return try body(widened(x), residual.map(widened), result)
    }
    let wide = try makeTensor(result.shape, .float32)
    try body(widened(x), residual.map(widened), wide)
    convert(wide, into: result)
  }

  /// Executes a primitive, with scratch memory where it wants some.
  func run(_ primitive: Primitive, _ pointers: [UnsafeMutableRawPointer]) throws {
    guard primitive.scratchpadByteCount > 0 else {
      return try primitive.execute(pointers, library: library)
    }
    let scratchpad = try makeStorage(byteCount: primitive.scratchpadByteCount)
    try withExtendedLifetime(scratchpad) {
      try primitive.execute(pointers + [pointer(scratchpad)], library: library)
    }
  }
}

/// One matrix product as oneDNN needs it described.
struct LinearProblem {
  var rows: Int
  var inputs: Int
  var outputs: Int
  var inputType: ElementType
  var outputType: ElementType
  var hasBias: Bool
  var addition: PrimitiveKey.Addition
}

extension OneDNN {
  /// - Parameter weights: A fixed weight layout, or `nil` to let oneDNN choose.
  func describe(
    _ problem: LinearProblem, weights: dnnl_memory_desc_t?
  ) throws -> dnnl_primitive_desc_t {
    var source = try Self.layout([problem.rows, problem.inputs], problem.inputType, dnnl_ab)
    var weights =
      try weights
      ?? Self.layout([problem.inputs, problem.outputs], problem.inputType, dnnl_format_tag_any)
    var bias = try Self.layout([1, problem.outputs], .float32, dnnl_ab)
    var destination = try Self.layout([problem.rows, problem.outputs], problem.outputType, dnnl_ab)
    var operation = dnnl_matmul_desc_t()
    if problem.hasBias {
      try Self.check(
        dnnl_matmul_desc_init(&operation, &source, &weights, &bias, &destination),
        "dnnl_matmul_desc_init")
    } else {
      try Self.check(
        dnnl_matmul_desc_init(&operation, &source, &weights, nil, &destination),
        "dnnl_matmul_desc_init")
    }
    let attributes = try Attributes(addition: problem.addition, destination: destination)
    return try description(of: &operation, attributes, "matrix product in \(problem.inputType)")
  }

  func matmul(_ problem: LinearProblem, weights: WeightLayout) throws -> Primitive {
    let key = PrimitiveKey(
      kind: .matmul, extents: [problem.rows], inputs: problem.inputs, outputs: problem.outputs,
      inputType: problem.inputType, outputType: problem.outputType, hasBias: problem.hasBias,
      addition: problem.addition, weightLayout: weights.index)
    if let known = primitives[key] { return known }
    let destination = try Self.layout(
      [problem.rows, problem.outputs], problem.outputType, dnnl_ab)
    var arguments = [
      (DNNL_ARG_SRC, try Self.layout([problem.rows, problem.inputs], problem.inputType, dnnl_ab)),
      (DNNL_ARG_WEIGHTS, weights.descriptor),
    ]
    if problem.hasBias {
      arguments.append((DNNL_ARG_BIAS, try Self.layout([1, problem.outputs], .float32, dnnl_ab)))
    }
    arguments.append((DNNL_ARG_DST, destination))
    if problem.addition == .tensor {
      arguments.append((Attributes.additionArgument, destination))
    }
    let primitive = try Primitive(
      descriptor: describe(problem, weights: weights.descriptor), arguments: arguments,
      library: self)
    primitives[key] = primitive
    return primitive
  }

  /// The product `[outputs, rows] [rows, inputs]` of a gradient, stored by rows, and the input.
  func matmulWeightGradient(
    rows: Int, inputs: Int, outputs: Int, _ type: ElementType
  ) throws -> Primitive {
    let key = PrimitiveKey(
      kind: .matmulWeightGradient, extents: [rows], inputs: inputs, outputs: outputs,
      inputType: type,
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
