import StudioLink
import TerminalUI

/// All tables of actions: what can be done in each part of the studio. Keys, hints, the menu behind `?`, the
/// palette, clicks and the documents' lists of keys come from them.
package enum ActionRegistry {
  /// What means the same wherever one is.
  package static let studio = HelpSection(
    title: "Everywhere",
    entries: [
      ActionName.help.row("keys", "what can be done here; Enter does it"),
      ActionName.palette.row("palette", "type a command"),
      ActionName.log.row("log", "show or hide the log"),
      ActionName.information.row("info", "show or hide details"),
      ActionName.undo.row("", "undo"), ActionName.redo.row("", "redo"),
      ActionName.theme.row("", "choose a theme"),
      ActionName.redraw.row("", "draw the screen anew"),
      ActionName.suspend.row("", "suspend to the shell"),
      ActionName.back.row("", "back"),
      ActionName.quit.row("quit", "back; on a screen itself, quit"),
    ])

  /// The screens by their keys, which are no actions: where a digit counts or is typed, the others lead there.
  package static let screens = HelpSection(
    title: "Screens",
    entries: ScreenID.allCases.map { screen in
      HelpEntry(keys: screen.keys, name: "", help: "the screen \(screen.title)")
    } + [
      HelpEntry(
        keys: [.control("c")], name: "",
        help: "finish the clip and stop; again to pause after the step")
    ])

  /// The tables of the screens and their parts.
  package static let sections: [HelpSection] = [
    ClipPlayer.section, ModelsScreen.section, MakeScreen.section, MakeScreen.batchSection,
    PresetPicker.section,
    ExtendScreen.section, ExtendScreen.rollSection, ExtendScreen.formSection, FramePicker.section,
    CompareScreen.listSection,
    VariantEditor.section, VariantEditor.formSection, SweepForm.section, CompareScreen.section,
    GalleryScreen.section, GalleryScreen.trashSection, GalleryScreen.exportSection,
    QueueScreen.section, QueueScreen.formSection, TrainScreen.section, TrainScreen.formSection,
    EvaluateScreen.section,
  ]

  /// Actions that take a number typed before their key: `4R`, `40e`. Others are done as often as it says
  /// where that makes sense, or once.
  package static let counted: Set<ActionName> = [
    .extend, .reroll, .near, .branch, .bridge, .run, .add,
  ]

  /// Actions that a number repeats.
  package static let repeated: Set<ActionName> = [
    .next, .previous, .nextFrame, .previousFrame, .slower, .faster, .earlier, .later, .undo, .redo,
    .more, .less, .curve, .previousCurve,
  ]

  /// The table of the documents, in Markdown: each action once, with its keys, and what it is where.
  package static var markdown: String {
    let tables = [studio] + sections
    let rows = ActionName.allCases.compactMap { action -> String? in
      var places: [(help: String, titles: [String])] = []
      var keys: [Key] = []
      for table in tables {
        guard let row = table.row(action) else { continue }
        for key in row.keys where !keys.contains(key) { keys.append(key) }
        if let index = places.firstIndex(where: { $0.help == row.help }) {
          places[index].titles.append(table.title)
        } else {
          places.append((row.help, [table.title]))
        }
      }
      guard !places.isEmpty else { return nil }
      let texts = places.map { place in
        let titles = place.titles.filter { !["Everywhere", "Player"].contains($0) }
        return titles.isEmpty ? place.help : "\(titles.joined(separator: ", ")): \(place.help)"
      }
      // The action's own key first, which is what a user can change.
      let ordered = action.keys + keys.filter { !action.keys.contains($0) }
      let names = ordered.map { "`\($0.description.replacing("|", with: "\\|"))`" }
      return
        "| \(names.joined(separator: " ")) | `\(action.rawValue)` | \(texts.joined(separator: "<br>")) |"
    }
    return (["| key | name | what it does |", "|---|---|---|"] + rows).joined(separator: "\n")
      + "\n"
  }
}

extension ScreenID {
  /// The keys that show it.
  package var keys: [Key] {
    let digit = Character("\(rawValue)")
    return [.character(digit), functionKey, Key(.character(digit), modifiers: .alt)]
  }

  /// The key that shows it everywhere: a digit may count, or be typed.
  package var functionKey: Key { Key(.function(rawValue)) }

  /// What sentences call the key that shows it.
  package var keyName: String { functionKey.description }

  /// A line that tells the key that shows it, and what for.
  func entry(_ help: String) -> HelpEntry {
    HelpEntry(keys: [functionKey], name: "", help: help)
  }

  /// The screen of a key.
  package init?(_ key: Key) {
    guard let screen = Self.allCases.first(where: { $0.keys.contains(key) }) else { return nil }
    self = screen
  }
}
