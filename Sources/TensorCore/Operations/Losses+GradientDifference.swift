/// How far the slopes of two videos are apart.
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
    precondition(x.shape.count == 4 && x.shape == target.shape)
    precondition(x.elementType == .float32 && target.elementType == .float32)
    precondition(x.shape[1] > 1 && x.shape[2] > 1)
    let start = operationStart
    defer { record(.loss, since: start, x.shape) }
    let neighbors = PixelNeighbors(x.shape)
    let wantsGradient = isRecording && x.needsGradient
    let slopes = wantsGradient ? try makeTensor(x.shape, .float32) : nil
    if let slopes { clear(slopes) }
    var mean = 0.0
    for (rows, step, length) in neighbors.axes {
      let count = Double(rows * length)
      mean +=
        PixelNeighbors.sum(
          x.pointer(of: Float.self), target.pointer(of: Float.self),
          slopes?.pointer(of: Float.self), share: Float(1 / count), rows: rows, step: step,
          length: length) / count
    }
    let result = try tensor([Float(mean)], shape: [1])
    guard let slopes else { return result }
    return noted(result, from: x) {
      try $0.propagate(to: x, $0.scale(slopes, by: $1.pointer(of: Float.self)[0]))
    }
  }
}

/// Where the pixels of `[frames, height, width, channels]` have their neighbours.
private struct PixelNeighbors {
  /// For both axes: stretches of numbers in which each number has its neighbour `step` further on, how
  /// many there are, and how many numbers of each have a neighbour.
  let axes: [(rows: Int, step: Int, length: Int)]

  init(_ shape: [Int]) {
    let width = shape[2] * shape[3]
    axes = [
      (shape[0] * shape[1], shape[3], width - shape[3]),
      (shape[0], width, (shape[1] - 1) * width),
    ]
  }

  /// The sum of the differences along one axis; adds each number's part of the gradient.
  static func sum(
    _ x: UnsafePointer<Float>, _ target: UnsafePointer<Float>,
    _ slopes: UnsafeMutablePointer<Float>?, share: Float, rows: Int, step: Int, length: Int
  ) -> Double {
    var sum = 0.0
    for row in 0..<rows {
      let begin = row * (length + step)
      var partial: Float = 0
      for index in begin..<(begin + length) {
        let error =
          (x[index + step] - target[index + step]) - (x[index] - target[index])
        partial += abs(error)
        guard let slopes, error != 0 else { continue }
        let part = error > 0 ? share : -share
        slopes[index + step] += part
        slopes[index] -= part
      }
      sum += Double(partial)
    }
    return sum
  }
}
