import TerminalUI

/// What stands where there is nothing to show: what is missing and the keys that mend it.
package struct EmptyState: Sendable, Hashable {
  /// What is missing, in a few words.
  package var title: String
  /// What else there is to say, a line each.
  package var lines: [String]
  /// Keys and what they do about it.
  package var keys: [HelpEntry]
  /// How the title is drawn.
  package var role: Role

  /// Something that is missing.
  package init(
    _ title: String, lines: [String] = [], keys: [HelpEntry] = [], role: Role = .title
  ) {
    self.title = title
    self.lines = lines
    self.keys = keys
    self.role = role
  }

  /// Draws it in the middle of an area, long lines broken between words.
  package func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let area = area.inset(left: 1, right: 1)
    guard !area.isEmpty else { return }
    let titles = title.isEmpty ? [] : TextWrap.lines(title, width: area.width)
    let texts = lines.flatMap { TextWrap.lines($0, width: area.width) }
    let keyWidth = keys.map { CharacterWidth.columns(of: $0.keyText) }.max() ?? 0
    let helpWidth = keys.map { CharacterWidth.columns(of: $0.help) }.max() ?? 0
    let gaps = (texts.isEmpty ? 0 : 1) + (keys.isEmpty ? 0 : 1)
    let height = titles.count + texts.count + keys.count + gaps
    var row = area.row + max((area.height - height) / 2, 0)
    for line in titles {
      Self.write(line, row: row, style: Style(role), in: &buffer, area)
      row += 1
    }
    if !texts.isEmpty { row += 1 }
    for line in texts {
      Self.write(line, row: row, style: Style(.secondary), in: &buffer, area)
      row += 1
    }
    if !keys.isEmpty { row += 1 }
    let column = area.column + max((area.width - keyWidth - 2 - helpWidth) / 2, 0)
    for entry in keys {
      buffer.write(entry.keyText, column: column, row: row, style: Style(.key), clip: area)
      let help = column + keyWidth + 2
      buffer.write(
        CharacterWidth.truncate(entry.help, to: area.endColumn - help), column: help, row: row,
        clip: area)
      if let key = entry.keys.first {
        buffer.addTarget(
          Rectangle(column: column, row: row, width: area.endColumn - column, height: 1),
          .press(key))
      }
      row += 1
    }
  }

  private static func write(
    _ line: String, row: Int, style: Style, in buffer: inout CellBuffer, _ area: Rectangle
  ) {
    let free = max((area.width - CharacterWidth.columns(of: line)) / 2, 0)
    buffer.write(line, column: area.column + free, row: row, style: style, clip: area)
  }
}
