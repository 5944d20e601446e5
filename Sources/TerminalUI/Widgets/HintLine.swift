/// The line of hints at the bottom of a screen. A click on a hint presses its key.
public enum HintLine {
  /// Draws as many hints as fit: the first key of each entry and its name.
  ///
  /// - Parameter pinned: Entries that stand at the right whatever else there is.
  public static func draw(
    _ entries: [HelpEntry], pinned: [HelpEntry] = [], in buffer: inout CellBuffer, area: Rectangle
  ) {
    let pinned = pinned.filter { !$0.name.isEmpty && !$0.keys.isEmpty }
    let pinnedWidth = pinned.reduce(0) { $0 + width(of: $1) } + 2 * max(pinned.count - 1, 0)
    let right = max(area.endColumn - pinnedWidth, area.column)
    let place = Rectangle(
      column: area.column, row: area.row,
      width: max(right - area.column - (pinned.isEmpty ? 0 : 2), 0), height: area.height)
    write(entries, in: &buffer, area: place)
    write(
      pinned, in: &buffer,
      area: Rectangle(
        column: right, row: area.row, width: area.endColumn - right, height: area.height))
  }

  private static func width(of entry: HelpEntry) -> Int {
    let key = entry.keys.first?.description ?? ""
    return CharacterWidth.columns(of: key) + 1 + CharacterWidth.columns(of: entry.name)
  }

  private static func write(
    _ entries: [HelpEntry], in buffer: inout CellBuffer, area: Rectangle
  ) {
    var column = area.column
    for entry in entries where !entry.name.isEmpty {
      guard let key = entry.keys.first?.description else { continue }
      guard column + width(of: entry) <= area.endColumn else { return }
      buffer.addTarget(
        Rectangle(column: column, row: area.row, width: width(of: entry), height: 1),
        .press(entry.keys[0]))
      column = buffer.write(key, column: column, row: area.row, style: Style(.key), clip: area)
      column = buffer.write(
        " \(entry.name)  ", column: column, row: area.row, style: Style(.secondary), clip: area)
    }
  }
}
