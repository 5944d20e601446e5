internal import CDNNL

/// A convolution over two or three axes with any kernel, as the discriminators use them.
public struct KernelConvolution: Sendable {
  /// Input channels.
  public let inputs: Int
  /// Output channels.
  public let outputs: Int
  /// Side of the kernel.
  public let kernel: Int
  /// Step along every axis.
  public let stride: Int
  /// Zeros around the input along every axis.
  public let padding: Int
  /// Precision of the products.
  public let elementType: ElementType
  let trained: TrainedWeight
  let bias: Tensor
}

extension ComputeContext {
  /// Takes a convolution's weights; gradients reach them.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs, kernel, kernel]`, or with three kernel axes, float32.
  ///   - bias: `[outputs]` float32.
  public func trainedKernelConvolution(
    _ weight: Tensor, bias: Tensor, stride: Int, padding: Int, elementType: ElementType
  ) throws -> KernelConvolution {
    precondition(weight.shape.count == 4 || weight.shape.count == 5)
    let tag = weight.shape.count == 4 ? dnnl_oihw : dnnl_oidhw
    return KernelConvolution(
      inputs: weight.shape[1], outputs: weight.shape[0], kernel: weight.shape[2], stride: stride,
      padding: padding, elementType: elementType,
      trained: TrainedWeight(weight, try OneDNN.layout(weight.shape, .float32, tag), library),
      bias: bias)
  }

  /// Applies a convolution.
  ///
  /// - Parameter x: `[batch, height, width, inputs]` or `[batch, depth, height, width, inputs]`.
  /// - Returns: The same axes, each `(extent + 2 padding - kernel) / stride + 1`, and `outputs`.
  public func convolution(_ x: Tensor, _ weight: KernelConvolution) throws -> Tensor {
    precondition(x.shape.count == weight.trained.master.shape.count)
    precondition(x.channels == weight.inputs && x.elementType == weight.elementType)
    let start = operationStart
    let problem = SpatialProblem(
      batch: x.shape[0], sides: Array(x.shape[1..<(x.shape.count - 1)]), inputs: weight.inputs,
      outputs: weight.outputs, kernel: weight.kernel, stride: weight.stride,
      padding: weight.padding, elementType: weight.elementType)
    defer {
      record(
        .convolution, since: start, x.shape, outputs: weight.outputs,
        operations: problem.operationCount)
    }
    let pass = try library.spatial(problem, .forward)
    let weights = try weight.trained.prepared(as: pass.weightLayout, self)
    let result = try makeTensor(
      [problem.batch] + problem.outputSides + [weight.outputs], weight.elementType)
    try run(
      pass.primitive, [x.pointer, weights.storage.pointer, weight.bias.pointer, result.pointer])
    return noted(result, from: x, weight.trained.master, weight.bias) { context, gradient in
      try context.propagate(to: weight.bias, context.sumRows(gradient, batch: 1))
      try context.propagate(
        to: x, context.inputGradient(gradient, weight.trained, problem, shape: x.shape))
      try context.propagate(
        to: weight.trained.master, context.weightGradient(gradient, x, problem))
    }
  }
}
