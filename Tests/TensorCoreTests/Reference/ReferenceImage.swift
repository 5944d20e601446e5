import TensorCore
import TestSupport

/// One image, channels last, in double precision; outside of it everything is zero.
struct ReferenceImage {
  let height: Int
  let width: Int
  let channels: Int
  var values: [Double]

  init(height: Int, width: Int, channels: Int) {
    self.height = height
    self.width = width
    self.channels = channels
    values = [Double](repeating: 0, count: height * width * channels)
  }

  subscript(y: Int, x: Int, channel: Int) -> Double {
    get {
      guard (0..<height).contains(y), (0..<width).contains(x) else { return 0 }
      return values[(y * width + x) * channels + channel]
    }
    set { values[(y * width + x) * channels + channel] = newValue }
  }

  /// Fills an image of the given size pixel by pixel.
  static func made(
    height: Int, width: Int, channels: Int, _ value: (_ y: Int, _ x: Int, _ c: Int) -> Double
  ) -> ReferenceImage {
    var image = ReferenceImage(height: height, width: width, channels: channels)
    for y in 0..<height {
      for x in 0..<width {
        for c in 0..<channels { image[y, x, c] = value(y, x, c) }
      }
    }
    return image
  }

  /// A 3x3 convolution with zero padding 1; `weight` is `[outputs, inputs, 3, 3]`.
  func convolved(_ weight: [Float], bias: [Float], stride: Int = 1) -> ReferenceImage {
    .made(
      height: (height - 1) / stride + 1, width: (width - 1) / stride + 1, channels: bias.count
    ) { y, x, output in
      var sum = Double(bias[output])
      for input in 0..<channels {
        for i in 0..<3 {
          for j in 0..<3 {
            let factor = weight[((output * channels + input) * 3 + i) * 3 + j]
            sum += Double(factor) * self[y * stride + i - 1, x * stride + j - 1, input]
          }
        }
      }
      return sum
    }
  }

  /// The mean of each 2x2 block.
  var pooled: ReferenceImage {
    .made(height: height / 2, width: width / 2, channels: channels) { y, x, c in
      (self[2 * y, 2 * x, c] + self[2 * y, 2 * x + 1, c] + self[2 * y + 1, 2 * x, c]
        + self[2 * y + 1, 2 * x + 1, c]) / 4
    }
  }

  /// Each pixel as a 2x2 block.
  var doubled: ReferenceImage {
    .made(height: height * 2, width: width * 2, channels: channels) { y, x, c in
      self[y / 2, x / 2, c]
    }
  }
}

/// Images on a stack, for each sample, as the operations lay them out.
extension ImageStack {
  /// Whether each token belongs to an image.
  var membership: [Bool] {
    var inside = [Bool](repeating: false, count: tokenCount)
    for image in heights.indices { for token in tokens(of: image) { inside[token] = true } }
    return inside
  }

  /// Random images with `gap` between them, `[batch, tokenCount, channels]`.
  func randomValues(
    batch: Int, channels: Int, seed: UInt64, scale: Float = 1, around centre: Float = 0,
    gap: Float = 0
  ) -> [Float] {
    var numbers = SeededNumbers(seed)
    let inside = membership
    return (0..<(batch * tokenCount * channels)).map { index in
      let value = centre + scale * numbers.uniform()
      return inside[index / channels % tokenCount] ? value : gap
    }
  }

  /// The images of one sample.
  func images(of values: [Float], sample: Int, channels: Int) -> [ReferenceImage] {
    heights.indices.map { image in
      var result = ReferenceImage(height: heights[image], width: width, channels: channels)
      let first = sample * tokenCount + tokens(of: image).lowerBound
      for index in result.values.indices {
        result.values[index] = Double(values[first * channels + index])
      }
      return result
    }
  }

  /// The tokens of every image alone, sample by sample: what an operation must get right where the
  /// space between the images has no meaning.
  func imageValues(of values: [Float], channels: Int) -> [Float] {
    let inside = membership
    return values.enumerated().filter { inside[$0.offset / channels % tokenCount] }.map(\.element)
  }

  /// What stands between the images.
  func gapValues(of values: [Float], channels: Int) -> [Float] {
    let inside = membership
    return values.enumerated().filter { !inside[$0.offset / channels % tokenCount] }.map(\.element)
  }

  /// Every image of every sample after a change, as ``imageValues(of:channels:)`` orders them.
  func expected(
    _ values: [Float], batch: Int, channels: Int, _ change: (ReferenceImage) -> ReferenceImage
  ) -> [Double] {
    (0..<batch).flatMap { sample in
      images(of: values, sample: sample, channels: channels).flatMap { change($0).values }
    }
  }
}
