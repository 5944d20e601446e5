/// Operations on plain images that training's losses need, all with gradients.
extension ComputeContext {
  /// `x` where it is above 0, elsewhere `slope x` (Maas et al. 2013); slope 0 is the rectifier.
  public func leakyReLU(_ x: Tensor, slope: Float) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    let result = try makeTensor(x.shape, x.elementType)
    try device.run(.leakyReLU(x, slope: slope, into: result))
    return recorded(result, from: x) { context, gradient in
      try context.propagate(
        to: x,
        context.elementwiseGradient(x) {
          .leakyReLUGradient(gradient, result: result, slope: slope, into: $0)
        })
    }
  }

  /// The maximum of each block of 2x2 pixels.
  ///
  /// - Parameters:
  ///   - x: `[batch, height * width, channels]`.
  ///   - height: Rows, even.
  ///   - width: Columns, even.
  /// - Returns: `[batch, height / 2 * width / 2, channels]`.
  public func maximumPool(_ x: Tensor, height: Int, width: Int) throws -> Tensor {
    precondition(height % 2 == 0 && width % 2 == 0 && x.shape[1] == height * width)
    let start = operationStart
    defer { record(.resampling, since: start, x.shape) }
    let result = try makeTensor([x.shape[0], height * width / 4, x.channels], x.elementType)
    try device.run(.maximumPool(x, height: height, width: width, into: result))
    return recorded(result, from: x) { context, gradient in
      let toX = try context.makeTensor(x.shape, x.elementType)
      try context.device.run(
        .maximumPoolGradient(gradient, input: x, height: height, width: width, into: toX))
      try context.propagate(to: x, toX)
    }
  }

  /// Batch normalisation with the batch's own statistics (Ioffe and Szegedy 2015), as in training:
  /// every channel over all rows, epsilon 1e-5.
  ///
  /// - Parameter x: `[..., channels]`.
  public func batchNorm(_ x: Tensor, _ parameters: NormalizationWeight) throws -> Tensor {
    // It is a group normalisation of one sample that holds all rows, a group for each channel.
    let rows = ImageStack(width: 1, heights: [x.rows])
    return try groupNorm(
      x.reshaped([1, x.rows, x.channels]), parameters, groups: x.channels, on: rows,
      statistics: .joint, activated: false
    ).reshaped(x.shape)
  }

  /// Transposes the middle axes: `[outer, first, second, inner]` to `[outer, second, first, inner]`.
  ///
  /// - Parameters:
  ///   - x: Any shape with as many elements.
  ///   - shape: Shape of the result.
  public func transpose(
    _ x: Tensor, outer: Int, first: Int, second: Int, to shape: [Int]
  ) throws -> Tensor {
    let start = operationStart
    defer { record(.movement, since: start, x.shape) }
    let result = try makeTensor(shape, x.elementType)
    precondition(result.count == x.count && x.count % (outer * first * second) == 0)
    try device.run(.transpose(x, outer: outer, first: first, second: second, into: result))
    return recorded(result, from: x) {
      try $0.propagate(
        to: x, $0.transpose($1, outer: outer, first: second, second: first, to: x.shape))
    }
  }

  /// Part of the leading axis, with the gradient going to that part of the whole.
  public func slice(_ x: Tensor, _ range: Range<Int>) throws -> Tensor {
    recorded(x.slice(range), from: x) { context, gradient in
      let whole = try context.makeTensor(x.shape, x.elementType)
      context.clear(whole)
      context.copy(gradient, to: whole.slice(range))
      try context.propagate(to: x, whole)
    }
  }

  /// Tensors of one shape one after the other along a new leading axis.
  public func stacked(_ parts: [Tensor]) throws -> Tensor {
    precondition(parts.allSatisfy { $0.shape == parts[0].shape })
    let result = try makeTensor([parts.count] + parts[0].shape, parts[0].elementType)
    for (index, part) in parts.enumerated() {
      copy(part, to: result.slice(index..<(index + 1)))
    }
    return recorded(result, from: parts) { context, gradient in
      for (index, part) in parts.enumerated() {
        try context.propagate(to: part, gradient.slice(index..<(index + 1)).reshaped(part.shape))
      }
    }
  }

  /// Gathers elements of a float32 tensor: `result[i] = x[indices[i]]`. An element that is gathered
  /// several times gets the sum of the gradients.
  public func gather(_ x: Tensor, _ indices: [Int32], shape: [Int]) throws -> Tensor {
    precondition(x.elementType == .float32)
    let result = try makeTensor(shape, .float32)
    precondition(indices.count == result.count)
    try device.run(.gather(x, indices, into: result))
    return recorded(result, from: x) { context, gradient in
      let toX = try context.makeTensor(x.shape, .float32)
      try context.device.run(.scatter(gradient, indices, into: toX))
      try context.propagate(to: x, toX)
    }
  }
}
