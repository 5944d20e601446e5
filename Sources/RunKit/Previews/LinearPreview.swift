import MediaIO
import VideoDiffusion

/// A small moving picture of a latent without its decoder: a linear map from the planes' features to
/// colours, with one bias for each spatial site.
///
/// The frame t of a clip at the site (y, x) is seen by 12 features: 4 of the plane xy at (y, x), 4 of
/// yt at (t, x) and 4 of xt at (t, y), in this order. Its colour is a 12 x 3 matrix applied to them,
/// plus the site's bias. Since each plane misses one axis, the sum is taken plane by plane, which
/// leaves three additions a value.
public struct LinearPreview: Sendable, Hashable {
  /// The planes that it reads.
  public let geometry: PlaneGeometry
  /// `[12, 3]`, row-major: features to red, green and blue in -1 ... 1.
  public let weights: [Float]
  /// `[R, R, 3]`: what each site adds.
  public let biases: [Float]

  /// Features of a site in a frame.
  package static let featureCount = 3 * PlaneGeometry.channels
  /// Red, green and blue.
  package static let colorCount = 3

  /// Wraps a map of known shape; other counts are a programmer's mistake.
  package init(geometry: PlaneGeometry, weights: [Float], biases: [Float]) {
    precondition(
      weights.count == Self.featureCount * Self.colorCount
        && biases.count == geometry.side * geometry.side * Self.colorCount)
    self.geometry = geometry
    self.weights = weights
    self.biases = biases
  }

  /// The frames of a latent, S pictures of R x R; another geometry is a programmer's mistake.
  public func images(_ latent: Latent) -> [RGBImage] {
    PixelClip(frames: geometry.frames, side: geometry.side, values: values(latent)).images
  }

  /// The frames of a latent as `[S, R, R, 3]`, about -1 ... 1.
  package func values(_ latent: Latent) -> [Float] {
    precondition(latent.tokenCount == geometry.tokenCount && latent.channels == 4)
    let (side, frames, colors) = (geometry.side, geometry.frames, Self.colorCount)
    let planes = geometry.planes.enumerated().map { plane, tokens in
      self.colors(latent, plane: plane, tokens)
    }
    let (xy, yt, xt) = (planes[0], planes[1], planes[2])
    var result: [Float] = []
    result.reserveCapacity(frames * side * side * colors)
    for frame in 0..<frames {
      for y in 0..<side {
        let row = (frame * side + y) * colors
        for x in 0..<side {
          let site = (y * side + x) * colors
          let column = (frame * side + x) * colors
          for color in 0..<colors {
            result.append(xy[site + color] + yt[column + color] + xt[row + color])
          }
        }
      }
    }
    return result
  }

  /// What one plane adds at each of its tokens, `[tokens, 3]`; the plane xy adds the biases too.
  private func colors(_ latent: Latent, plane: Int, _ tokens: Range<Int>) -> [Float] {
    var result = plane == 0 ? biases : [Float](repeating: 0, count: tokens.count * Self.colorCount)
    for channel in 0..<PlaneGeometry.channels {
      let first = (plane * PlaneGeometry.channels + channel) * Self.colorCount
      let (red, green, blue) = (weights[first], weights[first + 1], weights[first + 2])
      let start = channel * geometry.tokenCount + tokens.lowerBound
      for token in 0..<tokens.count {
        let value = latent.values[start + token]
        result[token * Self.colorCount] += value * red
        result[token * Self.colorCount + 1] += value * green
        result[token * Self.colorCount + 2] += value * blue
      }
    }
    return result
  }
}
