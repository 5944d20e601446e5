extension ComputeContext {
  /// Halves every image of a stack by averaging 2x2 tokens; zeros between the images.
  ///
  /// - Parameter x: `[batch, stack.tokenCount, channels]`.
  /// - Returns: `[batch, stack.halved.tokenCount, channels]`.
  public func averagePool(_ x: Tensor, on stack: ImageStack) throws -> Tensor {
    let result = try resample(x, from: stack, to: stack.halved, .averagePool)
    return recorded(result, from: x) {
      try $0.propagate(
        to: x, $0.scale($0.resample($1, from: stack.halved, to: stack, .upsample), by: 0.25))
    }
  }

  /// Doubles every image of a stack by repeating tokens; zeros between the images.
  ///
  /// - Parameter x: `[batch, stack.tokenCount, channels]`.
  /// - Returns: `[batch, stack.doubled.tokenCount, channels]`.
  public func upsample(_ x: Tensor, on stack: ImageStack) throws -> Tensor {
    let result = try resample(x, from: stack, to: stack.doubled, .upsample)
    return recorded(result, from: x) {
      try $0.propagate(
        to: x, $0.scale($0.resample($1, from: stack.doubled, to: stack, .averagePool), by: 4))
    }
  }

  /// Halves every image of a stack by a 3x3 convolution of stride 2.
  ///
  /// - Parameter x: `[batch, stack.tokenCount, inputs]`; what is between the images is ignored.
  /// - Returns: `[batch, stack.halved.tokenCount, outputs]`.
  public func stridedConvolution(
    _ x: Tensor, _ weight: ConvolutionWeight, on stack: ImageStack
  ) throws -> Tensor {
    precondition(weight.stride == 2)
    let copy = try resample(x, from: stack, to: stack.spaced, .copy)
    let spaced = recorded(copy, from: x) {
      try $0.propagate(
        to: x, $0.resample($1, from: stack.spaced, to: stack, .copy))
    }
    return try convolution(spaced, weight, on: stack.spaced)
  }

  func resample(
    _ x: Tensor, from source: ImageStack, to destination: ImageStack,
    _ kind: DeviceOperation.Resampling
  ) throws -> Tensor {
    let start = operationStart
    defer { record(.resampling, since: start, x.shape) }
    precondition(x.shape.count == 3 && x.shape[1] == source.tokenCount)
    let result = try makeTensor([x.shape[0], destination.tokenCount, x.channels], x.elementType)
    try device.run(.resample(kind, x, from: source, to: destination, into: result))
    return result
  }
}
