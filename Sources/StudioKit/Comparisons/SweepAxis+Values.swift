import Foundation
import RunKit

extension SweepAxis: Codable {
  private enum CodingKeys: String, CodingKey {
    case setting, values
  }

  /// The name of a setting in stored sweeps, such as `laterSteps`.
  private static func name(_ setting: GenerationSetting) -> String {
    let words = setting.key.split(separator: "_")
    return words.prefix(1).joined() + words.dropFirst().map(\.capitalized).joined()
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let name = try container.decode(String.self, forKey: .setting)
    guard let setting = GenerationSetting.ofSweeps.first(where: { Self.name($0) == name }) else {
      throw DecodingError.dataCorruptedError(
        forKey: .setting, in: container, debugDescription: "no sweep varies \(name)")
    }
    self.init(setting: setting, values: try container.decode([String].self, forKey: .values))
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(Self.name(setting), forKey: .setting)
    try container.encode(values, forKey: .values)
  }
}

extension SweepAxis {
  /// Settings with one of the axis's values.
  ///
  /// - Throws: ``StudioError`` if the value is of no use.
  package func applied(_ text: String, to settings: GenerationSettings) throws -> GenerationSettings
  {
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
    let rowValues = rows?.values.map { Optional($0) } ?? [nil]
    let count = columns.values.count * rowValues.count
    guard (1...cellLimit).contains(count) else {
      throw StudioError(
        nil,
        .option(
          name: "the number of cells", found: "\(count)", expected: "1 to \(cellLimit)"))
    }
    return try rowValues.flatMap { rowValue in
      try columns.values.map { columnValue in
        var cell = variant
        cell.settings = try columns.applied(columnValue, to: cell.settings)
        let swept = [columns.setting] + (rows.map { [$0.setting] } ?? [])
        var label = "\(columns.setting.title) \(columnValue)"
        if let rows, let rowValue {
          cell.settings = try rows.applied(rowValue, to: cell.settings)
          label += ", \(rows.setting.title) \(rowValue)"
        }
        // One number alone means every clip.
        if swept.contains(.steps), !swept.contains(.laterSteps) {
          cell.settings.laterSteps = cell.settings.steps
        }
        return (label, cell)
      }
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
