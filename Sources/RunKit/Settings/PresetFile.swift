import Foundation
import HandwrittenText
import TOMLKit

/// A user's preset as it lies on disk.
package struct PresetFile {
  /// Where it lies.
  package let path: String
  /// What it says.
  package let preset: Preset
  /// The line of its name, where it has one.
  let nameLine: Int?

  /// A preset is a page of text; anything longer is none.
  private static let sizeLimit = 64 << 10
  private static let nameKey = "name"
  private static let summaryKey = "summary"

  /// Reads a file. One with mistakes is still a preset: what cannot be understood is left out and
  /// reported.
  package static func read(_ path: String) -> (file: PresetFile?, issues: [PresetIssue]) {
    let name = URL(filePath: path).lastPathComponent
    func unreadable(_ reason: String, line: Int? = nil) -> (PresetFile?, [PresetIssue]) {
      (nil, [PresetIssue(file: name, line: line, reason: .unreadable(reason))])
    }
    guard let source = try? SmallFile.text(of: path, limit: sizeLimit) else {
      return unreadable("it is not a short text in UTF-8")
    }
    do {
      let table = try TOMLTable(text: source)
      var reader = Reader(file: name, lines: KeyLines(source))
      let preset = reader.preset(table)
      return (
        PresetFile(path: path, preset: preset, nameLine: reader.lines.line(of: [nameKey])),
        reader.issues.sorted { ($0.line ?? 0) < ($1.line ?? 0) }
      )
    } catch {
      return unreadable(error.reason, line: error.line)
    }
  }

  /// Collects a preset and its issues from parsed TOML.
  private struct Reader {
    let file: String
    let lines: KeyLines
    var issues: [PresetIssue] = []

    mutating func preset(_ table: TOMLTable) -> Preset {
      var settings = GenerationSettings()
      var keys: Set<GenerationSetting> = []
      for name in table.keys.sorted() where name != nameKey && name != summaryKey {
        guard let setting = GenerationSetting.ofPresets.first(where: { $0.key == name }) else {
          let known = [nameKey, summaryKey] + GenerationSetting.ofPresets.map(\.key)
          report(name, .unknownKey(name, suggestion: NearestName.find(name, in: known)))
          continue
        }
        guard let value = table[name].flatMap(SettingValue.init), settings.set(setting, to: value)
        else {
          report(name, .badValue(key: name, found: shown(table[name]), expected: setting.range))
          continue
        }
        keys.insert(setting)
      }
      let stem = String(file.dropLast(".toml".count))
      return Preset(
        name: text(table, nameKey) ?? stem, summary: text(table, summaryKey) ?? "",
        settings: settings, isBuiltIn: false, keys: keys)
    }

    private mutating func text(_ table: TOMLTable, _ key: String) -> String? {
      guard let value = table[key] else { return nil }
      let text = value.string
      if text == nil || (key == nameKey && PresetLibrary.fileName(text ?? "") == nil) {
        report(
          key, .badValue(key: key, found: shown(value), expected: "a text with a letter or digit"))
        return nil
      }
      return text
    }

    private func shown(_ value: (any TOMLValueConvertible)?) -> String {
      value.flatMap(SettingValue.init)?.text ?? "a table, list or date"
    }

    private mutating func report(_ key: String, _ reason: PresetIssue.Reason) {
      issues.append(PresetIssue(file: file, line: lines.line(of: [key]), reason: reason))
    }
  }

  /// A preset as its file says it: every key with its meaning, those that it leaves alone as comments.
  static func text(of preset: Preset) -> String {
    var lines = [
      "# A preset of pvdm. A setting that is left out, or stands behind a #, stays as it is where the",
      "# preset is used.", "",
      "# What it is called; unique.",
      "\(nameKey) = \(preset.name.quotedForTOML)",
      "# A sentence about it.",
      "\(summaryKey) = \(preset.summary.quotedForTOML)",
    ]
    for setting in GenerationSetting.ofPresets {
      lines += ["", "# \(setting.meaning):", "# \(setting.range)."]
      let line = "\(setting.key) = \(preset.settings[setting].text)"
      lines.append(preset.keys.contains(setting) ? line : "# " + line)
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension Preset {
  /// The preset as its file says it: TOML, every setting explained.
  public var fileText: String { PresetFile.text(of: self) }
}
