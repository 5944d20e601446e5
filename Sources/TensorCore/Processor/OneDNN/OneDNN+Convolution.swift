internal import CDNNL
import Glibc

extension ProcessorDevice {
  func stackedConvolution(_ call: StackedConvolutionCall) throws {
    if case .packedConvolution(let packed, let method) = form(of: call.weight) {
      return packedConvolution(call, packed, method)
    }
    try inLibraryTypes(call.input, call.residual, call.result) { x, residual, result in
      try libraryConvolution(call, x, residual, into: result)
    }
  }

  private func libraryConvolution(
    _ call: StackedConvolutionCall, _ x: Tensor, _ residual: Tensor?, into result: Tensor
  ) throws {
    let weights = try libraryWeights(call.weight)
    let problem = ConvolutionProblem(
      batch: x.shape[0], height: call.stack.rowCount, width: call.stack.width,
      inputs: x.channels, outputs: result.channels, stride: call.stride,
      inputType: x.elementType, outputType: result.elementType,
      addition: residual == nil ? .none : .destination)
    if let residual, pointer(residual) != pointer(result) {
      memcpy(pointer(result), pointer(residual), result.byteCount)
    }
    let primitive = try library.convolution(problem, weights: weights.layout)
    try run(primitive, [pointer(x), weights.pointer, pointer(call.bias), pointer(result)])
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

  func convolution(_ problem: ConvolutionProblem, weights: WeightLayout) throws -> Primitive {
    let key = PrimitiveKey(
      kind: .convolution, extents: [problem.batch, problem.height, problem.width],
      inputs: problem.inputs, outputs: problem.outputs, kernel: 3, stride: problem.stride,
      inputType: problem.inputType, outputType: problem.outputType, hasBias: true,
      addition: problem.addition, weightLayout: weights.index)
    if let known = primitives[key] { return known }
    let (source, bias, destination) = try problem.layouts()
    let primitive = try Primitive(
      descriptor: describe(problem, weights: weights.descriptor),
      arguments: [
        (DNNL_ARG_SRC, source), (DNNL_ARG_WEIGHTS, weights.descriptor), (DNNL_ARG_BIAS, bias),
        (DNNL_ARG_DST, destination),
      ], library: self)
    primitives[key] = primitive
    return primitive
  }
}
