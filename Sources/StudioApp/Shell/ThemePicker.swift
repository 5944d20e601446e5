import TerminalUI

/// The list of themes; the selected one shows at once.
package struct ThemePicker: Sendable {
  /// The themes.
  package let themes: [Theme]
  /// The theme to return to on Escape.
  package let previous: Theme
  /// The row.
  package private(set) var state: TableState

  package init(themes: [Theme], current: Theme) {
    self.themes = themes
    previous = current
    state = TableState(selected: themes.firstIndex { $0.name == current.name } ?? 0)
  }

  /// The theme that is shown.
  package var selected: Theme? {
    themes.indices.contains(state.selected) ? themes[state.selected] : nil
  }

  /// What a key led to.
  package enum Outcome: Sendable { case open, kept, left }

  /// Handles a key.
  package mutating func handle(_ key: Key) -> Outcome {
    if !state.search.isTyping, [.escape, .character("q")].contains(key) { return .left }
    if case .activated = state.handle(key, texts: themes.map(\.name), page: themes.count) {
      return .kept
    }
    return .open
  }

  /// Inserts pasted text into the search being typed.
  mutating func paste(_ text: String) {
    state.paste(text, texts: themes.map(\.name), page: themes.count)
  }

  /// Draws the list at the right of an area, so that the rest of the screen shows the theme.
  func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let width = min((themes.map { $0.name.count }.max() ?? 0) + 6, area.width)
    let height = min(themes.count + 2, area.height)
    let box = Rectangle(
      column: area.endColumn - width, row: area.row, width: width, height: height)
    buffer.fill(box, style: Style(.dialog))
    let inner = Border(title: "Theme", footer: "Enter keeps", isFocused: true)
      .draw(in: &buffer, area: box)
    Table(list: themes.map(\.name)).draw(
      in: &buffer, area: inner.inset(left: 1, right: 1), state: state)
    buffer.setGround(.dialog, in: box)
  }
}
