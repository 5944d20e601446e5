internal import CDNNL

/// The weights and bias of a 3x3 convolution with padding 1, laid out for the convolution.
public struct ConvolutionWeight: Sendable {
  /// Input channels.
  public let inputs: Int
  /// Output channels.
  public let outputs: Int
  /// 1, or 2 to halve both sides.
  public let stride: Int
  /// Precision of the products: `.float32` or `.bfloat16`, always accumulated in float32.
  public let elementType: ElementType
  let form: Form
  let bias: Tensor

  /// Who computes the convolution, and the weights as it wants them.
  enum Form: Sendable {
    case library(PreparedWeights)
    case packed(PackedWeights, ConvolutionMethod)
    /// Numbers that are trained, and the layout in which oneDNN reads them.
    case trained(TrainedWeight, as: PreparedWeights)
  }

  /// Where the numbers come from if they are trained.
  var trained: TrainedWeight? {
    if case .trained(let weight, _) = form { weight } else { nil }
  }
}

extension ComputeContext {
  /// Lays out a convolution's weights.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs, 3, 3]`, as PyTorch stores it.
  ///   - bias: `[outputs]`.
  ///   - stack: The images it will run on, which decide the best layout.
  /// - Throws: ``TensorError`` if memory is short or the processor lacks the precision.
  public func prepareConvolution(
    _ weight: UnsafeBufferPointer<Float>, bias: [Float], inputs: Int, outputs: Int,
    stride: Int = 1, on stack: ImageStack, elementType: ElementType
  ) throws -> ConvolutionWeight {
    precondition(weight.count == inputs * outputs * 9 && bias.count == outputs)
    guard let base = weight.baseAddress else {
      throw TensorError(operation: "prepareConvolution", reason: "an empty weight")
    }
    let bias = try tensor(bias, shape: [outputs])
    if stride == 1, PackedWeights.fit(inputs: inputs, outputs: outputs, elementType) {
      let method = ConvolutionMethod(for: stack, elementType: elementType)
      return ConvolutionWeight(
        inputs: inputs, outputs: outputs, stride: stride, elementType: elementType,
        form: .packed(
          try packConvolution(
            base, inputs: inputs, outputs: outputs, method: method, elementType: elementType),
          method), bias: bias)
    }
    let hint = ConvolutionProblem(
      batch: 1, height: stack.rowCount, width: stack.width, inputs: inputs, outputs: outputs,
      stride: stride, inputType: elementType, outputType: elementType, addition: .none)
    let descriptor = try library.describe(hint, weights: nil)
    defer { dnnl_primitive_desc_destroy(descriptor) }
    let source = try OneDNN.layout([outputs, inputs, 3, 3], .float32, dnnl_oihw)
    let weights = try library.prepare(
      base, source, as: library.preferredWeightLayout(descriptor), pool: pool)
    return ConvolutionWeight(
      inputs: inputs, outputs: outputs, stride: stride, elementType: elementType,
      form: .library(weights), bias: bias)
  }

  /// A 3x3 convolution with padding 1 over every image of a stack at once.
  ///
  /// - Parameters:
  ///   - x: `[batch, stack.tokenCount, inputs]`, with zeros between the images.
  ///   - residual: `[batch, tokens, outputs]` to add, in the result's precision.
  ///   - overwriting: The result takes over the residual's memory, which the caller gives up.
  ///   - outputType: Precision of the result; the weight's if `nil`.
  /// - Returns: `[batch, tokens, outputs]`; what stands between the images is of no meaning. With
  ///   stride 2 the tokens are those of half the rows and columns.
  public func convolution(
    _ x: Tensor, _ weight: ConvolutionWeight, on stack: ImageStack,
    adding residual: Tensor? = nil, overwriting: Bool = false, outputType: ElementType? = nil
  ) throws -> Tensor {
    precondition(x.channels == weight.inputs && x.elementType == weight.elementType)
    precondition(x.shape.count == 3 && x.shape[1] == stack.tokenCount, "\(x.shape) on \(stack)")
    let start = operationStart
    let outputType = outputType ?? weight.elementType
    let problem = ConvolutionProblem(
      batch: x.shape[0], height: stack.rowCount, width: stack.width, inputs: weight.inputs,
      outputs: weight.outputs, stride: weight.stride, inputType: x.elementType,
      outputType: outputType, addition: residual == nil ? .none : .destination)
    let shape = [x.shape[0], problem.outputHeight * problem.outputWidth, weight.outputs]
    defer {
      // The rows between images are computed too, but they are no work that was asked for.
      let tokens = stack.heights.reduce(0, +) * stack.width / (weight.stride * weight.stride)
      record(
        .convolution, since: start, x.shape, outputs: weight.outputs,
        operations: 18 * Double(x.shape[0] * tokens * weight.inputs * weight.outputs))
    }
    if let residual {
      precondition(residual.shape == shape && residual.elementType == outputType)
    }
    let result: Tensor
    switch weight.form {
    case .packed(let weights, let method):
      result =
        try overwriting ? residual ?? makeTensor(shape, outputType) : makeTensor(shape, outputType)
      try packedConvolution(x, weight, weights, method, on: stack, adding: residual, into: result)
    case .library(let weights):
      result = try libraryConvolution(
        x, weights, bias: weight.bias, problem, shape, adding: residual, overwriting: overwriting)
    case .trained(let trained, let layout):
      result = try libraryConvolution(
        x, trained.prepared(as: layout, self), bias: weight.bias, problem, shape,
        adding: residual, overwriting: overwriting && !isRecording)
    }
    return noted(result, from: x, weight.trained?.master, weight.bias, residual) {
      try $0.convolutionGradient($1, x, weight, on: stack, residual)
    }
  }

