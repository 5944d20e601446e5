/// A grid as text that people can read and compare: the characters, a map of styles with one
/// letter a cell, and what the letters mean.
public enum SnapshotText {
  private static let letters = Array(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

  /// Writes a grid. Lines are framed by bars, so that spaces at their ends can be seen; `.` in
  /// the map of styles means ordinary text.
  public static func text(of buffer: CellBuffer) -> String {
    var legend: [Style: Character] = [.text: "."]
    var order: [Style] = []
    var characters: [String] = []
    var styles: [String] = []
    for row in 0..<buffer.rows {
      var line = ""
      var map = ""
      for column in 0..<buffer.columns {
        let cell = buffer[column, row]
        line += cell.text
        if legend[cell.style] == nil {
          legend[cell.style] = order.count < letters.count ? letters[order.count] : "?"
          order.append(cell.style)
        }
        map.append(legend[cell.style] ?? "?")
      }
      characters.append("|\(line)|")
      styles.append("|\(map)|")
    }
    var sections = ["\(buffer.columns)x\(buffer.rows)"]
    if let cursor = buffer.cursor { sections[0] += " cursor \(cursor.column),\(cursor.row)" }
    sections.append(characters.joined(separator: "\n"))
    // A map of nothing but ordinary text says nothing.
    if !order.isEmpty {
      sections.append(styles.joined(separator: "\n"))
      sections.append(
        order.prefix(letters.count).enumerated().map { "\(letters[$0]) \(describe($1))" }
          .joined(separator: "\n"))
    }
    return sections.joined(separator: "\n\n") + "\n"
  }

  /// A style in words, such as `error bold fg=#ff0000`.
  public static func describe(_ style: Style) -> String {
    var words = [style.role.name]
    words += Attributes.named.filter { style.attributes.contains($0.attribute) }.map(\.name)
    if let ground = style.ground { words.append("on \(ground.name)") }
    if let foreground = style.foreground { words.append("fg=\(describe(foreground))") }
    if let background = style.background { words.append("bg=\(describe(background))") }
    return words.joined(separator: " ")
  }

  private static func describe(_ color: Color) -> String {
    switch color {
    case .terminalDefault: return "default"
    case .indexed(let index): return "\(index)"
    case .rgb(let red, let green, let blue):
      let digits = [red, green, blue].map { value in
        let text = String(value, radix: 16)
        return value < 16 ? "0" + text : text
      }
      return "#" + digits.joined()
    }
  }
}
