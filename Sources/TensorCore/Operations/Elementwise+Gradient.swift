internal import CKernels

extension ComputeContext {
  func gatedGELUGradient(_ gradient: Tensor, _ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    let result = try makeTensor(x.shape, x.elementType)
    ck_gated_gelu_gradient(
      x.kernelType, x.pointer, gradient.pointer, result.pointer, x.rows, x.channels / 2,
      Int32(threadCount))
    return result
  }

  func geluGradient(_ gradient: Tensor, _ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    let result = try makeTensor(x.shape, x.elementType)
    ck_gelu_gradient(
      x.kernelType, x.pointer, gradient.pointer, result.pointer, x.count, Int32(threadCount))
    return result
  }

  func siluGradient(_ gradient: Tensor, _ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    let result = try makeTensor(x.shape, .float32)
    ck_silu_gradient(
      x.pointer(of: Float.self), gradient.pointer(of: Float.self), result.pointer(of: Float.self),
      x.count)
    return result
  }

  func tanhGradient(_ gradient: Tensor, result y: Tensor, scale: Float) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, y.shape) }
    let result = try makeTensor(y.shape, .float32)
    ck_tanh_gradient(
      y.pointer(of: Float.self), gradient.pointer(of: Float.self), result.pointer(of: Float.self),
      scale, y.count)
    return result
  }

  /// `[sequences, channels]` to the first tokens of `[sequences, length, channels]`, zeros elsewhere.
  func firstTokensGradient(_ gradient: Tensor, _ shape: [Int]) throws -> Tensor {
    let start = operationStart
    defer { record(.movement, since: start, shape) }
    let result = try makeTensor(shape, gradient.elementType)
    clear(result)
    let bytes = gradient.channels * gradient.elementType.byteCount
    for sequence in 0..<shape[0] {
      (result.pointer + sequence * shape[1] * bytes).copyMemory(
        from: gradient.pointer + sequence * bytes, byteCount: bytes)
    }
    return result
  }

  /// The reverse of ``concatenateChannels(_:_:)``.
  func split(_ x: Tensor, _ shapeA: [Int], _ shapeB: [Int]) throws -> (Tensor, Tensor) {
    let start = operationStart
    defer { record(.movement, since: start, x.shape) }
    let a = try makeTensor(shapeA, x.elementType)
    let b = try makeTensor(shapeB, x.elementType)
    ck_split(
      x.kernelType, x.pointer, a.pointer, a.channels, b.pointer, b.channels, x.rows,
      Int32(threadCount))
    return (a, b)
  }

  /// Every element times a factor.
  func scale(_ x: Tensor, by factor: Float) throws -> Tensor {
    let start = operationStart
    defer { record(.addition, since: start, x.shape) }
    let result = try makeTensor(x.shape, x.elementType)
    ck_scale(x.kernelType, x.pointer, result.pointer, factor, x.count, Int32(threadCount))
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
    ck_sum_rows(
      x.kernelType, x.pointer, result.pointer(of: Float.self), batch, x.rows / batch, x.channels,
      Int32(threadCount))
    try checkKernelMemory("a sum of rows")
    return result
  }

  /// The sum over the middle axis of `[outer, extent, inner]`, as a tensor of the given shape.
  func sumAxis(_ x: Tensor, outer: Int, extent: Int, to shape: [Int]) throws -> Tensor {
    let start = operationStart
    defer { record(.addition, since: start, x.shape) }
    let result = try makeTensor(shape, x.elementType)
    precondition(result.count * extent == x.count)
    ck_sum_axis(
      x.kernelType, x.pointer, result.pointer, outer, extent, x.count / (outer * extent),
      Int32(threadCount))
    return result
  }
}
