import Foundation
import TerminalUI
import TrainingKit

/// A number of a run over its steps, ready to be drawn.
struct TrainCurve: Sendable, Hashable {
  /// Its name in the run's tables.
  let name: String
  /// The steps of the first and the last value.
  let steps: ClosedRange<Int>
  /// The values in the order of the steps.
  let values: [Double]

  /// Names of losses and scores in the order in which they are offered; others follow, then what the
  /// log says of the steps themselves.
  private static let first = [
    "loss", "l1", "gradient_difference", "temporal_difference", "plane_square", "lpips",
    "adversarial", "feature_matching",
  ]
  private static let figures = ["learning_rate", "gradient_norm", "seconds_per_step"]
  private static let hidden: Set = ["clips_per_second", "resident_bytes"]

  /// The curves that a run has.
  static func names(of run: TrainingRunEntry) -> [String] {
    let logged = run.history.names.subtracting(hidden)
    let known = first.filter(logged.contains)
    let others = logged.subtracting(first).subtracting(figures).sorted()
    return known + others + run.scores.names.sorted() + figures.filter(logged.contains)
  }

  /// The values of a name; `nil` where there is none yet.
  init?(_ name: String, of run: TrainingRunEntry) {
    let table = run.scores.names.contains(name) ? run.scores : run.history
    let points = table.values(name).filter(\.value.isFinite)
    guard let first = points.first, let last = points.last else { return nil }
    self.name = name
    steps = first.step...last.step
    values = points.map(\.value)
  }

  /// Whether a logarithm makes sense of it: not for decibels.
  var canBeLogarithmic: Bool { name != "psnr" && values.contains { $0 > 0 } }

  /// A running mean that begins with the first value (an exponential one, freed of its start as Adam's
  /// are), for curves whose values jump.
  var smoothed: [Double] {
    let share = max(2 / (Double(values.count) / 20 + 1), 0.05)
    var sum = 0.0
    var weight = 0.0
    return values.map { value in
      sum = (1 - share) * sum + share * value
      weight = (1 - share) * weight + share
      return sum / weight
    }
  }

  /// Decimals that tell the values apart.
  private var decimals: Int {
    let magnitudes = values.map(abs).filter { $0 > 0 }
    guard let least = magnitudes.min() else { return 0 }
    return min(max(1 - Int(log10(least).rounded(.down)), 0), 9)
  }

  /// Draws the values, and over them their running mean where there are enough of them.
  func draw(in buffer: inout CellBuffer, area: Rectangle, isLogarithmic: Bool) {
    let isSmoothed = values.count >= 20
    var curves = [LineGraph.Curve(values, role: isSmoothed ? .graphAxis : .graphFirst)]
    if isSmoothed { curves.append(LineGraph.Curve(smoothed, role: .graphFirst)) }
    LineGraph(
      curves, decimals: decimals, isLogarithmic: isLogarithmic && canBeLogarithmic
    ).draw(in: &buffer, area: area)
  }
}
