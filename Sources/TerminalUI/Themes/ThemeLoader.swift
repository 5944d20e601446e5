internal import Foundation
internal import HandwrittenText
internal import TOMLKit

/// Reads themes from TOML; the format is described in themes/README.md.
///
/// A theme with mistakes is still a theme: what cannot be understood is left out and reported.
public enum ThemeLoader {
  /// Reads a theme.
  ///
  /// - Parameters:
  ///   - source: the file's text.
  ///   - file: its name, for the issues; without its ending it is the theme's name if the file
  ///     gives none.
  /// - Returns: the theme, and what was left out of it.
  /// - Throws: `TerminalError.unreadableTheme` if the text is no TOML.
  public static func load(
    _ source: String, file: String
  ) throws(TerminalError) -> (theme: Theme, issues: [ThemeIssue]) {
    let table: TOMLTable
    do {
      table = try TOMLTable(text: source)
    } catch {
      throw .unreadableTheme(
        file: file, line: error.line, column: error.column, reason: error.reason)
    }
    var reader = ThemeReader(file: file, lines: KeyLines(source))
    let theme = reader.theme(from: table)
    return (theme, reader.issues.sorted { ($0.line ?? 0) < ($1.line ?? 0) })
  }

  /// Reads the theme in a file.
  ///
  /// - Throws: `TerminalError.unreadableTheme` if it cannot be read or is no TOML.
  public static func load(
    path: String
  ) throws(TerminalError) -> (theme: Theme, issues: [ThemeIssue]) {
    let source: String
    do {
      source = try SmallFile.text(of: path, limit: 1 << 20)
    } catch {
      throw .unreadableTheme(
        file: path, line: 1, column: 1, reason: "the file cannot be read as a short UTF-8 text")
    }
    return try load(source, file: path.split(separator: "/").last.map(String.init) ?? path)
  }
}

/// Collects a theme and its issues from parsed TOML.
private struct ThemeReader {
  let file: String
  let lines: KeyLines
  var issues: [ThemeIssue] = []
  private var palette: [String: Color] = [:]

  init(file: String, lines: KeyLines) {
    self.file = file
    self.lines = lines
  }

  private static let rolesByName = Dictionary(
    uniqueKeysWithValues: Role.allCases.map { ($0.name, $0) })
  private static let attributesByName = Dictionary(
    uniqueKeysWithValues: Attributes.named.map { ($0.name, $0.attribute) })

  mutating func theme(from table: TOMLTable) -> Theme {
    var name = String(file.prefix { $0 != "." })
    var looks: [Role: Theme.Look] = [:]
    // The palette comes first, wherever it stands: roles use its names.
    if let colors = table["palette"]?.table { readPalette(colors) }
    for key in table.keys.sorted() {
      switch key {
      case "name":
        if let text = table[key]?.string {
          name = text
        } else {
          report([key], .wrongType(key, expected: "a text"))
        }
      case "palette":
        if table[key]?.table == nil { report([key], .wrongType(key, expected: "a table")) }
      case "roles":
        guard let roles = table[key]?.table else {
          report([key], .wrongType(key, expected: "a table"))
          continue
        }
        looks = readRoles(roles)
      default:
        let known = ["name", "palette", "roles"]
        report([key], .unknownKey(key, suggestion: NearestName.find(key, in: known)))
      }
    }
    return Theme(name: name, looks: looks)
  }

  private mutating func readPalette(_ table: TOMLTable) {
    for key in table.keys.sorted() {
      if let value = table[key], let color = color(value, path: ["palette", key]) {
        palette[key] = color
      }
    }
  }

  private mutating func readRoles(_ table: TOMLTable) -> [Role: Theme.Look] {
    var looks: [Role: Theme.Look] = [:]
    for key in table.keys.sorted() {
      let path = ["roles", key]
      guard let role = Self.rolesByName[key] else {
        let suggestion = NearestName.find(key, in: Self.rolesByName.keys.sorted())
        report(path, .unknownKey(key, suggestion: suggestion))
        continue
      }
      if let parts = table[key]?.table {
        looks[role] = look(parts, path: path)
      } else if let value = table[key], let color = color(value, path: path) {
        looks[role] = Theme.Look(foreground: color)
      }
    }
    return looks
  }

  private mutating func look(_ table: TOMLTable, path: [String]) -> Theme.Look {
    var look = Theme.Look()
    for key in table.keys.sorted() {
      guard let value = table[key] else { continue }
      switch key {
      case "fg": look.foreground = color(value, path: path + [key])
      case "bg": look.background = color(value, path: path + [key])
      default:
        guard let attribute = Self.attributesByName[key] else {
          let known = ["fg", "bg"] + Self.attributesByName.keys.sorted()
          report(path + [key], .unknownKey(key, suggestion: NearestName.find(key, in: known)))
          continue
        }
        guard let isOn = value.bool else {
          report(path + [key], .wrongType(key, expected: "true or false"))
          continue
        }
        if isOn { look.attributes.insert(attribute) }
      }
    }
    return look
  }

  private mutating func color(_ value: any TOMLValueConvertible, path: [String]) -> Color? {
    if let index = value.int {
      if let index = UInt8(exactly: index) { return .indexed(index) }
      report(path, .badColor("\(index)", suggestion: nil))
      return nil
    }
    guard let text = value.string else {
      report(path, .wrongType(path[path.count - 1], expected: "a colour"))
      return nil
    }
    if let color = palette[text] ?? Color(themeText: text) { return color }
    let known = Palette.names + palette.keys.sorted() + ["default"]
    let suggestion = text.hasPrefix("#") ? nil : NearestName.find(text, in: known)
    report(path, .badColor(text, suggestion: suggestion))
    return nil
  }

  private mutating func report(_ path: [String], _ reason: ThemeIssue.Reason) {
    issues.append(ThemeIssue(file: file, line: lines.line(of: path), reason: reason))
  }
}

extension Color {
  /// A colour as themes write it: `#rrggbb`, `default`, or the name of an ANSI colour.
  fileprivate init?(themeText text: String) {
    if text == "default" {
      self = .terminalDefault
    } else if let index = Palette.names.firstIndex(of: text) {
      self = .indexed(UInt8(index))
    } else {
      let digits = text.dropFirst()
      guard text.first == "#", digits.count == 6, digits.allSatisfy(\.isHexDigit),
        let value = UInt32(digits, radix: 16)
      else { return nil }
      self = .rgb(
        UInt8(value >> 16), UInt8(value >> 8 & 0xFF), UInt8(value & 0xFF))
    }
  }
}
