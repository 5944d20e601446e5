/// What is shown in a window too small for anything else.
public enum TooSmallView {
  /// Draws how large the window is and should be.
  public static func draw(in buffer: inout CellBuffer, minimum: TerminalSize) {
    let lines = [
      "Window too small",
      "\(buffer.columns)x\(buffer.rows), needs \(minimum.columns)x\(minimum.rows)",
    ]
    let top = max((buffer.rows - lines.count) / 2, 0)
    for (index, line) in lines.enumerated() {
      let text = CharacterWidth.truncate(line, to: buffer.columns)
      let column = (buffer.columns - CharacterWidth.columns(of: text)) / 2
      buffer.write(text, column: max(column, 0), row: top + index, style: Style(.warning))
    }
  }
}
