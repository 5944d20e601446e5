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
  /// The folder of the path, as it was told last.
  package private(set) var listing: PathMenu?
  /// Whether the line is to become what all names have in common, once they are told.
  private var wantsCompletion = false

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

  /// The folder whose names are to be looked up; `nil` while they are known.
  var wantedFolder: String? {
    let head = PathMenu.head(of: path)
    return isPath && listing?.head != head ? head : nil
  }

  /// Asks for what all names have in common.
  mutating func askForCompletion() { wantsCompletion = true }

  /// Takes what was found out: the names of the folder, and what the path may become.
  mutating func take(_ completion: PathCompletion) {
    guard isPath else { return }
    if completion.typed == PathMenu.head(of: path), listing?.head != completion.typed {
      listing = PathMenu(head: completion.typed, names: completion.candidates)
    }
    guard wantsCompletion, completion.typed == path else { return }
    wantsCompletion = false
    replacePath(with: completion.completed)
  }

  private mutating func replacePath(with new: String) {
    input.setText(String(input.text.dropLast(path.count)) + new)
    listing?.forgetChoice()
  }

  /// Handles a key.
  mutating func handle(_ key: Key) -> TextInput.Outcome {
    if isPath, listing != nil, let step = Self.step(key) {
      let path = path
      listing?.move(by: step, path: path)
      return .edited
    }
    if key == .enter, let chosen = listing?.chosen(for: path) {
      replacePath(with: chosen.path)
      return chosen.isFolder ? .edited : .submitted(input.text)
    }
    let outcome = input.handle(key)
    if outcome == .edited { noteEdit() }
    return outcome
  }

  /// Inserts pasted text.
  mutating func paste(_ text: String) {
    input.insert(text)
    noteEdit()
  }

  private mutating func noteEdit() {
    wantsCompletion = false
    listing?.forgetChoice()
  }

  /// How far a key goes along the names.
  private static func step(_ key: Key) -> Int? {
    switch key {
    case .down: 1
    case .up: -1
    case .pageDown: candidateRows
    case .pageUp: -candidateRows
    default: nil
    }
  }

  /// Rows of names at most.
  private static let candidateRows = 8

  /// Draws the line in the middle of an area, the names that may follow below it.
  func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let footer =
      isPath
      ? "Enter takes it, Down chooses, Tab completes, Esc leaves it"
      : "Enter takes it, Esc leaves it"
    // What stands in the frame is to be read as well.
    let texts = [title, footer].map { CharacterWidth.columns(of: $0) + 4 }
    let width = min(max(area.width * 3 / 4, 40, texts.max() ?? 0), area.width)
    let rows = listing?.rows(for: path, width: width - 4, atMost: Self.candidateRows) ?? 0
    let box = area.centered(width: width, height: 3 + rows)
    buffer.fill(box, style: Style(.dialog))
    let inner = Border(title: title, footer: footer, isFocused: true).draw(in: &buffer, area: box)
      .inset(left: 1, right: 1)
    input.draw(in: &buffer, area: inner, prompt: "> ", isFocused: true)
    listing?.draw(
      for: path, in: &buffer,
      area: Rectangle(column: inner.column, row: inner.row + 1, width: inner.width, height: rows))
    buffer.setGround(.dialog, in: box)
  }
}
