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
    precondition(x.count == target.count)
    return try meanDistance(
      DistanceCall(input: x, target: target, distance: distance, parts: [0..<x.count]))
  }

  /// The mean distance of two features over the images of a stack; what stands between them does
  /// not count and gets no gradient.
  ///
  /// - Parameters:
  ///   - x: `[batch, stack.tokenCount, channels]`.
  ///   - target: The same.
  ///   - samples: Those of the batch that count; `nil` for all.
  public func meanDistance(
    _ x: Tensor, _ target: Tensor, _ distance: Distance, on stack: ImageStack,
    samples: Range<Int>? = nil
  ) throws -> Tensor {
    precondition(x.shape == target.shape)
    precondition(x.shape.count == 3 && x.shape[1] == stack.tokenCount)
    let samples = samples ?? 0..<x.shape[0]
    precondition(samples.lowerBound >= 0 && samples.upperBound <= x.shape[0])
    let parts = samples.flatMap { sample in
      stack.heights.indices.map { image in
        let tokens = stack.tokens(of: image)
        let first = (sample * stack.tokenCount + tokens.lowerBound) * x.channels
        return first..<(first + tokens.count * x.channels)
      }
    }
    return try meanDistance(
      DistanceCall(input: x, target: target, distance: distance, parts: parts))
  }

  private func meanDistance(_ call: DistanceCall) throws -> Tensor {
    let x = call.input
    precondition(x.elementType == call.target.elementType)
    let start = operationStart
    defer { record(.loss, since: start, x.shape) }
    let result = try makeTensor([1], .float32)
    try device.run(.meanDistance(call, into: result))
    return recorded(result, from: x) { context, gradient in
      let toX = try context.makeTensor(x.shape, x.elementType)
      try context.device.run(.meanDistanceGradient(call, gradient, into: toX))
      try context.propagate(to: x, toX)
    }
  }

  /// The mean of all elements.
  public func mean(_ x: Tensor) throws -> Tensor { try mean(x, .identity) }

  /// The mean of `max(0, margin + sign x)` over all elements, the hinge loss of a discriminator:
  /// sign -1 for what is real, 1 for what is made.
  public func meanHinge(_ x: Tensor, sign: Float, margin: Float = 1) throws -> Tensor {
    try mean(x, .hinge(sign: sign, margin: margin))
  }

  private func mean(_ x: Tensor, _ function: MeanFunction) throws -> Tensor {
    let result = try makeTensor([1], .float32)
    try device.run(.mean(function, x, into: result))
    return recorded(result, from: x) { context, gradient in
      let toX = try context.makeTensor(x.shape, x.elementType)
      try context.device.run(.meanGradient(function, gradient, input: x, into: toX))
      try context.propagate(to: x, toX)
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
    let mean = try makeTensor([1], .float32)
    let distances = try makeTensor([x.shape[0]], .float32)
    let gradient = isRecording && x.needsGradient ? try makeTensor(x.shape, .float32) : nil
    try device.run(
      .featureDistance(
        FeatureDistanceCall(
          input: x, target: target, weight: weight, mean: mean, distances: distances,
          gradient: gradient)))
    guard let gradient else { return (mean, distances) }
    return (
      recorded(mean, from: x) { try $0.propagate(to: x, $0.scale(gradient, by: $1)) }, distances
    )
  }
}

/// The distance of two tensors that a mean is taken of.
package struct DistanceCall {
  let input: Tensor
  let target: Tensor
  let distance: Distance
  /// The elements that count.
  let parts: [Range<Int>]

  /// How many elements count.
  var count: Int { parts.reduce(0) { $0 + $1.count } }
}

/// What a mean is taken of: the few numbers that a discriminator gives.
package enum MeanFunction: Sendable {
  /// The numbers themselves.
  case identity
  /// `max(0, margin + sign x)`.
  case hinge(sign: Float, margin: Float)
}

/// What one perceptual distance reads and writes.
package struct FeatureDistanceCall {
  let input: Tensor
  let target: Tensor
  /// `[channels]`.
  let weight: Tensor
  /// The mean over the batch, `[1]`.
  let mean: Tensor
  /// Each sample's distance, `[batch]`.
  let distances: Tensor
  /// The mean's gradient of the input, if it is wanted.
  let gradient: Tensor?
}
