import Foundation

/// One plane of a feature, channels first, in double precision; outside of it everything is zero.
struct ReferencePlane {
  let channels: Int
  let height: Int
  let width: Int
  var values: [Double]

  init(channels: Int, height: Int, width: Int) {
    self.channels = channels
    self.height = height
    self.width = width
    values = [Double](repeating: 0, count: channels * height * width)
  }

  /// Tokens of the plane.
  var area: Int { height * width }

  subscript(channel: Int, y: Int, x: Int) -> Double {
    get {
      guard y >= 0, y < height, x >= 0, x < width else { return 0 }
      return values[(channel * height + y) * width + x]
    }
    set { values[(channel * height + y) * width + x] = newValue }
  }

  /// The channels of a token.
  func token(_ index: Int) -> [Double] { (0..<channels).map { values[$0 * area + index] } }

  /// Every value changed by itself.
  func mapped(_ change: (Double) -> Double) -> ReferencePlane {
    var result = self
    result.values = values.map(change)
    return result
  }

  /// Every token's channels changed by themselves.
  func mappedTokens(_ change: ([Double]) -> [Double]) -> ReferencePlane {
    let tokens = (0..<area).map { change(token($0)) }
    var result = ReferencePlane(channels: tokens[0].count, height: height, width: width)
    for (index, token) in tokens.enumerated() {
      for (channel, value) in token.enumerated() { result.values[channel * area + index] = value }
    }
    return result
  }

  static func + (a: ReferencePlane, b: ReferencePlane) -> ReferencePlane {
    var sum = a
    for index in sum.values.indices { sum.values[index] += b.values[index] }
    return sum
  }

  /// The channels of both, `other`'s last.
  func joined(with other: ReferencePlane) -> ReferencePlane {
    var result = ReferencePlane(
      channels: channels + other.channels, height: height, width: width)
    result.values = values + other.values
    return result
  }

  /// A 3x3 convolution with zero padding 1; `weight` is `[outputs, inputs, 3, 3]`.
  func convolved(_ weight: [Float], bias: [Float], stride: Int) -> ReferencePlane {
    var result = ReferencePlane(
      channels: bias.count, height: (height + stride - 1) / stride,
      width: (width + stride - 1) / stride)
    for output in 0..<result.channels {
      for y in 0..<result.height {
        for x in 0..<result.width {
          var sum = Double(bias[output])
          for input in 0..<channels {
            for k in 0..<9 {
              sum +=
                Double(weight[(output * channels + input) * 9 + k])
                * self[input, y * stride + k / 3 - 1, x * stride + k % 3 - 1]
            }
          }
          result[output, y, x] = sum
        }
      }
    }
    return result
  }

  /// The mean of each 2x2 block.
  var pooled: ReferencePlane {
    var result = ReferencePlane(channels: channels, height: height / 2, width: width / 2)
    for c in 0..<channels {
      for y in 0..<height {
        for x in 0..<width { result[c, y / 2, x / 2] += self[c, y, x] / 4 }
      }
    }
    return result
  }

  /// Each token as a 2x2 block.
  var doubled: ReferencePlane {
    var result = ReferencePlane(channels: channels, height: height * 2, width: width * 2)
    for c in 0..<channels {
      for y in 0..<(2 * height) {
        for x in 0..<(2 * width) { result[c, y, x] = self[c, y / 2, x / 2] }
      }
    }
    return result
  }
}
