internal import CDNNL
internal import CKernels

/// The weight matrix and bias of a linear layer, laid out for the matrix product.
public struct LinearWeight: Sendable {
  /// Width of the input rows.
  public let inputs: Int
  /// Width of the output rows.
  public let outputs: Int
  /// Precision of the product: `.float32` or `.bfloat16`, always accumulated in float32.
  public let elementType: ElementType
  let form: Form
  let bias: Tensor?

  /// Who computes the product, and the weights as it wants them.
  enum Form: Sendable {
    case library(PreparedWeights)
    case packed(PackedWeights)
    /// Numbers that are trained, and the layout in which oneDNN reads them.
    case trained(TrainedWeight, as: PreparedWeights)
  }

  /// Where the numbers come from if they are trained.
  var trained: TrainedWeight? {
    if case .trained(let weight, _) = form { weight } else { nil }
  }
}

extension ComputeContext {
  /// Lays out a linear layer's weights.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs]`, as PyTorch stores it.
  ///   - bias: `[outputs]`, or `nil` for none.
  ///   - elementType: Precision of the layer.
  /// - Throws: ``TensorError`` if memory is short or the processor lacks the precision.
  public func prepareLinear(
    _ weight: UnsafeBufferPointer<Float>, bias: [Float]?, inputs: Int, outputs: Int,
    elementType: ElementType
  ) throws -> LinearWeight {
    precondition(weight.count == inputs * outputs)
    guard let base = weight.baseAddress else {
      throw TensorError(operation: "prepareLinear", reason: "an empty weight")
    }
    let bias = try bias.map { try tensor($0, shape: [outputs]) }
    if PackedWeights.fit(inputs: inputs, outputs: outputs, elementType) {
      return LinearWeight(
        inputs: inputs, outputs: outputs, elementType: elementType,
        form: .packed(
          try packLinear(base, inputs: inputs, outputs: outputs, elementType: elementType)),
        bias: bias)
    }
    let hint = LinearProblem(
      rows: 512, inputs: inputs, outputs: outputs, inputType: elementType,
      outputType: elementType, hasBias: bias != nil, addition: .none)
    let descriptor = try library.describe(hint, weights: nil)
    defer { dnnl_primitive_desc_destroy(descriptor) }
    // The transposed tag says that rows of the stored matrix are columns of the product's.
    let source = try OneDNN.layout([inputs, outputs], .float32, dnnl_ba)
    let weights = try library.prepare(
      base, source, as: library.preferredWeightLayout(descriptor), pool: pool)
    return LinearWeight(
      inputs: inputs, outputs: outputs, elementType: elementType, form: .library(weights),
      bias: bias)
  }

  /// `x weight' + bias`, optionally plus a tensor of the result's shape.
  ///
  /// - Parameters:
  ///   - x: `[..., inputs]` in the weight's precision.
  ///   - residual: `[..., outputs]` in the result's precision.
  ///   - outputType: Precision of the result; the weight's if `nil`.
  /// - Returns: `[..., outputs]`.
  public func linear(
    _ x: Tensor, _ weight: LinearWeight, adding residual: Tensor? = nil,
    outputType: ElementType? = nil
  ) throws -> Tensor {
    let result = try makeTensor(
      x.shape.dropLast() + [weight.outputs], outputType ?? weight.elementType)
    try linear(x, weight, adding: residual, into: result)
    return noted(result, from: x, weight.trained?.master, weight.bias, residual) {
      try $0.linearGradient($1, x, weight, residual)
    }
  }

  func linear(
    _ x: Tensor, _ weight: LinearWeight, adding residual: Tensor?, into result: Tensor
  ) throws {
    let start = operationStart
    defer {
      record(
        .product, since: start, [x.rows, x.channels], outputs: weight.outputs,
        operations: 2 * Double(x.count) * Double(weight.outputs))
    }
    precondition(x.channels == weight.inputs, "\(x.shape) against \(weight.inputs) inputs")
    precondition(x.elementType == weight.elementType)
    if let residual {
      precondition(residual.count == result.count && residual.elementType == result.elementType)
    }
    let weights: PreparedWeights
    switch weight.form {
    case .packed(let packed):
      return try packedLinear(x, weight, packed, adding: residual, into: result)
    case .library(let prepared): weights = prepared
    case .trained(let trained, let layout): weights = try trained.prepared(as: layout, self)
    }
    let problem = LinearProblem(
      rows: x.rows, inputs: weight.inputs, outputs: weight.outputs,
      inputType: x.elementType, outputType: result.elementType,
      hasBias: weight.bias != nil, addition: residual == nil ? .none : .tensor)
    let primitive = try library.product(problem, weights: weights)
    var pointers = [x.pointer, weights.storage.pointer]
    if let bias = weight.bias { pointers.append(bias.pointer) }
    pointers.append(result.pointer)
    if let residual { pointers.append(residual.pointer) }
    try run(primitive, pointers)
  }

