/// The weights and bias of a 3x3 convolution with padding 1, as the device keeps them.
public struct ConvolutionWeight: Sendable {
  /// Input channels.
  public let inputs: Int
  /// Output channels.
  public let outputs: Int
  /// 1, or 2 to halve both sides.
  public let stride: Int
  /// Precision of the products: `.float32` or `.bfloat16`, always accumulated in float32.
  public let elementType: ElementType
  let weight: LayerWeight
  let bias: Tensor
}

/// What one 3x3 convolution over stacked images reads and writes.
package struct StackedConvolutionCall {
  let input: Tensor
  let weight: DeviceWeight
  let bias: Tensor
  let stack: ImageStack
  let stride: Int
  /// Added to the result, in its shape and precision; may be the result itself.
  let residual: Tensor?
  let result: Tensor
}

extension ComputeContext {
  /// Packs a convolution's weights.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs, 3, 3]`, as PyTorch stores it.
  ///   - bias: `[outputs]`.
  ///   - stack: The images it will run on, which decide the best layout.
  /// - Throws: ``TensorError`` if memory is short or the device lacks the precision.
  public func prepareConvolution(
    _ weight: UnsafeBufferPointer<Float>, bias: [Float], inputs: Int, outputs: Int,
    stride: Int = 1, on stack: ImageStack, elementType: ElementType
  ) throws -> ConvolutionWeight {
    precondition(weight.count == inputs * outputs * 9 && bias.count == outputs)
    return try convolutionWeight(
      .fixed(weight), bias: tensor(bias, shape: [outputs]), inputs: inputs, outputs: outputs,
      stride: stride, on: stack, elementType: elementType)
  }

  /// Takes a 3x3 convolution's weights for training: gradients reach the tensors, and the layouts for
  /// the convolution and its gradients follow when they change.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs, 3, 3]` float32.
  ///   - bias: `[outputs]` float32.
  ///   - stack: The images it will run on, which decide the best layout.
  public func trainedConvolution(
    _ weight: Tensor, bias: Tensor, stride: Int = 1, on stack: ImageStack,
    elementType: ElementType
  ) throws -> ConvolutionWeight {
    precondition(weight.shape.count == 4 && weight.shape[2...] == [3, 3])
    return try convolutionWeight(
      .trained(weight), bias: bias, inputs: weight.shape[1], outputs: weight.shape[0],
      stride: stride, on: stack, elementType: elementType)
  }

  private func convolutionWeight(
    _ source: WeightSource, bias: Tensor, inputs: Int, outputs: Int, stride: Int,
    on stack: ImageStack, elementType: ElementType
  ) throws -> ConvolutionWeight {
    ConvolutionWeight(
      inputs: inputs, outputs: outputs, stride: stride, elementType: elementType,
      weight: try LayerWeight(
        source,
        WeightDescription(
          inputs: inputs, outputs: outputs, elementType: elementType,
          use: .stacked(stack, stride: stride)), on: device), bias: bias)
  }

  /// A 3x3 convolution with padding 1 over every image of a stack at once.
  ///
  /// - Parameters:
  ///   - x: `[batch, stack.tokenCount, inputs]`, with zeros between the images.
  ///   - residual: `[batch, tokens, outputs]` to add, in the result's precision.
  ///   - overwriting: The result takes over the residual's memory, which the caller gives up.
  ///   - outputType: Precision of the result; the weight's if `nil`.
  /// - Returns: `[batch, tokens, outputs]`; what stands between the images has no meaning. With
  ///   stride 2 the tokens are those of half the rows and columns.
  public func convolution(
    _ x: Tensor, _ weight: ConvolutionWeight, on stack: ImageStack,
    adding residual: Tensor? = nil, overwriting: Bool = false, outputType: ElementType? = nil
  ) throws -> Tensor {
    precondition(x.channels == weight.inputs && x.elementType == weight.elementType)
    precondition(x.shape.count == 3 && x.shape[1] == stack.tokenCount, "\(x.shape) on \(stack)")
    let start = operationStart
    let outputType = outputType ?? weight.elementType
    let problem = SpatialProblem(x, weight, on: stack)
    let shape = [x.shape[0], problem.outputSides.reduce(1, *), weight.outputs]
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
    // What is recorded may be needed for a gradient.
    let reused = overwriting && !isRecording ? residual : nil
    let result = try reused ?? makeTensor(shape, outputType)
    try device.run(
      .stackedConvolution(
        StackedConvolutionCall(
          input: x, weight: weight.weight.current, bias: weight.bias, stack: stack,
          stride: weight.stride, residual: residual, result: result)))
    return recorded(result, from: x, weight.weight.master, weight.bias, residual) {
      try $0.convolutionGradient($1, x, weight, problem, residual)
    }
  }

  /// Carries the gradient of a convolution over stacked images to its parts.
  ///
  /// The gradient is zero between the images, whatever the result holds there: everything that
  /// reads a stack leaves the gaps' gradients at zero. The input's gradient there has no meaning, as
  /// the input is zero there by nature.
  private func convolutionGradient(
    _ gradient: Tensor, _ x: Tensor, _ weight: ConvolutionWeight, _ problem: SpatialProblem,
    _ residual: Tensor?
  ) throws {
    let master = weight.weight.trained
    try propagate(to: residual, gradient)
    try propagate(to: weight.bias, sumRows(gradient, batch: 1))
    let gradient = try convert(gradient, to: weight.elementType)
    try propagate(to: x, inputGradient(gradient, weight.weight, problem, shape: x.shape))
    try propagate(to: master, weightGradient(gradient, x, problem))
  }
}

extension SpatialProblem {
  /// The convolution of a whole stack as one image.
  init(_ x: Tensor, _ weight: ConvolutionWeight, on stack: ImageStack) {
    self.init(
      batch: x.shape[0], sides: [stack.rowCount, stack.width], inputs: weight.inputs,
      outputs: weight.outputs, kernel: 3, stride: weight.stride, padding: 1,
      elementType: weight.elementType)
  }
}
