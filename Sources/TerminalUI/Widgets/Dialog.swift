/// A question or a message in front of everything else.
public struct Dialog: Sendable, Hashable {
  /// What a key led to.
  public enum Outcome: Sendable, Hashable {
    /// Still open.
    case open
    /// The button with this index was chosen.
    case chosen(Int)
    /// Closed without an answer.
    case cancelled
  }

  /// Heading in the frame.
  public var title: String
  /// What is asked or said.
  public var lines: [String]
  /// The answers, each chosen by its first letter as well.
  public var buttons: [String]
  /// The button that Enter chooses, from 0.
  public private(set) var selected: Int

  /// - Precondition: there is at least one button.
  public init(title: String, lines: [String], buttons: [String], selected: Int = 0) {
    precondition(!buttons.isEmpty, "a dialog needs an answer")
    self.title = title
    self.lines = lines
    self.buttons = buttons
    self.selected = min(max(selected, 0), buttons.count - 1)
  }

  /// A question whose safe answer, No, is selected. `chosen(0)` is Yes.
  public static func confirm(title: String, lines: [String]) -> Dialog {
    Dialog(title: title, lines: lines, buttons: ["Yes", "No"], selected: 1)
  }

  /// Something to read and close.
  public static func message(title: String, lines: [String]) -> Dialog {
    Dialog(title: title, lines: lines, buttons: ["OK"])
  }

  /// Handles a key.
  public mutating func handle(_ key: Key) -> Outcome {
    switch key {
    case .enter: return .chosen(selected)
    case .escape, .character("q"): return .cancelled
    case .left, .character("h"), .backTab: selected = max(selected - 1, 0)
    case .right, .character("l"), .tab: selected = min(selected + 1, buttons.count - 1)
    default:
      guard let letter = key.typedCharacter?.lowercased() else { return .open }
      if let index = buttons.firstIndex(where: { $0.lowercased().hasPrefix(letter) }) {
        return .chosen(index)
      }
    }
    return .open
  }

  /// Draws the dialog in the middle of an area.
  public func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let buttonWidth = buttons.reduce(0) { $0 + CharacterWidth.columns(of: $1) + 6 }
    let textWidth = (lines + [title]).map { CharacterWidth.columns(of: $0) }.max() ?? 0
    let box = area.centered(
      width: max(textWidth, buttonWidth) + 4, height: lines.count + 4)
    buffer.fill(box, style: Style(.dialog))
    let inner = Border(title: title, isFocused: true).draw(in: &buffer, area: box)
    for (index, line) in lines.prefix(max(inner.height - 1, 0)).enumerated() {
      buffer.write(
        CharacterWidth.truncate(line, to: inner.width - 2), column: inner.column + 1,
        row: inner.row + index, style: Style(.dialog), clip: inner)
    }
    var column = inner.column + 1
    guard inner.height > 0 else { return }
    for (index, button) in buttons.enumerated() {
      let style = Style(index == selected ? .selection : .dialog)
      let end = buffer.write(
        "[ \(button) ]", column: column, row: inner.endRow - 1, style: style, clip: inner)
      if let letter = button.lowercased().first {
        buffer.addTarget(
          Rectangle(column: column, row: inner.endRow - 1, width: end - column, height: 1),
          .press(.character(letter)))
      }
      column = end + 2
    }
    buffer.setGround(.dialog, in: box)
    buffer.cursor = nil
  }
}
