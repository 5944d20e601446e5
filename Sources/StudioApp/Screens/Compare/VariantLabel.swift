import StudioKit

/// What tells variants from each other, in a few words.
package enum VariantLabel {
  /// A letter for a variant: A, B, C, D.
  package static func letter(_ index: Int) -> String {
    String(UnicodeScalar(UInt8(65 + index % 26)))
  }

  /// The settings of each variant in which not all of them agree.
  package static func labels(_ variants: [Comparison.Variant]) -> [String] {
    let facts = variants.map { Self.facts($0.settings) }
    let differing = (facts.first ?? []).indices.filter { index in
      Set(facts.map { $0[index] }).count > 1
    }
    return facts.map { fact in
      differing.isEmpty ? "same settings" : differing.map { fact[$0] }.joined(separator: ", ")
    }
  }

  /// A title: models where they differ, and settings where they do.
  package static func title(_ variants: [Comparison.Variant]) -> String {
    let names = variants.map(\.model.name)
    let labels = labels(variants)
    let parts = zip(names, labels).map { name, label in
      Set(names).count > 1
        ? (Set(labels).count > 1 ? "\(name) (\(label))" : name) : label
    }
    return parts.joined(separator: " | ")
  }

  private static func facts(_ settings: GenerationSettings) -> [String] {
    [
      settings.method.title, "\(settings.steps) steps", "then \(settings.laterSteps)",
      settings.spacing?.rawValue ?? "auto spacing", "eta \(SettingsText.number(settings.eta))",
      "guidance \(SettingsText.number(settings.guidanceScale))",
      settings.clipCount.map { "\($0) clips" } ?? "until stopped",
      settings.reencodesCondition ? "re-encoding" : "no re-encoding",
      settings.precision.rawValue,
    ]
  }
}
