/// A frame around a pane, with a title in its upper line and a footer in its lower one.
public struct Border: Sendable, Hashable {
  /// Text in the upper line, on the left.
  public var title: String
  /// Text in the upper line, after the title.
  public var subtitle: String
  /// Text in the lower line, on the left.
  public var footer: String
  /// Whether the pane has the focus.
  public var isFocused: Bool

  /// A frame; empty texts are left out.
  public init(
    title: String = "", subtitle: String = "", footer: String = "", isFocused: Bool = false
  ) {
    self.title = title
    self.subtitle = subtitle
    self.footer = footer
    self.isFocused = isFocused
  }

  /// Draws the frame along the inside of an area.
  ///
  /// - Returns: the area within the frame; empty where there is no room for one.
  @discardableResult
  public func draw(in buffer: inout CellBuffer, area: Rectangle) -> Rectangle {
    guard area.width >= 2, area.height >= 2 else { return area.inset(1) }
    let style = Style(isFocused ? .borderFocused : .border)
    let right = area.endColumn - 1
    let bottom = area.endRow - 1
    buffer.fill(
      Rectangle(column: area.column, row: area.row, width: area.width, height: 1), with: "─",
      style: style)
    buffer.fill(
      Rectangle(column: area.column, row: bottom, width: area.width, height: 1), with: "─",
      style: style)
    for row in area.row..<area.endRow {
      buffer.put(Cell("│", style: style), column: area.column, row: row)
      buffer.put(Cell("│", style: style), column: right, row: row)
    }
    buffer.put(Cell("┌", style: style), column: area.column, row: area.row)
    buffer.put(Cell("┐", style: style), column: right, row: area.row)
    buffer.put(Cell("└", style: style), column: area.column, row: bottom)
    buffer.put(Cell("┘", style: style), column: right, row: bottom)
    drawTexts(in: &buffer, area: area)
    return area.inset(1)
  }

  private func drawTexts(in buffer: inout CellBuffer, area: Rectangle) {
    let width = area.width - 4
    guard width > 0 else { return }
    var column = area.column + 1
    if !title.isEmpty {
      let text = CharacterWidth.truncate(title, to: width)
      column = buffer.write(" \(text) ", column: column, row: area.row, style: Style(.title))
    }
    let left = area.endColumn - 2 - column
    if !subtitle.isEmpty, left > 2 {
      let text = CharacterWidth.truncate(subtitle, to: left - 1)
      buffer.write("\(text) ", column: column, row: area.row, style: Style(.secondary))
    }
    if !footer.isEmpty {
      let text = CharacterWidth.truncate(footer, to: width)
      buffer.write(
        " \(text) ", column: area.column + 1, row: area.endRow - 1, style: Style(.secondary))
    }
  }
}
