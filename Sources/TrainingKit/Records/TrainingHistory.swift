/// The numbers that a run has logged, few enough to draw and to hand around: neighbours are joined
/// where there are many.
public struct TrainingHistory: Sendable, Hashable, Codable {
  /// What was logged at a step, or the mean of neighbouring lines.
  public struct Point: Sendable, Hashable, Codable {
    /// The last step that it speaks of.
    public let step: Int
    /// Losses and figures by name, such as `loss`, `psnr` and `learning_rate`.
    public let values: [String: Double]

    /// Notes numbers.
    public init(step: Int, values: [String: Double]) {
      self.step = step
      self.values = values
    }
  }

  /// The points by step.
  public private(set) var points: [Point] = []
  /// Lines that make up one point.
  private var stride = 1
  private var pending: [Point] = []
  /// The latest value of each name, as it was logged.
  private var latest: [String: Double] = [:]

  /// Points that are kept at most, an even number.
  public static let limit = 800

  /// A history without points.
  public init() {}

  /// A history of points by step.
  public init(_ points: [Point]) { for point in points { add(point) } }

  /// Adds a line of the log. What was said of its step or later ones before is forgotten: a run that
  /// goes on from a checkpoint takes those steps again.
  public mutating func add(_ point: Point) {
    if let last = pending.last ?? points.last, last.step >= point.step {
      pending.removeAll { $0.step >= point.step }
      points.removeAll { $0.step >= point.step }
    }
    latest.merge(point.values) { $1 }
    pending.append(point)
    guard pending.count >= stride else { return }
    points.append(Self.mean(pending))
    pending = []
    // The limit is even, so that every point joins another and all speak of as many lines.
    guard points.count >= Self.limit else { return }
    points = Swift.stride(from: 0, to: points.count, by: 2).map { index in
      Self.mean(Array(points[index..<(index + 2)]))
    }
    stride *= 2
  }

  private static func mean(_ points: [Point]) -> Point {
    guard points.count > 1, let last = points.last else { return points[0] }
    var sums: [String: (sum: Double, count: Double)] = [:]
    for (name, value) in points.flatMap({ Array($0.values) }) {
      let known = sums[name] ?? (0, 0)
      sums[name] = (known.sum + value, known.count + 1)
    }
    return Point(step: last.step, values: sums.mapValues { $0.sum / $0.count })
  }

  /// The values of a name, in the order of the points that have one.
  public func values(_ name: String) -> [(step: Int, value: Double)] {
    points.compactMap { point in point.values[name].map { (point.step, $0) } }
  }

  /// The last value that was logged of a name.
  public func last(_ name: String) -> Double? { latest[name] }

  /// Names that any point has.
  public var names: Set<String> { Set(points.flatMap(\.values.keys)) }
}

extension TrainingHistory.Point {
  /// What a line of progress says, under the names of `metrics.csv`.
  public init(_ progress: TrainingProgress) {
    var values: [String: Double] = [
      "learning_rate": progress.learningRate, "gradient_norm": progress.gradientNorm,
      "seconds_per_step": progress.secondsPerStep,
      "clips_per_second": progress.clipsPerSecond,
      "resident_bytes": Double(progress.residentBytes),
    ]
    for loss in progress.losses { values[loss.name] = loss.value }
    self.init(step: progress.step, values: values)
  }

  /// The scores of a set of samples.
  public init(_ samples: TrainingSamples) {
    self.init(
      step: samples.step,
      values: Dictionary(samples.scores.map { ($0.name, $0.value) }) { first, _ in first })
  }
}
