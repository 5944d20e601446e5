import Foundation
import RunKit

extension SweepAxis: Codable {
  private enum CodingKeys: String, CodingKey {
    case setting, values, models
  }

  /// The name of a setting in stored sweeps, such as `laterSteps`.
  private static func name(_ setting: GenerationSetting) -> String {
    let words = setting.key.split(separator: "_")
    return words.prefix(1).joined() + words.dropFirst().map(\.capitalized).joined()
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    if let models = try container.decodeIfPresent([ModelReference].self, forKey: .models) {
      self.init(models: models)
      return
    }
    let name = try container.decode(String.self, forKey: .setting)
    guard let setting = GenerationSetting.ofSweeps.first(where: { Self.name($0) == name }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .setting, in: container, debugDescription: "no sweep varies \(name)")
    }
    self.init(setting: setting, values: try container.decode([String].self, forKey: .values))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    switch subject {
    case .setting(let setting):
      try container.encode(Self.name(setting), forKey: .setting)
      try container.encode(values, forKey: .values)
    case .models(let models): try container.encode(models, forKey: .models)
    }
  }
}

extension SweepAxis {
  /// A variant with one of the axis's values.
  ///
  /// - Throws: ``StudioError`` if the value is of no use.
  package func applied(_ index: Int, to variant: Comparison.Variant) throws -> Comparison.Variant {
    var variant = variant
    switch subject {
    case .setting(let setting):
      variant.settings = try Self.applied(values[index], of: setting, to: variant.settings)
    case .models(let models): variant.model = models[index]
    }
    return variant
  }

  /// Settings with a value of one of them.
  ///
  /// - Throws: ``StudioError`` if the value is of no use.
  package static func applied(
    _ text: String, of setting: GenerationSetting, to settings: GenerationSettings
  ) throws -> GenerationSettings {
    var settings = settings
    guard let value = setting.domain.value(typed: text), settings.set(setting, to: value) else {
      throw StudioError(nil, .option(name: setting.title, found: text, expected: setting.range))
    }
    return settings
  }
}

extension Comparison {
  /// Cells of a sweep at most: more than any screen shows or anyone waits for.
  package static let cellLimit = 64

  /// The cells of a sweep, row by row.
  ///
  /// - Throws: ``StudioError`` if an axis has no values, a value is of no use, or there are too many.
  package static func cells(
    _ variant: Variant, columns: SweepAxis, rows: SweepAxis?
  ) throws -> [(label: String, variant: Variant)] {
    let rowCount = rows?.values.count ?? 1
    let count = columns.values.count * rowCount
    guard (1...cellLimit).contains(count) else {
      throw StudioError(
        nil,
        .option(
          name: "the number of cells", found: "\(count)", expected: "1 to \(cellLimit)"))
    }
    let swept = [columns.setting, rows?.setting].compactMap { $0 }
    return try (0..<rowCount).flatMap { row in
      try columns.values.indices.map { column in
        var cell = try columns.applied(column, to: variant)
        var label = columns.label(at: column)
        if let rows {
          cell = try rows.applied(row, to: cell)
          label += ", \(rows.label(at: row))"
        }
        // One number alone means every clip.
        if swept.contains(.steps), !swept.contains(.laterSteps) {
          cell.settings.laterSteps = cell.settings.steps
        }
        return (label, cell)
      }
    }
  }

  /// Whether each variant takes the steps that its model leaves no choice of: where models differ,
  /// so that a distilled one stands beside its teacher, unless steps are what varies.
  package static func takesOwnSteps(_ variants: [Variant], _ axes: [SweepAxis?]) -> Bool {
    Set(variants.map(\.model)).count > 1
      && !axes.contains { axis in
        axis?.setting.map { GenerationSetting.ofSteps.contains($0) } ?? false
      }
  }

  /// What tells each variant from the others: its model and settings where they differ.
  package static func labels(of variants: [Variant]) -> [String] {
    let differing = GenerationSetting.ofPresets.filter { setting in
      Set(variants.map { $0.settings[setting] }).count > 1
    }
    let modelsDiffer = Set(variants.map(\.model)).count > 1
    return variants.enumerated().map { place, variant in
      var parts = modelsDiffer ? [variant.model.name] : []
      parts += differing.map { "\($0.title) \(variant.settings[$0].plainText)" }
      return parts.isEmpty ? "\(place + 1)" : parts.joined(separator: ", ")
    }
  }
}
