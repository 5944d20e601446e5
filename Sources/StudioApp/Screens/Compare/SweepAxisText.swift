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
  package static func parse(_ setting: GenerationSetting, _ text: String) -> Outcome {
    let values = text.split { $0 == "," || $0 == " " }.map(String.init)
    guard !values.isEmpty else {
      return .problem("\(setting.title) needs values, such as \(setting.sweepExample ?? "")")
    }
    let axis = SweepAxis(setting: setting, values: values)
    for value in values where (try? axis.applied(value, to: GenerationSettings())) == nil {
      return .problem("\(value) is no value of \(setting.title): \(setting.range)")
    }
    guard Set(values).count == values.count else {
      return .problem("\(setting.title) has a value twice")
    }
    return .axis(axis)
  }
}
