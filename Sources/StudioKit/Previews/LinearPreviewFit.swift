import TensorCore
import VideoDiffusion

/// The sums from which a ``LinearPreview`` follows by least squares: clips are added one by one, at
/// any time, and none is kept.
///
/// A bias for each site is the same as centring features and colours on each site's own means, which
/// leaves one system of 12 equations whatever the resolution. All sums are float64.
public struct LinearPreviewFit: Sendable, Hashable {
  /// The planes of the latents.
  public let geometry: PlaneGeometry
  /// Clips that were added.
  public private(set) var clipCount = 0
  /// `[12, 12]`: products of the features.
  var featureProducts: [Double]
  /// `[3, 12]`: products of the colours and the features.
  var colorProducts: [Double]
  /// `[R, R, 12]`: sums of the features at each site.
  var featureSums: [Double]
  /// `[R, R, 3]`: sums of the colours at each site.
  var colorSums: [Double]

  /// Frames that the ridge counts for: features that hardly vary get no wild weights, and a handful
  /// of clips outweighs it.
  private static let ridgeShare = 1e-4
  private static let features = LinearPreview.featureCount
  private static let colors = LinearPreview.colorCount

  /// No clips yet.
  public init(geometry: PlaneGeometry) {
    let sites = geometry.side * geometry.side
    self.geometry = geometry
    featureProducts = [Double](repeating: 0, count: Self.features * Self.features)
    colorProducts = [Double](repeating: 0, count: Self.colors * Self.features)
    featureSums = [Double](repeating: 0, count: sites * Self.features)
    colorSums = [Double](repeating: 0, count: sites * Self.colors)
  }

  /// Takes sums that were stored; `nil` if their counts are wrong or one is not finite.
  init?(geometry: PlaneGeometry, clipCount: Int, sums: [String: [Double]]) {
    self.init(geometry: geometry)
    self.clipCount = clipCount
    for (name, path) in Self.parts {
      guard let values = sums[name], values.count == self[keyPath: path].count,
        values.allSatisfy(\.isFinite)
      else { return nil }
      self[keyPath: path] = values
    }
    guard clipCount > 0 else { return nil }
  }

  /// The sums by the names under which they are stored.
  static var parts: [(name: String, path: WritableKeyPath<LinearPreviewFit, [Double]>)] {
    [
      ("feature_products", \.featureProducts), ("color_products", \.colorProducts),
      ("feature_sums", \.featureSums), ("color_sums", \.colorSums),
    ]
  }

  /// Adds a clip.
  ///
  /// - Parameters:
  ///   - latent: Of this geometry; another is a programmer's mistake.
  ///   - clip: Its decoded frames, whose side is a multiple of R.
  public mutating func add(_ latent: Latent, _ clip: PixelClip) {
    let side = geometry.side
    precondition(latent.tokenCount == geometry.tokenCount && clip.frames == geometry.frames)
    let means = Self.averaged(clip, side: side)
    var features = [Double](repeating: 0, count: Self.features)
    for frame in 0..<geometry.frames {
      for y in 0..<side {
        for x in 0..<side {
          read(latent, frame: frame, y: y, x: x, into: &features)
          let site = y * side + x
          let color = ((frame * side + y) * side + x) * Self.colors
          addSample(features, means[color..<(color + Self.colors)], site: site)
        }
      }
    }
    clipCount += 1
  }

  private mutating func addSample(_ values: [Double], _ color: ArraySlice<Double>, site: Int) {
    for row in 0..<Self.features {
      let value = values[row]
      featureSums[site * Self.features + row] += value
      // Only the lower triangle is read.
      for column in 0...row {
        featureProducts[row * Self.features + column] += value * values[column]
      }
    }
    for (channel, level) in color.enumerated() {
      colorSums[site * Self.colors + channel] += level
      for row in 0..<Self.features {
        colorProducts[channel * Self.features + row] += level * values[row]
      }
    }
  }