  /// Executes a primitive, with scratch memory from the pool where it wants some.
  func run(_ primitive: Primitive, _ pointers: [UnsafeMutableRawPointer]) throws {
    library.useThreads()
    guard primitive.scratchpadByteCount > 0 else {
      return try primitive.execute(pointers, library: library)
    }
    let scratchpad = try TensorStorage(
      count: primitive.scratchpadByteCount, elementType: .uint8, pool: pool)
    try primitive.execute(pointers + [scratchpad.pointer], library: library)
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

  func product(_ problem: LinearProblem, weights: PreparedWeights) throws -> Primitive {
    let key = PrimitiveKey(
      kind: .product, extents: [problem.rows], inputs: problem.inputs, outputs: problem.outputs,
      inputType: problem.inputType, outputType: problem.outputType, hasBias: problem.hasBias,
      addition: problem.addition, weightLayout: weights.layoutIndex)
    if let known = primitives[key] { return known }
    let destination = try Self.layout(
      [problem.rows, problem.outputs], problem.outputType, dnnl_ab)
    var arguments = [
      (DNNL_ARG_SRC, try Self.layout([problem.rows, problem.inputs], problem.inputType, dnnl_ab)),
      (DNNL_ARG_WEIGHTS, weights.layout),
    ]
    if problem.hasBias {
      arguments.append((DNNL_ARG_BIAS, try Self.layout([1, problem.outputs], .float32, dnnl_ab)))
    }
    arguments.append((DNNL_ARG_DST, destination))
    if problem.addition == .tensor {
      arguments.append((Attributes.additionArgument, destination))
    }
    let primitive = try Primitive(
      descriptor: describe(problem, weights: weights.layout), arguments: arguments, library: self)
    primitives[key] = primitive
    return primitive
  }
}

/// oneDNN attributes: scratch memory comes from the caller, and a tensor may be added to the result.
final class Attributes {
  private(set) var handle: dnnl_primitive_attr_t?

  /// The argument of the tensor that is added: the first post-operation's second source.
  static let additionArgument =
    Int32(DNNL_ARG_ATTR_MULTIPLE_POST_OP_BASE) | Int32(DNNL_ARG_SRC_1)

  /// - Parameter isRectified: Whether negative results become 0.
  convenience init(isRectified: Bool = false) throws {
    try self.init(addition: .none, destination: dnnl_memory_desc_t())
    guard isRectified else { return }
    var operations: dnnl_post_ops_t?
    try OneDNN.check(dnnl_post_ops_create(&operations), "dnnl_post_ops_create")
    defer { dnnl_post_ops_destroy(operations) }
    try OneDNN.check(
      dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0),
      "dnnl_post_ops_append_eltwise")
    try OneDNN.check(
      dnnl_primitive_attr_set_post_ops(handle, operations), "dnnl_primitive_attr_set_post_ops")
  }

  init(addition: PrimitiveKey.Addition, destination: dnnl_memory_desc_t) throws {
    try OneDNN.check(dnnl_primitive_attr_create(&handle), "dnnl_primitive_attr_create")
    try OneDNN.check(
      dnnl_primitive_attr_set_scratchpad_mode(handle, dnnl_scratchpad_mode_user),
      "dnnl_primitive_attr_set_scratchpad_mode")
    guard addition != .none else { return }
    var operations: dnnl_post_ops_t?
    try OneDNN.check(dnnl_post_ops_create(&operations), "dnnl_post_ops_create")
    defer { dnnl_post_ops_destroy(operations) }
    switch addition {
    case .none: break
    case .tensor:
      var destination = destination
      try OneDNN.check(
        dnnl_post_ops_append_binary(operations, dnnl_binary_add, &destination),
        "dnnl_post_ops_append_binary")
    case .destination:
      try OneDNN.check(dnnl_post_ops_append_sum(operations, 1), "dnnl_post_ops_append_sum")
    }
    try OneDNN.check(
      dnnl_primitive_attr_set_post_ops(handle, operations), "dnnl_primitive_attr_set_post_ops")
  }

  deinit { dnnl_primitive_attr_destroy(handle) }
}
