import RunKit
import VideoDiffusion

extension SweepAxis.Setting {
  /// The setting by the name that forms and files use.
  package var key: SettingKey {
    switch self {
    case .steps: .steps
    case .laterSteps: .laterSteps
    case .eta: .eta
    case .recomputeNoise: .recomputeNoise
    case .guidance: .guidance
    case .seed: .seed
    case .sampler: .sampler
    }
  }

  /// What people call it.
  public var title: String { key.title }

  /// A value as it is typed; `nil` if it is not of the setting's kind.
  fileprivate func value(_ text: String) -> SettingValue? {
    switch self {
    case .steps, .laterSteps: Int(text).map { .integer($0) }
    case .seed: UInt64(text).map { _ in .text(text) }
    case .eta, .guidance: Double(text).map { .number($0) }
    case .recomputeNoise: Bool(text).map { .flag($0) }
    case .sampler: .text(text)
    }
  }
}

extension SweepAxis {
  /// Settings with one of the axis's values.
  ///
  /// - Throws: ``StudioError`` if the value is of no use.
  package func applied(_ text: String, to settings: GenerationSettings) throws -> GenerationSettings
  {
    var settings = settings
    guard let value = setting.value(text), settings.set(setting.key, to: value) else {
      throw StudioError(
        nil, .option(name: setting.title, found: text, expected: setting.key.range))
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
  static func cells(
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
    let differing = SettingKey.allCases.filter { key in
      Set(variants.map { $0.settings[key] }).count > 1
    }
    let modelsDiffer = Set(variants.map(\.model)).count > 1
    return variants.enumerated().map { place, variant in
      var parts = modelsDiffer ? [variant.model.name] : []
      parts += differing.map { "\($0.title) \(variant.settings[$0].plainText)" }
      return parts.isEmpty ? "\(place + 1)" : parts.joined(separator: ", ")
    }
  }
}
