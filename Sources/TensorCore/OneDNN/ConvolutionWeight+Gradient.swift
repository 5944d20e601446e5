internal import CDNNL

extension ComputeContext {
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
    let outputs = weight.shape[0]
    let inputs = weight.shape[1]
    let hint = ConvolutionProblem(
      batch: 1, height: stack.rowCount, width: stack.width, inputs: inputs, outputs: outputs,
      stride: stride, inputType: elementType, outputType: elementType, addition: .none)
    let descriptor = try library.describe(hint, weights: nil)
    defer { dnnl_primitive_desc_destroy(descriptor) }
    let trained = TrainedWeight(
      weight, try OneDNN.layout(weight.shape, .float32, dnnl_oihw), library)
    let layout = WeightLayout(try library.preferredWeightLayout(descriptor), library)
    return ConvolutionWeight(
      inputs: inputs, outputs: outputs, stride: stride, elementType: elementType,
      form: .trained(trained, as: try trained.prepared(as: layout, self)), bias: bias)
  }

  /// Carries the gradient of a convolution over stacked images to its parts.
  ///
  /// The gradient is zero between the images, whatever the result holds there: everything that
  /// reads a stack leaves the gaps' gradients at zero. The input's gradient there is of no meaning, as
  /// the input is zero there by nature.
  func convolutionGradient(
    _ gradient: Tensor, _ x: Tensor, _ weight: ConvolutionWeight, on stack: ImageStack,
    _ residual: Tensor?
  ) throws {
    guard let trained = weight.trained else {
      preconditionFailure("a gradient through a convolution that was prepared for inference")
    }
    try propagate(to: residual, gradient)
    try propagate(to: weight.bias, sumRows(gradient, batch: 1))
    let gradient = try convert(gradient, to: weight.elementType)
    let problem = SpatialProblem(
      batch: x.shape[0], sides: [stack.rowCount, stack.width], inputs: weight.inputs,
      outputs: weight.outputs, kernel: 3, stride: weight.stride, padding: 1,
      elementType: weight.elementType)
    try propagate(to: x, inputGradient(gradient, trained, problem, shape: x.shape))
    try propagate(to: trained.master, weightGradient(gradient, x, problem))
  }
}
