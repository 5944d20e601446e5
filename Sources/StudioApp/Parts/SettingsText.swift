import StudioKit
import TerminalUI

/// Settings in a few words.
package enum SettingsText {
  /// Such as `DDIM 20 steps, eta 1.0, guidance 1.5`.
  package static func sampler(_ settings: GenerationSettings, steps: Int) -> String {
    var parts = ["\(settings.method.title) \(steps) step\(steps == 1 ? "" : "s")"]
    if settings.method.usesEta { parts.append("eta \(number(settings.eta))") }
    if settings.guidanceScale != 0 { parts.append("guidance \(number(settings.guidanceScale))") }
    return parts.joined(separator: ", ")
  }

  /// A number with as many decimals as it needs, at most two.
  package static func number(_ value: Double) -> String {
    let text = FormField.text(of: value, decimals: 2)
    return text.hasSuffix("0") ? String(text.dropLast()) : text
  }
}
