import HandwrittenText
import RunKit
import TerminalUI

/// Settings in a few words.
package enum SettingsText {
  /// Such as `DDIM, 20 steps`.
  package static func sampler(_ settings: GenerationSettings, steps: Int) -> String {
    "\(settings.method.title), \(counted(steps, "step"))"
  }

  /// The numbers that the sampler takes beside its steps: `1.0   guidance 1.5`, under the first
  /// one's name.
  package static func numbers(_ settings: GenerationSettings) -> FactList.Fact {
    let guidance = number(settings.guidanceScale)
    guard settings.method.usesEta else { return .init("guidance", guidance) }
    let noise = settings.recomputesNoise ? " recomputed" : ""
    return .init("eta", "\(number(settings.eta))\(noise)   guidance \(guidance)")
  }

  /// A number with as many decimals as it needs, one or two.
  package static func number(_ value: Double) -> String {
    let text = FormValue.text(of: value, decimals: 2)
    return text.hasSuffix("0") ? String(text.dropLast()) : text
  }
}
