import RunKit
import TerminalUI

/// A line of text to type, and the command of the screen that takes it.
package struct Prompt: Sendable, Hashable {
  /// What is asked.
  package var title: String
  /// What has been typed.
  package var input: TextInput
  /// The screen's command that takes the answer.
  package var command: String
  /// Whether it is a path, which Tab completes, or several with commas between them.
  package var isPath = false
  /// Names that may follow, as they were told last.
  private var candidates: [String] = []

  init(title: String, input: TextInput, command: String, isPath: Bool = false) {
    self.title = title
    self.input = input
    self.command = command
    self.isPath = isPath
  }

  /// The path at the end of the line.
  var path: String {
    String(
      input.text.split(separator: ",", omittingEmptySubsequences: false).last?
        .drop { $0 == " " } ?? "")
  }

  /// Takes what the path may become; another path is left as it is.
  mutating func complete(_ completion: PathCompletion) {
    guard isPath, completion.typed == path else { return }
    input.setText(String(input.text.dropLast(path.count)) + completion.completed)
    candidates = completion.candidates.count > 1 ? completion.candidates : []
  }

  /// Handles a key.
  mutating func handle(_ key: Key) -> TextInput.Outcome {
    let outcome = input.handle(key)
    if outcome == .edited { candidates = [] }
    return outcome
  }

  /// Rows of names at most.
  private static let candidateRows = 8

  /// Draws the line in the middle of an area, the names that may follow below it.
  func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let width = max(area.width * 3 / 4, 40)
    let columnWidth = (candidates.map { CharacterWidth.columns(of: $0) }.max() ?? 0) + 2
    let columns = max((width - 4) / max(columnWidth, 1), 1)
    let rows = min((candidates.count + columns - 1) / columns, Self.candidateRows)
    let box = area.centered(width: width, height: 3 + rows)
    buffer.fill(box, style: Style(.dialog))
    let footer =
      isPath ? "Enter takes it, Tab completes, Esc leaves it" : "Enter takes it, Esc leaves it"
    let inner = Border(title: title, footer: footer, isFocused: true).draw(in: &buffer, area: box)
      .inset(left: 1, right: 1)
    input.draw(in: &buffer, area: inner, prompt: "> ", isFocused: true)
    let shown = columns * rows
    for (index, name) in candidates.prefix(shown).enumerated() {
      let isCut = index == shown - 1 && candidates.count > shown
      buffer.write(
        isCut ? "\(candidates.count - index) more" : name,
        column: inner.column + index % columns * columnWidth,
        row: inner.row + 1 + index / columns, style: Style(.secondary), clip: inner)
    }
    buffer.setGround(.dialog, in: box)
  }
}