  private func libraryConvolution(
    _ x: Tensor, _ weights: PreparedWeights, bias: Tensor, _ problem: ConvolutionProblem,
    _ shape: [Int], adding residual: Tensor?, overwriting: Bool
  ) throws -> Tensor {
    let result =
      try residual.map { try overwriting ? $0 : copy($0) } ?? makeTensor(shape, problem.outputType)
    let primitive = try library.convolution(problem, weights: weights)
    try run(primitive, [x.pointer, weights.storage.pointer, bias.pointer, result.pointer])
    return result
  }
}

/// One convolution as oneDNN needs it described.
struct ConvolutionProblem {
  var batch: Int
  var height: Int
  var width: Int
  var inputs: Int
  var outputs: Int
  var stride: Int
  var inputType: ElementType
  var outputType: ElementType
  var addition: PrimitiveKey.Addition

  var outputHeight: Int { (height + 2 - 3) / stride + 1 }
  var outputWidth: Int { (width + 2 - 3) / stride + 1 }

  func layouts() throws -> (
    source: dnnl_memory_desc_t, bias: dnnl_memory_desc_t, destination: dnnl_memory_desc_t
  ) {
    (
      try OneDNN.layout([batch, inputs, height, width], inputType, dnnl_nhwc),
      try OneDNN.layout([outputs], .float32, dnnl_a),
      try OneDNN.layout([batch, outputs, outputHeight, outputWidth], outputType, dnnl_nhwc)
    )
  }
}

extension OneDNN {
  /// - Parameter weights: A fixed weight layout, or `nil` to let oneDNN choose.
  func describe(
    _ problem: ConvolutionProblem, weights: dnnl_memory_desc_t?
  ) throws -> dnnl_primitive_desc_t {
    var (source, bias, destination) = try problem.layouts()
    var weights =
      try weights
      ?? Self.layout(
        [problem.outputs, problem.inputs, 3, 3], problem.inputType, dnnl_format_tag_any)
    var operation = dnnl_convolution_desc_t()
    let strides: [Int64] = [Int64(problem.stride), Int64(problem.stride)]
    let padding: [Int64] = [1, 1]
    try Self.check(
      dnnl_convolution_forward_desc_init(
        &operation, dnnl_forward_inference, dnnl_convolution_direct, &source, &weights, &bias,
        &destination, strides, padding, padding),
      "dnnl_convolution_forward_desc_init")
    let attributes = try Attributes(addition: problem.addition, destination: destination)
    return try description(of: &operation, attributes, "convolution in \(problem.inputType)")
  }

  func convolution(_ problem: ConvolutionProblem, weights: PreparedWeights) throws -> Primitive {
    let key = PrimitiveKey(
      kind: .convolution, extents: [problem.batch, problem.height, problem.width],
      inputs: problem.inputs, outputs: problem.outputs, kernel: 3, stride: problem.stride,
      inputType: problem.inputType, outputType: problem.outputType, hasBias: true,
      addition: problem.addition, weightLayout: weights.layoutIndex)
    if let known = primitives[key] { return known }
    let (source, bias, destination) = try problem.layouts()
    let primitive = try Primitive(
      descriptor: describe(problem, weights: weights.layout),
      arguments: [
        (DNNL_ARG_SRC, source), (DNNL_ARG_WEIGHTS, weights.layout), (DNNL_ARG_BIAS, bias),
        (DNNL_ARG_DST, destination),
      ], library: self)
    primitives[key] = primitive
    return primitive
  }
}
