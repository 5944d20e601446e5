import StudioKit
import VideoDiffusion

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
      return .problem("\(setting.name) needs values, such as \(setting.example)")
    }
    for value in values where !accepts(value, setting) {
      return .problem("\(value) is no value of \(setting.name): \(range(setting))")
    }
    guard Set(values).count == values.count else {
      return .problem("\(setting.name) has a value twice")
    }
    return .axis(SweepAxis(setting: setting, values: values))
  }

  private static func accepts(_ value: String, _ setting: SweepAxis.Setting) -> Bool {
    switch setting {
    case .steps, .laterSteps: Int(value).map((1...1000).contains) ?? false
    case .eta: Double(value).map((0...1).contains) ?? false
    case .guidance: Double(value).map { $0.isFinite && $0 >= 0 } ?? false
    case .seed: UInt64(value) != nil
    case .sampler: SolverMethod(rawValue: value) != nil
    }
  }

  /// The values that a setting may have, in words.
  package static func range(_ setting: SweepAxis.Setting) -> String {
    switch setting {
    case .steps, .laterSteps: "whole numbers from 1 to 1000"
    case .eta: "0 to 1"
    case .guidance: "0 or more"
    case .seed: "whole numbers"
    case .sampler: SolverMethod.allCases.map(\.rawValue).joined(separator: ", ")
    }
  }
}

extension SweepAxis.Setting {
  /// What people call the setting.
  package var name: String { self == .laterSteps ? "later steps" : rawValue }

  /// Values to begin with.
  package var example: String {
    switch self {
    case .steps: "10, 20, 50"
    case .laterSteps: "5, 10, 20"
    case .eta: "0, 0.5, 1"
    case .guidance: "0, 1, 2"
    case .seed: "1, 2, 3"
    case .sampler: "ddim, dpmpp-2m, unipc"
    }
  }
}
