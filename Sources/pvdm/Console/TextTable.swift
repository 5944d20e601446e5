import TerminalUI

/// Rows of fields in columns as wide as their widest field.
struct TextTable {
  var header: [String] = []
  var rows: [[String]]
  /// Columns whose texts stand at the right, such as numbers.
  var rightAligned: Set<Int>

  /// The lines as one text, without a line end behind the last.
  var text: ConsoleText { lines.joined(separator: "\n") }

  /// The lines, without spaces at their ends.
  var lines: [ConsoleText] {
    let all = (header.isEmpty ? rows : [header] + rows).map { row in
      row.map { ConsoleText($0).text }
    }
    let columns = all.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      all.map { column < $0.count ? CharacterWidth.columns(of: $0[column]) : 0 }.max() ?? 0
    }
    return all.map { row in
      var line = ""
      for (column, cell) in row.enumerated() {
        let missing = widths[column] - CharacterWidth.columns(of: cell)
        let padding = String(repeating: " ", count: missing)
        line +=
          (column == 0 ? "" : "  ")
          + (rightAligned.contains(column) ? padding + cell : cell + padding)
      }
      while line.last == " " { line.removeLast() }
      return ConsoleText(lines: line)
    }
  }
}
