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
  let weight: LayerWeight
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
    return KernelConvolution(
      inputs: weight.shape[1], outputs: weight.shape[0], kernel: weight.shape[2], stride: stride,
      padding: padding, elementType: elementType,
      weight: try LayerWeight(
        .trained(weight),
        WeightDescription(
          inputs: weight.shape[1], outputs: weight.shape[0], elementType: elementType,
          use: .spatial(kernel: weight.shape[2], axes: weight.shape.count - 2)), on: device),
      bias: bias)
  }

  /// Applies a convolution.
  ///
  /// - Parameter x: `[batch, height, width, inputs]` or `[batch, depth, height, width, inputs]`.
  /// - Returns: The same axes, each `(extent + 2 padding - kernel) / stride + 1`, and `outputs`.
  public func convolution(_ x: Tensor, _ weight: KernelConvolution) throws -> Tensor {
    precondition(x.shape.count == weight.weight.trained.shape.count)
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
    let result = try makeTensor(
      [problem.batch] + problem.outputSides + [weight.outputs], weight.elementType)
    try device.run(
      .spatialConvolution(problem, x, weight.weight.current, bias: weight.bias, into: result))
    return recorded(result, from: x, weight.weight.master, weight.bias) { context, gradient in
      try context.propagate(to: weight.bias, context.sumRows(gradient, batch: 1))
      try context.propagate(
        to: x, context.inputGradient(gradient, weight.weight, problem, shape: x.shape))
      try context.propagate(
        to: weight.weight.master, context.weightGradient(gradient, x, problem))
    }
  }
}
