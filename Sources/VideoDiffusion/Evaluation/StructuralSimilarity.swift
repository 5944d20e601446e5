import Glibc

/// The structural similarity index of two videos (Wang et al. 2004): 11 x 11 Gaussian window with
/// standard deviation 1.5, K1 = 0.01, K2 = 0.03, full windows only, mean over positions, colour
/// channels and frames.
public enum StructuralSimilarity {
  private static let radius = 5
  /// The smallest side of a frame that the window fits into, in pixels.
  public static let leastSide = 2 * radius + 1
  private static let window: [Float] = {
    let weights = (-radius...radius).map { exp(-Float($0 * $0) / (2 * 1.5 * 1.5)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }()
  private static let firstConstant: Float = 0.01 * 0.01
  private static let secondConstant: Float = 0.03 * 0.03

  /// Compares two clips of one shape, whose frames have at least ``leastSide`` pixels a side.
  ///
  /// - Returns: -1 ... 1, and 1 for equal clips.
  public static func between(_ first: PixelClip, _ second: PixelClip) -> Double {
    precondition(first.frames == second.frames && first.side == second.side)
    precondition(first.side >= leastSide, "a frame is smaller than the window")
    let size = first.side * first.side
    var sum = 0.0
    var x = [Float](repeating: 0, count: size)
    var y = x
    for frame in 0..<first.frames {
      for channel in 0..<3 {
        for pixel in 0..<size {
          let place = (frame * size + pixel) * 3 + channel
          x[pixel] = (first.values[place] + 1) / 2
          y[pixel] = (second.values[place] + 1) / 2
        }
        sum += similarity(x, y, side: first.side)
      }
    }
    return sum / Double(first.frames * 3)
  }

  /// The mean index of two images of one channel, values 0 ... 1.
  private static func similarity(_ x: [Float], _ y: [Float], side: Int) -> Double {
    let meanX = smoothed(x, side)
    let meanY = smoothed(y, side)
    let squareX = smoothed(zip(x, x).map { $0 * $1 }, side)
    let squareY = smoothed(zip(y, y).map { $0 * $1 }, side)
    let product = smoothed(zip(x, y).map { $0 * $1 }, side)
    var sum = 0.0
    for i in meanX.indices {
      let (m, n) = (meanX[i], meanY[i])
      let covariance = product[i] - m * n
      let variances = squareX[i] - m * m + squareY[i] - n * n
      let index =
        (2 * m * n + firstConstant) * (2 * covariance + secondConstant)
        / ((m * m + n * n + firstConstant) * (variances + secondConstant))
      sum += Double(index)
    }
    return sum / Double(meanX.count)
  }

  /// The window's weighted means at the positions where it fits, first along rows, then along
  /// columns.
  private static func smoothed(_ image: [Float], _ side: Int) -> [Float] {
    let kept = side - 2 * radius
    var rows = [Float](repeating: 0, count: side * kept)
    for y in 0..<side {
      for (offset, weight) in window.enumerated() {
        for x in 0..<kept { rows[y * kept + x] += weight * image[y * side + x + offset] }
      }
    }
    var result = [Float](repeating: 0, count: kept * kept)
    for y in 0..<kept {
      for (offset, weight) in window.enumerated() {
        for x in 0..<kept { result[y * kept + x] += weight * rows[(y + offset) * kept + x] }
      }
    }
    return result
  }
}
