import Glibc

/// The inception score (Salimans et al. 2016): how sure a classifier is of each clip, and how many
/// classes there are among all of them.
public struct InceptionScore: Sendable, Hashable, Codable {
  /// The mean over the splits, at least 1.
  public let mean: Double
  /// The standard deviation over the splits (population); 0 for one split.
  public let standardDeviation: Double

  /// Computes `exp(mean(KL(p(class | clip) || p(class))))` on each split.
  ///
  /// - Parameters:
  ///   - logits: Of each clip, in the order in which they were made; split k takes the clips
  ///     `k n / splits ..< (k + 1) n / splits`.
  ///   - splits: At least 1, at most the number of clips.
  /// - Throws: ``EvaluationError`` for too few clips or logits that are not finite.
  public init(logits: [[Float]], splits: Int) throws {
    guard splits >= 1, logits.count >= splits else {
      throw EvaluationError.tooFewForSplits(clips: logits.count, splits: splits)
    }
    for (clip, row) in logits.enumerated() where !row.allSatisfy(\.isFinite) {
      throw EvaluationError.featureNotFinite(clip: clip)
    }
    let scores = (0..<splits).map { split in
      let range = (split * logits.count / splits)..<((split + 1) * logits.count / splits)
      return Self.score(logits[range])
    }
    let mean = scores.reduce(0, +) / Double(splits)
    let variance = scores.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(splits)
    self.mean = mean
    standardDeviation = variance.squareRoot()
  }

  private static func score(_ logits: ArraySlice<[Float]>) -> Double {
    let logProbabilities = logits.map(logSoftmax)
    let count = Double(logits.count)
    let classes = logProbabilities[0].count
    var marginal = [Double](repeating: 0, count: classes)
    for row in logProbabilities {
      for (index, value) in row.enumerated() { marginal[index] += exp(value) / count }
    }
    // A class whose probability underflows everywhere adds nothing.
    let logMarginal = marginal.map { $0 > 0 ? log($0) : 0 }
    let divergence = logProbabilities.reduce(0) { sum, row in
      sum + zip(row, logMarginal).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }
    return exp(divergence / count)
  }

  private static func logSoftmax(_ logits: [Float]) -> [Double] {
    let values = logits.map(Double.init)
    let largest = values.max() ?? 0
    let total = log(values.reduce(0) { $0 + exp($1 - largest) }) + largest
    return values.map { $0 - total }
  }
}
