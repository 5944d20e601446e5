import Foundation
import HandwrittenText
import RunKit
import TOMLKit

extension TrainingConfiguration {
  /// The key at a file's top that names the preset which omitted settings are taken from.
  static let presetKey = "preset"
  /// A configuration is a few pages of text; anything longer is none.
  private static let sizeLimit = 256 << 10

  /// The configuration of a preset's name or of a file: TOML, or one of the authors' YAML files.
  ///
  /// - Returns: The configuration, checked, and what a person should know about how it was read:
  ///   sentences without full stops.
  /// - Throws: ``TrainingConfigurationError``.
  public static func load(
    _ nameOrPath: String
  ) throws -> (configuration: TrainingConfiguration, notes: [String]) {
    if let preset = TrainingPreset(rawValue: nameOrPath) { return (preset.configuration, []) }
    if ["yaml", "yml"].contains(URL(filePath: nameOrPath).pathExtension.lowercased()) {
      let file = try AuthorsTrainingFile(text: text(of: nameOrPath), path: nameOrPath)
      return (file.configuration, file.notes)
    }
    return (try TrainingConfiguration(contentsOf: nameOrPath), [])
  }

  /// Reads a TOML file. What it leaves out is as in the preset that it names, or else as published.
  ///
  /// - Throws: ``TrainingConfigurationError`` for the first setting, by its line, that is unknown, of
  ///   another kind or out of range, and for settings that do not fit together.
  public init(contentsOf path: String) throws {
    try self.init(toml: Self.text(of: path), path: path)
  }

  /// Reads the file of a run, which holds every setting that there was when the run began. One that came
  /// later has the value that stands for what was done before.
  ///
  /// - Throws: ``TrainingConfigurationError``.
  init(ofRun path: String) throws {
    var before = TrainingConfiguration()
    for stage in TrainingStage.allCases { before[stage].averageInterval = 1 }
    try self.init(toml: Self.text(of: path), path: path, over: before)
  }

  /// Reads TOML that lies or may lie at a path, which only errors name.
  ///
  /// - Parameter base: What a file that names no preset leaves out.
  public init(
    toml source: String, path: String, over base: TrainingConfiguration = TrainingConfiguration()
  ) throws {
    let root: TOMLTable
    do {
      root = try TOMLTable(text: source)
    } catch {
      throw TrainingConfigurationError(
        file: path, line: error.line, .syntax(format: "TOML", reason: error.reason))
    }
    var reader = Reader(path: path, base: base, lines: KeyLines(source))
    self = try reader.configuration(root)
  }

  private static func text(of path: String) throws -> String {
    guard FileManager.default.fileExists(atPath: path) else {
      let names = TrainingPreset.allCases.map(\.rawValue)
      throw TrainingConfigurationError(
        file: path,
        .notFound(
          suggestion: NearestName.find(URL(filePath: path).lastPathComponent, in: names)))
    }
    guard let source = try? SmallFile.text(of: path, limit: sizeLimit) else {
      throw TrainingConfigurationError(file: path, .unreadable)
    }
    return source
  }

  /// Collects a configuration from parsed TOML.
  private struct Reader {
    let path: String
    let base: TrainingConfiguration
    let lines: KeyLines
    /// What is wrong so far; the first by its line is reported.
    var problems: [(line: Int?, problem: TrainingConfigurationError.Problem)] = []

    mutating func configuration(_ root: TOMLTable) throws -> TrainingConfiguration {
      var result = preset(root)?.configuration ?? base
      for name in root.keys.sorted() where name != presetKey {
        guard let table = TrainingSetting.Table(rawValue: name) else {
          report([name], unknown(atTop: name))
          continue
        }
        guard let values = root[name]?.table else {
          report(
            [name],
            .value(setting: name, found: shown(root[name]), expected: "a table: [\(name)]"))
          continue
        }
        for key in values.keys.sorted() { read(key, of: values, in: table, into: &result) }
      }
      if let first = problems.min(by: { ($0.line ?? .max) < ($1.line ?? .max) }) {
        throw TrainingConfigurationError(file: path, line: first.line, first.problem)
      }
      if let conflict = result.conflict {
        let line = lines.line(of: conflict.setting.split(separator: ".").map(String.init))
        throw conflict.error(file: path, line: line)
      }
      return result
    }

    private mutating func preset(_ root: TOMLTable) -> TrainingPreset? {
      guard let value = root[presetKey] else { return nil }
      let names = TrainingPreset.allCases.map(\.rawValue)
      guard let name = value.string else {
        report(
          [presetKey],
          .value(
            setting: presetKey, found: shown(value),
            expected: names.map(\.quotedForTOML).joined(separator: ", ")))
        return nil
      }
      guard let preset = TrainingPreset(rawValue: name) else {
        report(
          [presetKey],
          .unknownPreset(found: name, suggestion: NearestName.find(name, in: names)))
        return nil
      }
      return preset
    }

    private mutating func read(
      _ key: String, of values: TOMLTable, in table: TrainingSetting.Table,
      into configuration: inout TrainingConfiguration
    ) {
      let name = "\(table.rawValue).\(key)"
      guard let setting = TrainingSetting.named(name) else {
        report(
          [table.rawValue, key],
          .unknownSetting(name, suggestion: TrainingSetting.nearest(key, in: table)))
        return
      }
      guard let value = values[key].flatMap(SettingValue.init),
        setting.set(value, in: &configuration)
      else {
        report(
          [table.rawValue, key],
          .value(setting: name, found: shown(values[key]), expected: setting.range))
        return
      }
    }

    /// A name at the top that is none: a table's, slightly wrong, or a setting outside its table.
    private func unknown(atTop name: String) -> TrainingConfigurationError.Problem {
      let tables = TrainingSetting.Table.allCases.map(\.rawValue)
      if let near = NearestName.find(name, in: tables + [presetKey]) {
        return .unknownTable(name, suggestion: near)
      }
      if let setting = TrainingSetting.all.first(where: { $0.key == name }) {
        return .unknownSetting(name, suggestion: "[\(setting.table.rawValue)] \(name)")
      }
      return .unknownTable(name, suggestion: nil)
    }

    private func shown(_ value: (any TOMLValueConvertible)?) -> String {
      value.flatMap(SettingValue.init)?.text ?? "a table, date or other list"
    }

    private mutating func report(
      _ place: [String], _ problem: TrainingConfigurationError.Problem
    ) {
      problems.append((lines.line(of: place), problem))
    }
  }
}

extension TrainingSetting {
  /// The full name that was probably meant by one that is none: in the same table, or the very name in
  /// another.
  static func nearest(_ key: String, in table: Table) -> String? {
    if let near = NearestName.find(key, in: settings(of: table).map(\.key)) {
      return "\(table.rawValue).\(near)"
    }
    return all.first { $0.key == key }?.name
  }
}
