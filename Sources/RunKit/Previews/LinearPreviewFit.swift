import TensorCore
import VideoDiffusion

/// The sums from which a ``LinearPreview`` follows by least squares: clips are added one by one, at
/// any time, and none is kept.
///
/// Each site's bias is drawn towards one bias of all sites, as if that had been seen for two clips
/// more: a few clips tell little of a single site, many tell all. The biases drop out of the
/// equations, which leaves 12 whatever the resolution. All sums are float64.
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

  /// The ridge as a share of the features' mean variance. Of few clips the planes tell much the same,
  /// and a smaller ridge gives weights that fail other clips; of many, this one costs nothing.
  private static let ridgeShare = 1e-2
  /// Frames for which the bias of all sites counts at each site: those of two clips.
  private static let priorFrames = 32.0
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
  package static var parts: [(name: String, path: WritableKeyPath<LinearPreviewFit, [Double]>)] {
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
    let sites = geometry.side * geometry.side
    let frames = Double(clipCount * geometry.frames)
    let featureMeans = Self.means(featureSums, width: Self.features, frames: frames)
    let colorMeans = Self.means(colorSums, width: Self.colors, frames: frames)
    // The share of a site's own mean that is believed.
    let trust = frames / (frames + Self.priorFrames)

    var matrix = featureProducts
    var rightSides = colorProducts
    func subtract(_ weight: Double, _ features: ArraySlice<Double>, _ colors: ArraySlice<Double>) {
      for (row, value) in features.enumerated() {
        for (column, other) in features.prefix(row + 1).enumerated() {
          matrix[row * Self.features + column] -= weight * value * other
        }
        for (channel, level) in colors.enumerated() {
          rightSides[channel * Self.features + row] -= weight * value * level
        }
      }
    }
    subtract(frames * Double(sites), featureMeans.all[...], colorMeans.all[...])
    for site in 0..<sites {
      subtract(trust * frames, featureMeans.deviation(of: site), colorMeans.deviation(of: site))
    }
    let diagonal = (0..<Self.features).map { $0 * (Self.features + 1) }
    let trace: Double = diagonal.reduce(0) { $0 + matrix[$1] }
    let ridge = Self.ridgeShare * trace / Double(Self.features)
    for place in diagonal { matrix[place] += ridge }
    let solution = try PositiveDefiniteSystem.solve(
      matrix, rightSides: rightSides, order: Self.features)

    func explained(_ features: ArraySlice<Double>, _ channel: Int) -> Double {
      zip(features, solution[(channel * Self.features)...]).reduce(0) { $0 + $1.0 * $1.1 }
    }
    var biases: [Float] = []
    for site in 0..<sites {
      for (channel, level) in colorMeans.deviation(of: site).enumerated() {
        let own = level - explained(featureMeans.deviation(of: site), channel)
        let shared = colorMeans.all[channel] - explained(featureMeans.all[...], channel)
        biases.append(Float(shared + trust * own))
      }
    }
    var weights: [Float] = []
    for row in 0..<Self.features {
      for channel in 0..<Self.colors {
        weights.append(Float(solution[channel * Self.features + row]))
      }
    }
    return LinearPreview(geometry: geometry, weights: weights, biases: biases)
  }

  /// The mean of all sites, and how each site's own differs from it.
  private struct Means {
    let all: [Double]
    let deviations: [Double]

    /// What a site's mean has beyond that of all.
    func deviation(of site: Int) -> ArraySlice<Double> {
      deviations[(site * all.count)..<((site + 1) * all.count)]
    }
  }

  private static func means(_ sums: [Double], width: Int, frames: Double) -> Means {
    var all = [Double](repeating: 0, count: width)
    for (index, sum) in sums.enumerated() { all[index % width] += sum }
    let sites = Double(sums.count / width)
    all = all.map { $0 / (frames * sites) }
    return Means(
      all: all, deviations: sums.enumerated().map { $1 / frames - all[$0 % width] })
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
