import Foundation
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
    for value in values
    where (try? SweepAxis.applied(value, of: setting, to: GenerationSettings())) == nil {
      return .problem("\(value) is no value of \(setting.title): \(setting.range)")
    }
    guard Set(values).count == values.count else {
      return .problem("\(setting.title) has a value twice")
    }
    return .axis(axis)
  }

  /// Understands names of models, with commas between them.
  package static func parse(models: [ModelReference], _ text: String) -> Outcome {
    let names = text.split(separator: ",").map {
      $0.trimmingCharacters(in: .whitespaces)
    }.filter { !$0.isEmpty }
    guard !names.isEmpty else { return .problem("model needs the names of models") }
    var chosen: [ModelReference] = []
    for name in names {
      let found = models.filter { $0.name.lowercased() == name.lowercased() }
      guard let model = found.first else {
        return .problem("there is no model \(name) that can be used")
      }
      guard found.count == 1 else { return .problem("\(found.count) models are called \(name)") }
      guard !chosen.contains(model) else { return .problem("model has a value twice") }
      chosen.append(model)
    }
    return .axis(SweepAxis(models: chosen))
  }
}
