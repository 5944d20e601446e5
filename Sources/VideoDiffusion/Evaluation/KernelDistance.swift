import TensorCore

/// The kernel distance between two sets of features: the squared maximum mean discrepancy with the kernel
/// `(x y / d + 1)^3` for d features, estimated without bias, so that its expectation does not depend on
/// the number of clips (Bińkowski et al., "Demystifying MMD GANs", ICLR 2018; of I3D's features KVD,
/// Unterthiner et al. 2018). Of two sets of one kind it is about 0, and then often below.
public struct KernelDistance: Sendable, Hashable {
  /// The distance.
  public let value: Double
  /// The bounds between which 95 of 100 resamplings of the clips lie (the bootstrap's percentiles).
  public let interval: ClosedRange<Double>

  private static let resamplings = 200
  private static let outside = 0.05

  /// Computes the distance in float64.
  ///
  /// A resampling draws as many clips of each set with replacement. Pairs of a clip with itself, of which
  /// there are then more, are left out as they are of the estimate: they would make sets seem apart that
  /// are not.
  ///
  /// - Parameters:
  ///   - first: Features of each clip of the first set, at least 2 clips.
  ///   - second: The same of the second set; both sets have the same number of features.
  ///   - seed: Chooses the resamplings.
  /// - Throws: ``EvaluationError`` for too few clips, lengths that differ or values that are not
  ///   finite.
  public init(_ first: [[Float]], _ second: [[Float]], seed: UInt64 = 0) throws {
    let width = first.first?.count ?? 0
    for (features, name) in [(first, "the first set"), (second, "the second set")] {
      guard features.count >= 2 else {
        throw EvaluationError.tooFewForCovariance(clips: features.count, of: name)
      }
      for (clip, row) in features.enumerated() {
        guard row.count == width, width > 0 else {
          throw EvaluationError.featureCounts(width, row.count)
        }
        guard row.allSatisfy(\.isFinite) else { throw EvaluationError.featureNotFinite(clip: clip) }
      }
    }
    let (a, b) = (Self.columns(first), Self.columns(second))
    let kernels = (
      within: (Self.kernel(a, a), Self.kernel(b, b)), between: Self.kernel(a, b)
    )
    func distance(_ p: [Double], _ q: [Double]) -> Double {
      Self.meanOfPairs(kernels.within.0, p) + Self.meanOfPairs(kernels.within.1, q)
        - 2 * Self.meanBetween(kernels.between, p, q)
    }
    value = distance(
      [Double](repeating: 1, count: first.count), [Double](repeating: 1, count: second.count))
    var numbers = SeededNumbers(seed)
    func counts(_ count: Int) -> [Double] {
      var counts = [Double](repeating: 0, count: count)
      // Of a single clip there is no pair.
      repeat {
        for index in counts.indices { counts[index] = 0 }
        for _ in 0..<count { counts[numbers.whole(below: count)] += 1 }
      } while counts.contains(Double(count))
      return counts
    }
    let resampled = (0..<Self.resamplings).map { _ in
      distance(counts(first.count), counts(second.count))
    }.sorted()
    let left = Int(Double(Self.resamplings) * Self.outside / 2)
    interval = resampled[left]...resampled[Self.resamplings - 1 - left]
  }

  /// The features as columns, `[features, clips]`.
  private static func columns(_ features: [[Float]]) -> DenseMatrix {
    let (clips, width) = (features.count, features[0].count)
    var values = [Double](repeating: 0, count: clips * width)
    for (clip, row) in features.enumerated() {
      for (index, value) in row.enumerated() { values[index * clips + clip] = Double(value) }
    }
    return DenseMatrix(rows: width, columns: clips, values: values)
  }

  /// The kernel of each clip of the first set with each of the second, `[first, second]`.
  private static func kernel(_ first: DenseMatrix, _ second: DenseMatrix) -> DenseMatrix {
    var result = first.multiplied(by: second, transposed: true)
    let width = Double(first.rows)
    for index in result.values.indices {
      let sum = result.values[index] / width + 1
      result.values[index] = sum * sum * sum
    }
    return result
  }

  /// The mean over pairs of two clips of one set, each clip counted as often as it was drawn.
  private static func meanOfPairs(_ kernel: DenseMatrix, _ counts: [Double]) -> Double {
    let products = kernel.multiplied(
      by: DenseMatrix(rows: counts.count, columns: 1, values: counts))
    var (sum, pairs) = (0.0, 0.0)
    let total = counts.reduce(0, +)
    for (clip, count) in counts.enumerated() where count > 0 {
      sum += count * (products.values[clip] - count * kernel[clip, clip])
      pairs += count * (total - count)
    }
    return sum / pairs
  }

  /// The mean over pairs of a clip of each set.
  private static func meanBetween(
    _ kernel: DenseMatrix, _ first: [Double], _ second: [Double]
  ) -> Double {
    let products = kernel.multiplied(
      by: DenseMatrix(rows: second.count, columns: 1, values: second))
    let sum = zip(first, products.values).reduce(0) { $0 + $1.0 * $1.1 }
    return sum / (first.reduce(0, +) * second.reduce(0, +))
  }
}
