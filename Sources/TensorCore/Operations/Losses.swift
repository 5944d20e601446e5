internal import CKernels

/// How far two tensors are apart.
public enum Distance: String, Sendable, Hashable, CaseIterable {
  /// The mean of absolute differences.
  case absolute = "l1"
  /// The mean of squared differences.
  case squared = "l2"
}

/// Losses: single float32 numbers with a gradient for the first argument.
extension ComputeContext {
  /// The mean distance of two tensors of one shape and precision.
  public func meanDistance(_ x: Tensor, _ target: Tensor, _ distance: Distance) throws -> Tensor {
    precondition(x.count == target.count && x.elementType == target.elementType)
    let start = operationStart
    defer { record(.loss, since: start, x.shape) }
    let sum = ck_distance_sum(
      x.kernelType, distance.kernel, x.pointer, target.pointer, x.count, Int32(threadCount))
    let result = try tensor([Float(sum / Double(x.count))], shape: [1])
    return noted(result, from: x) { context, gradient in
      let toX = try context.makeTensor(x.shape, x.elementType)
      ck_distance_gradient(
        x.kernelType, distance.kernel, x.pointer, target.pointer, toX.pointer,
        gradient.pointer(of: Float.self)[0] / Float(x.count), x.count,
        Int32(context.threadCount))
      try context.propagate(to: x, toX)
    }
  }

  /// The mean distance of two features over the images of a stack; what stands between them does
  /// not count and gets no gradient.
  ///
  /// - Parameters:
  ///   - x: `[batch, stack.tokenCount, channels]`.
  ///   - target: The same.
  public func meanDistance(
    _ x: Tensor, _ target: Tensor, _ distance: Distance, on stack: ImageStack
  ) throws -> Tensor {
    precondition(x.shape == target.shape && x.elementType == target.elementType)
    precondition(x.shape.count == 3 && x.shape[1] == stack.tokenCount)
    let start = operationStart
    defer { record(.loss, since: start, x.shape) }
    let size = x.elementType.byteCount
    let parts = (0..<x.shape[0]).flatMap { sample in
      stack.heights.indices.map { image in
        let tokens = stack.tokens(of: image)
        return (
          offset: (sample * stack.tokenCount + tokens.lowerBound) * x.channels * size,
          count: tokens.count * x.channels
        )
      }
    }
    let count = parts.reduce(0) { $0 + $1.count }
    let sum = parts.reduce(0.0) {
      $0
        + ck_distance_sum(
          x.kernelType, distance.kernel, x.pointer + $1.offset, target.pointer + $1.offset,
          $1.count, Int32(threadCount))
    }
    let result = try tensor([Float(sum / Double(count))], shape: [1])
    return noted(result, from: x) { context, gradient in
      let toX = try context.makeTensor(x.shape, x.elementType)
      context.clear(toX)
      let factor = gradient.pointer(of: Float.self)[0] / Float(count)
      for part in parts {
        ck_distance_gradient(
          x.kernelType, distance.kernel, x.pointer + part.offset, target.pointer + part.offset,
          toX.pointer + part.offset, factor, part.count, Int32(context.threadCount))
      }
      try context.propagate(to: x, toX)
    }
  }

  /// The mean of all elements.
  public func mean(_ x: Tensor) throws -> Tensor {
    try meanOfFunction(x, value: { $0 }, derivative: { _ in 1 })
  }

  /// The mean of `max(0, margin + sign x)` over all elements, the hinge loss of a discriminator:
  /// sign -1 for what is real, 1 for what is made.
  public func meanHinge(_ x: Tensor, sign: Float, margin: Float = 1) throws -> Tensor {
    try meanOfFunction(
      x, value: { max(0, margin + sign * $0) },
      derivative: { margin + sign * $0 > 0 ? sign : 0 })
  }

  /// For the few numbers that a discriminator gives.
  private func meanOfFunction(
    _ x: Tensor, value: (Float) -> Float, derivative: @escaping (Float) -> Float
  ) throws -> Tensor {
    let values = try read(x)
    let sum = values.reduce(0.0) { $0 + Double(value($1)) }
    let result = try tensor([Float(sum / Double(x.count))], shape: [1])
    return noted(result, from: x) { context, gradient in
      let factor = gradient.pointer(of: Float.self)[0] / Float(values.count)
      try context.propagate(
        to: x,
        context.tensor(
          values.map { factor * derivative($0) }, shape: x.shape, as: x.elementType))
    }
  }

  /// The perceptual distance of features (Zhang et al. 2018, LPIPS): rows divided by their length,
  /// squared differences weighted by channel, summed over channels and averaged over rows.
  ///
  /// - Parameters:
  ///   - x: `[batch, rows, channels]` float32, with channels a multiple of 16.
  ///   - target: The same; gets no gradient.
  ///   - weight: `[channels]` float32.
  /// - Returns: The mean over the batch, `[1]`, and each sample's distance, `[batch]`.
  public func featureDistance(
    _ x: Tensor, _ target: Tensor, weight: Tensor
  ) throws -> (mean: Tensor, distances: Tensor) {
    precondition(x.shape == target.shape && x.shape.count == 3 && x.channels % 16 == 0)
    precondition(x.elementType == .float32 && weight.count == x.channels)
    let start = operationStart
    defer { record(.loss, since: start, x.shape) }
    let values = try makeTensor([x.rows], .float32)
    let factor = 1 / Float(x.rows)
    let gradient = isRecording && x.needsGradient ? try makeTensor(x.shape, .float32) : nil
    ck_feature_distance(
      target.pointer(of: Float.self), x.pointer(of: Float.self), weight.pointer(of: Float.self),
      values.pointer(of: Float.self), gradient?.pointer(of: Float.self), factor, x.rows,
      x.channels, Int32(threadCount))
    let rows = try read(values)
    let perSample = x.shape[1]
    let distances = (0..<x.shape[0]).map { sample in
      Float(
        rows[(sample * perSample)..<((sample + 1) * perSample)].reduce(0.0) { $0 + Double($1) }
          / Double(perSample))
    }
    let mean = try tensor([distances.reduce(0, +) / Float(distances.count)], shape: [1])
    let each = try tensor(distances, shape: [distances.count])
    guard let gradient else { return (mean, each) }
    let recorded = noted(mean, from: x) {
      try $0.propagate(to: x, $0.scale(gradient, by: $1.pointer(of: Float.self)[0]))
    }
    return (recorded, each)
  }
}

extension Distance {
  fileprivate var kernel: ck_distance { self == .absolute ? CK_ABSOLUTE : CK_SQUARED }
}
