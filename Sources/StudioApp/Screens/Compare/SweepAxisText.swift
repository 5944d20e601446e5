import RunKit
import StudioKit

/// Understands the values of a sweep as they are typed: `10, 20, 50`.
package enum SweepAxisText {
  /// What came of it.
  package enum Outcome: Sendable, Hashable {
    case axis(SweepAxis)
    /// What is wrong, in a sentence without a full stop.
    case problem(String)
  }

  /// Understands the values of a setting.
  package static func parse(_ setting: SweepAxis.Setting, _ text: String) -> Outcome {
    let values = text.split { $0 == "," || $0 == " " }.map(String.init)
    guard !values.isEmpty else {
      return .problem("\(setting.title) needs values, such as \(setting.example)")
    }
    let axis = SweepAxis(setting: setting, values: values)
    for value in values where (try? axis.applied(value, to: GenerationSettings())) == nil {
      return .problem("\(value) is no value of \(setting.title): \(setting.key.range)")
    }
    guard Set(values).count == values.count else {
      return .problem("\(setting.title) has a value twice")
    }
    return .axis(axis)
  }
}

extension SweepAxis.Setting {
  /// Values to begin with.
  package var example: String {
    switch self {
    case .steps: "10, 20, 50"
    case .laterSteps: "5, 10, 20"
    case .eta: "0, 0.5, 1"
    case .recomputeNoise: "false, true"
    case .guidance: "0, 1, 2"
    case .seed: "1, 2, 3"
    case .sampler: "ddim, dpmpp-2m, unipc"
    }
  }
}
