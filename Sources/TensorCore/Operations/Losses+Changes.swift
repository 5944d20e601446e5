/// How far the changes of two videos are apart: in space, from pixel to pixel, and in time, from frame
/// to frame.
extension ComputeContext {
  /// The mean absolute difference of what two videos change by from each pixel to the next, along rows
  /// and along columns; the two means are added.
  ///
  /// It is small only if edges lie where they should and nowhere else, so that it tells a smooth sky
  /// from one in blocks of the right mean, which the difference of the pixels themselves hardly does.
  /// The gradient difference loss of Mathieu et al. 2016 (equation 6) with exponent 1, but of changes
  /// with their signs, so that a slope in the wrong direction counts.
  ///
  /// - Parameters:
  ///   - x: `[frames, height, width, channels]` float32, with height and width of at least 2.
  ///   - target: The same; gets no gradient.
  /// - Returns: `[1]` float32.
  public func gradientDifference(_ x: Tensor, _ target: Tensor) throws -> Tensor {
    precondition(x.shape.count == 4 && x.shape[1] > 1 && x.shape[2] > 1)
    let width = x.shape[2] * x.shape[3]
    return try finiteDifference(
      x, target,
      [
        Neighbors(
          rows: x.shape[0] * x.shape[1], step: x.shape[3], length: width - x.shape[3]),
        Neighbors(rows: x.shape[0], step: width, length: (x.shape[1] - 1) * width),
      ])
  }

  /// The mean absolute difference of what each pixel of two videos changes by from a frame to one some
  /// frames later; the means for all such distances are added.
  ///
  /// A video of the right mean that stands still is far from one that moves, which the difference of
  /// the pixels hardly tells where what moves is faint.
  ///
  /// - Parameters:
  ///   - x: `[frames, height, width, channels]` float32.
  ///   - target: The same; gets no gradient.
  ///   - lags: How many frames apart two frames are, each from 1 to `frames - 1`.
  /// - Returns: `[1]` float32.
  public func temporalDifference(_ x: Tensor, _ target: Tensor, lags: [Int]) throws -> Tensor {
    precondition(x.shape.count == 4)
    precondition(lags.allSatisfy { (1..<x.shape[0]).contains($0) })
    let frame = x.count / x.shape[0]
    return try finiteDifference(
      x, target,
      lags.map { Neighbors(rows: 1, step: $0 * frame, length: (x.shape[0] - $0) * frame) })
  }

  private func finiteDifference(
    _ x: Tensor, _ target: Tensor, _ neighbors: [Neighbors]
  ) throws -> Tensor {
    precondition(x.shape == target.shape)
    precondition(x.elementType == .float32 && target.elementType == .float32)
    let start = operationStart
    defer { record(.loss, since: start, x.shape) }
    let wantsGradient = isRecording && x.needsGradient
    let slopes = wantsGradient ? try makeTensor(x.shape, .float32) : nil
    let result = try makeTensor([1], .float32)
    try device.run(.finiteDifference(x, target, neighbors, into: result, gradient: slopes))
    guard let slopes else { return result }
    return recorded(result, from: x) { try $0.propagate(to: x, $0.scale(slopes, by: $1)) }
  }
}

/// Stretches of numbers in which each has its neighbour `step` further on: how many stretches there are,
/// and how many numbers of each have a neighbour.
package struct Neighbors: Sendable {
  let rows: Int
  let step: Int
  let length: Int
}
