/// A measurement that may have been taken beside busy processes.
protocol NeighbourMeasurement {
  /// The first part of the names of its fields, the processes left out: it tells what was measured.
  var quietName: String { get }
  /// Busy processes that ran beside it.
  var neighbourCount: Int { get }
  /// Seconds of the middle run.
  var median: Double { get }
}

extension NeighbourMeasurement {
  /// The name with `.neighbours2` beside two processes.
  var fullName: String {
    quietName + (neighbourCount == 0 ? "" : ".neighbours\(neighbourCount)")
  }

  /// How many times as long it took as without its neighbours; `nil` where it had none, or the other was
  /// not measured.
  func slowdown(among measurements: [Self]) -> Double? {
    guard neighbourCount > 0 else { return nil }
    return measurements.first { $0.neighbourCount == 0 && $0.quietName == quietName }
      .map { median / $0.median }
  }
}
