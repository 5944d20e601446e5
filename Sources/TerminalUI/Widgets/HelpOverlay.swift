/// A page of keys in front of a screen, made from its key maps.
public struct HelpOverlay: Sendable, Hashable {
  /// The sections from top to bottom.
  public var sections: [HelpSection]
  /// The first line that is seen.
  public private(set) var offset = 0

  /// A page that shows its beginning.
  public init(_ sections: [HelpSection]) { self.sections = sections }

  /// What a key led to.
  public enum Outcome: Sendable, Hashable { case open, closed }

  /// Handles a key: movements scroll, `?`, `q` and Escape close.
  public mutating func handle(_ key: Key, page: Int) -> Outcome {
    if [.escape, .character("q"), .character("?"), .enter].contains(key) { return .closed }
    if let movement = Movement(key) {
      let last = max(lineCount - page, 0) + 1
      offset = movement.applied(to: offset, count: last, page: page)
    }
    return .open
  }

  private var lineCount: Int { sections.reduce(0) { $0 + $1.entries.count + 2 } }

  /// Rows that are seen at once in an area of this height.
  public func page(height: Int) -> Int { max(min(height, lineCount + 2) - 2, 0) }

  /// Draws the page in the middle of an area.
  public func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let keyWidth =
      sections.flatMap(\.entries).map { CharacterWidth.columns(of: $0.keyText) }.max() ?? 0
    let helpWidth =
      sections.flatMap(\.entries).map { CharacterWidth.columns(of: $0.help) }.max() ?? 0
    let box = area.centered(width: keyWidth + helpWidth + 6, height: lineCount + 2)
    buffer.fill(box, style: Style(.dialog))
    let inner = Border(title: "Keys", footer: "Esc closes", isFocused: true).draw(
      in: &buffer, area: box)
    var line = -offset
    func row() -> Int? { line >= 0 && line < inner.height ? inner.row + line : nil }
    for section in sections {
      if let row = row() {
        buffer.write(
          section.title, column: inner.column + 1, row: row, style: Style(.title), clip: inner)
      }
      line += 1
      for entry in section.entries {
        if let row = row() {
          buffer.write(
            entry.keyText, column: inner.column + 1, row: row, style: Style(.key), clip: inner)
          buffer.write(
            entry.help, column: inner.column + keyWidth + 3, row: row, style: Style(.dialog),
            clip: inner)
        }
        line += 1
      }
      line += 1
    }
    buffer.setGround(.dialog, in: box)
    buffer.cursor = nil
  }
}
