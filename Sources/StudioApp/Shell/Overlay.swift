import TerminalUI

/// What stands in front of a screen and takes all keys.
package enum Overlay: Sendable {
  /// The command palette.
  case palette(CommandPalette)
  /// The menu of what can be done.
  case menu(ActionMenu)
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
    case .palette: [hint(.tab, "complete")] + TextInput.hints
    case .prompt(let prompt):
      prompt.isPath
        ? [hint(.down, "choose"), hint(.tab, "complete")] + TextInput.hints : TextInput.hints
    case .menu:
      [
        hint(.character("j"), "down"), hint(.character("k"), "up"), hint(.enter, "do it"),
        hint(.character("/"), "search"), hint(.escape, "close"),
      ]
    case .question: [hint(.character("y"), "yes"), hint(.character("n"), "no")]
    case .themes:
      [
        hint(.character("j"), "down"), hint(.character("k"), "up"), hint(.enter, "keep"),
        hint(.escape, "back"),
      ]
    }
  }
}