  /// The 12 features of a site in a frame.
  private func read(
    _ latent: Latent, frame: Int, y: Int, x: Int, into features: inout [Double]
  ) {
    let planes = geometry.planes
    let tokens = [
      planes[0].lowerBound + y * geometry.side + x,
      planes[1].lowerBound + frame * geometry.side + x,
      planes[2].lowerBound + frame * geometry.side + y,
    ]
    for (plane, token) in tokens.enumerated() {
      for channel in 0..<PlaneGeometry.channels {
        features[plane * PlaneGeometry.channels + channel] = Double(
          latent.values[channel * geometry.tokenCount + token])
      }
    }
  }

  /// The map that fits the clips best.
  ///
  /// - Throws: `TensorError` if no clip was added, or their features do not vary at all.
  public func solve() throws -> LinearPreview {
    let count = Double(clipCount * geometry.frames)
    var matrix = featureProducts
    var rightSides = colorProducts
    for site in 0..<(geometry.side * geometry.side) {
      for row in 0..<Self.features {
        let sum = featureSums[site * Self.features + row] / count
        for column in 0...row {
          matrix[row * Self.features + column] -= sum * featureSums[site * Self.features + column]
        }
        for channel in 0..<Self.colors {
          rightSides[channel * Self.features + row] -= sum * colorSums[site * Self.colors + channel]
        }
      }
    }
    let scale = (0..<Self.features).reduce(0) { $0 + matrix[$1 * (Self.features + 1)] }
    for row in 0..<Self.features {
      matrix[row * (Self.features + 1)] += Self.ridgeShare * scale / Double(Self.features)
    }
    let solution = try PositiveDefiniteSystem.solve(
      matrix, rightSides: rightSides, order: Self.features)

    var biases = colorSums.map { $0 / count }
    for site in 0..<(geometry.side * geometry.side) {
      for channel in 0..<Self.colors {
        for row in 0..<Self.features {
          biases[site * Self.colors + channel] -=
            solution[channel * Self.features + row] * featureSums[site * Self.features + row]
            / count
        }
      }
    }
    let weights = (0..<Self.features).flatMap { row in
      (0..<Self.colors).map { Float(solution[$0 * Self.features + row]) }
    }
    return LinearPreview(geometry: geometry, weights: weights, biases: biases.map { Float($0) })
  }

  /// A clip's frames averaged over squares of pixels: `[S, R, R, 3]`.
  static func averaged(_ clip: PixelClip, side: Int) -> [Double] {
    let patch = clip.side / side
    precondition(patch >= 1 && patch * side == clip.side)
    var result = [Double](repeating: 0, count: clip.frames * side * side * colors)
    let weight = 1 / Double(patch * patch)
    var source = 0
    for frame in 0..<clip.frames {
      for row in 0..<clip.side {
        let start = (frame * side + row / patch) * side
        for column in 0..<clip.side {
          let target = (start + column / patch) * colors
          for channel in 0..<colors {
            result[target + channel] += weight * Double(clip.values[source + channel])
          }
          source += colors
        }
      }
    }
    return result
  }
}

extension LinearPreview {
  /// The share of the variance of decoded, averaged clips that the map explains, 1 at best
  /// (coefficient of determination R2); each colour's variance is about its own mean.
  public func determination(of clips: [(latent: Latent, clip: PixelClip)]) -> Double {
    var sums = [Double](repeating: 0, count: Self.colorCount)
    var squares = sums
    var error = 0.0
    var count = 0.0
    for (latent, clip) in clips {
      let expected = LinearPreviewFit.averaged(clip, side: geometry.side)
      for (index, (found, value)) in zip(values(latent), expected).enumerated() {
        let channel = index % Self.colorCount
        sums[channel] += value
        squares[channel] += value * value
        error += (value - Double(found)) * (value - Double(found))
      }
      count += Double(expected.count / Self.colorCount)
    }
    let variance = zip(sums, squares).reduce(0) { $0 + $1.1 - $1.0 * $1.0 / count }
    return 1 - error / variance
  }
}
