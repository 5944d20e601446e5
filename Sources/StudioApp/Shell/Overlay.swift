import TerminalUI

/// What stands in front of a screen and takes all keys.
package enum Overlay: Sendable {
  /// The command palette.
  case palette(CommandPalette)
  /// The page of keys.
  case help(HelpOverlay)
  /// A question, and what happens on yes.
  case question(Dialog, confirmed: [StudioEffect])
  /// A line of text that a screen asked for.
  case prompt(Prompt)
  /// The list of themes.
  case themes(ThemePicker)

  /// What its keys do.
  var hints: [HelpEntry] {
    func hint(_ key: Key, _ name: String) -> HelpEntry {
      HelpEntry(keys: [key], name: name, help: "")
    }
    return switch self {
    case .palette, .prompt: TextInput.hints
    case .help:
      [hint(.character("j"), "down"), hint(.character("k"), "up"), hint(.escape, "close")]
    case .question: [hint(.character("y"), "yes"), hint(.character("n"), "no")]
    case .themes:
      [
        hint(.character("j"), "down"), hint(.character("k"), "up"), hint(.enter, "keep"),
        hint(.escape, "back"),
      ]
    }
  }
}

/// A line of text to type, and the command of the screen that takes it.
package struct Prompt: Sendable, Hashable {
  /// What is asked.
  package var title: String
  /// What has been typed.
  package var input: TextInput
  /// The screen's command that takes the answer.
  package var command: String

  /// Draws the line in the middle of an area.
  func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let box = area.centered(width: max(area.width * 3 / 4, 40), height: 3)
    buffer.fill(box, style: Style(.dialog))
    let inner = Border(title: title, footer: "Enter takes it, Esc leaves it", isFocused: true)
      .draw(in: &buffer, area: box)
    input.draw(in: &buffer, area: inner.inset(left: 1, right: 1), prompt: "> ", isFocused: true)
    buffer.setGround(.dialog, in: box)
  }
}
