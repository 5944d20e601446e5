import Glibc
import TensorCore

/// The Frechet distance between two sets of features, each seen as a normal distribution
/// (Dowson and Landau 1982; Heusel et al. 2017):
/// `|m - n|^2 + trace(S + T - 2 (S T)^(1/2))` with means m, n and covariances S, T.
public enum FrechetDistance {
  /// Eigenvalues below this keep their value in place of their root, as in the original code.
  private static let epsilon = 1e-10

  /// Computes the distance in float64.
  ///
  /// - Parameters:
  ///   - first: Features of each clip of the first set, at least 2 clips.
  ///   - second: The same of the second set; both sets have the same number of features.
  /// - Returns: The distance, 0 or more but for rounding.
  /// - Throws: ``EvaluationError`` for too few clips, lengths that differ or values that are not
  ///   finite; `TensorError` if the decomposition fails.
  public static func between(_ first: [[Float]], _ second: [[Float]]) throws -> Double {
    let a = try Normal(first, "the first set")
    let b = try Normal(second, "the second set")
    guard a.mean.count == b.mean.count else {
      throw EvaluationError.featureCounts(a.mean.count, b.mean.count)
    }
    let meanDistance = zip(a.mean, b.mean).reduce(0.0) { sum, means in
      sum + (means.0 - means.1) * (means.0 - means.1)
    }
    let root = try traceOfRoot(a.covariance, b.covariance)
    return meanDistance + a.covariance.trace + b.covariance.trace - 2 * root
  }

  /// `trace((S T)^(1/2))` as `trace((S^(1/2) T S^(1/2))^(1/2))`, whose matrix is symmetric.
  private static func traceOfRoot(_ s: DenseMatrix, _ t: DenseMatrix) throws -> Double {
    let root = try squareRoot(s)
    let product = root.multiplied(by: t).multiplied(by: root)
    return try product.symmetricEigenvalues().reduce(0) { $0 + Self.root($1) }
  }

  private static func squareRoot(_ matrix: DenseMatrix) throws -> DenseMatrix {
    let (values, vectors) = try matrix.symmetricEigenvectors()
    var scaled = vectors
    for row in 0..<scaled.rows {
      let factor = root(values[row])
      for column in 0..<scaled.columns { scaled.values[row * scaled.columns + column] *= factor }
    }
    return vectors.multiplied(by: scaled, transposed: true)
  }

  /// The original takes singular values, which are never negative; rounding makes eigenvalues near
  /// 0 so.
  private static func root(_ eigenvalue: Double) -> Double {
    let value = abs(eigenvalue)
    return value < epsilon ? value : value.squareRoot()
  }

  /// Mean and unbiased covariance of a set.
  private struct Normal {
    let mean: [Double]
    let covariance: DenseMatrix

    init(_ features: [[Float]], _ name: String) throws {
      guard features.count >= 2, let width = features.first?.count, width > 0 else {
        throw EvaluationError.tooFewForCovariance(clips: features.count, of: name)
      }
      var sums = [Double](repeating: 0, count: width)
      for (clip, row) in features.enumerated() {
        guard row.count == width else { throw EvaluationError.featureCounts(width, row.count) }
        guard row.allSatisfy(\.isFinite) else { throw EvaluationError.featureNotFinite(clip: clip) }
        for (index, value) in row.enumerated() { sums[index] += Double(value) }
      }
      let means = sums.map { $0 / Double(features.count) }
      let centred = DenseMatrix(
        rows: features.count, columns: width,
        values: features.flatMap { row in zip(row, means).map { Double($0) - $1 } })
      var covariance = centred.multiplied(by: centred, transposed: true)
      for index in covariance.values.indices {
        covariance.values[index] /= Double(features.count - 1)
      }
      mean = means
      self.covariance = covariance
    }
  }
}
