extension ComputeContext {
  /// The gradient of an activation's input.
  ///
  /// - Parameter operation: Puts the gradient into a tensor like the input.
  func elementwiseGradient(
    _ x: Tensor, _ operation: (Tensor) -> DeviceOperation
  ) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    let result = try makeTensor(x.shape, x.elementType)
    try device.run(operation(result))
    return result
  }

  /// `[sequences, channels]` to the first tokens of `[sequences, length, channels]`, zeros elsewhere.
  func firstTokensGradient(_ gradient: Tensor, _ shape: [Int]) throws -> Tensor {
    let start = operationStart
    defer { record(.movement, since: start, shape) }
    let result = try makeTensor(shape, gradient.elementType)
    clear(result)
    let row = gradient.channels * gradient.elementType.byteCount
    device.memory.copy(
      DeviceRows(gradient.address, stride: row),
      to: DeviceRows(result.address, stride: shape[1] * row), rowCount: shape[0], byteCount: row)
    return result
  }

  /// The reverse of ``concatenateChannels(_:_:)``.
  func split(_ x: Tensor, _ shapeA: [Int], _ shapeB: [Int]) throws -> (Tensor, Tensor) {
    let start = operationStart
    defer { record(.movement, since: start, x.shape) }
    let a = try makeTensor(shapeA, x.elementType)
    let b = try makeTensor(shapeB, x.elementType)
    try device.run(.splitChannels(x, into: a, b))
    return (a, b)
  }

  /// Every element times a factor, without a gradient.
  package func scale(_ x: Tensor, by factor: Float) throws -> Tensor {
    let start = operationStart
    defer { record(.addition, since: start, x.shape) }
    let result = try makeTensor(x.shape, x.elementType)
    try device.run(.scale(x, by: factor, into: result))
    return result
  }

  /// Every element times the single number of a float32 tensor.
  func scale(_ x: Tensor, by number: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.addition, since: start, x.shape) }
    let result = try makeTensor(x.shape, x.elementType)
    try device.run(.scaleByNumber(x, number, into: result))
    return result
  }

  /// The sum of the rows of each sample, float32.
  ///
  /// - Parameter batch: Samples that the rows belong to, one after the other.
  /// - Returns: `[batch, channels]`, or `[channels]` for a batch of 1.
  func sumRows(_ x: Tensor, batch: Int) throws -> Tensor {
    let start = operationStart
    defer { record(.addition, since: start, x.shape) }
    let result = try makeTensor(batch == 1 ? [x.channels] : [batch, x.channels], .float32)
    try device.run(.sumRows(x, batch: batch, into: result))
    return result
  }

  /// The sum over the middle axis of `[outer, extent, inner]`, as a tensor of the given shape.
  func sumAxis(_ x: Tensor, outer: Int, extent: Int, to shape: [Int]) throws -> Tensor {
    let start = operationStart
    defer { record(.addition, since: start, x.shape) }
    let result = try makeTensor(shape, x.elementType)
    precondition(result.count * extent == x.count)
    try device.run(.sumAxis(x, outer: outer, extent: extent, into: result))
    return result
  }
}
