import TerminalUI

/// Everything that can be done in the studio by a key, each thing under one name and with one set of keys: a
/// letter means the same on every screen, since the screens' tables name actions and not keys.
///
/// The names are what `:` takes and what a user's `keys.toml` changes; the tables, one for each part of a
/// screen, say what an action is there (``ActionRegistry``).
package enum ActionName: String, Sendable, Hashable, CaseIterable {
  // The studio.
  case help, palette, log
  case information = "info"
  case undo, redo, theme, redraw, suspend, back, quit
  // A player, as in mpv.
  case play
  case nextFrame = "next-frame"
  case previousFrame = "previous-frame"
  case slower, faster, loop, zoom
  // Work.
  case run, submit, reroll, add
  case addAll = "make-all"
  case stop
  case stopAll = "stop-all"
  case pause
  // What comes of it.
  case export, exports, still, copy, rename, remove, clear, trash
  // Settings.
  case settings
  case newSeed = "new-seed"
  case preview, presets
  case savePreset = "save-preset"
  case model, reuse
  // Videos and their clips.
  case extend
  case extendOn = "extend-on"
  case bridge
  case closeLoop = "close-loop"
  case near, branch, next, previous, open, new
  // Lists.
  case choose, pane, mark
  case markAll = "mark-all"
  case star, compare, sort, search
  case lookAgain = "look-again"
  case earlier, later
  // Models.
  case hash, pair
  // Comparisons and curves.
  case flip, difference, base, more, less, scores, sweep, curve
  case previousCurve = "previous-curve"
  case scale
  // A user's video.
  case goTo = "go-to"

  /// The keys, the one to name first. `Enter` and `Tab` mean what is selected, and the next part.
  package var keys: [Key] {
    switch self {
    case .redo: [.control("r")]
    case .theme: [.control("t")]
    case .redraw: [.control("l")]
    case .suspend: [.control("z")]
    case .back: [.escape]
    case .choose: [.enter]
    case .pane: [.tab, .backTab]
    case .more: [.character("+"), .character("=")]
    default: letter.map { [.character($0)] } ?? []
    }
  }

  private var letter: Character? {
    switch self {
    case .help: "?"
    case .palette: ":"
    case .log: "@"
    case .information: "i"
    case .undo: "u"
    case .quit: "q"
    case .play: " "
    case .nextFrame: "."
    case .previousFrame: ","
    case .slower: "["
    case .faster: "]"
    case .loop: "L"
    case .zoom: "z"
    case .run: "r"
    case .submit: "$"
    case .reroll: "R"
    case .add: "a"
    case .addAll: "A"
    case .stop: "x"
    case .stopAll: "X"
    case .pause: "P"
    case .export: "w"
    case .exports: "W"
    case .still: "s"
    case .copy: "y"
    case .rename: "t"
    case .remove: "d"
    case .clear: "D"
    case .trash: "T"
    case .settings: "c"
    case .newSeed: "~"
    case .preview: "V"
    case .presets: "p"
    case .savePreset: "S"
    case .model: "M"
    case .reuse: "U"
    case .extend: "e"
    case .extendOn: "E"
    case .bridge: "Y"
    case .closeLoop: ")"
    case .near: "v"
    case .branch: "b"
    case .next: "n"
    case .previous: "N"
    case .open: "o"
    case .new: "O"
    case .mark: "m"
    case .markAll: "%"
    case .star: "*"
    case .compare: "C"
    case .sort: "Z"
    case .search: "/"
    case .lookAgain: "F"
    case .earlier: "K"
    case .later: "J"
    case .hash: "H"
    case .pair: "&"
    case .flip: "f"
    case .difference: "!"
    case .base: "B"
    case .less: "-"
    case .scores: "I"
    case .sweep: "#"
    case .curve: "}"
    case .previousCurve: "{"
    case .scale: "^"
    case .goTo: "'"
    case .redo, .theme, .redraw, .suspend, .back, .choose, .pane, .more: nil
    }
  }

  /// A line of a table.
  ///
  /// - Parameters:
  ///   - hint: One or two words for the line of hints; empty to leave it out there.
  ///   - help: What it does there.
  ///   - also: Keys of the place, such as Enter on what is selected, beside those of the action.
  package func row(_ hint: String, _ help: String, also: [Key] = []) -> HelpEntry {
    HelpEntry(keys: also + keys, name: hint, help: help, command: rawValue)
  }
}

extension HelpSection {
  /// The line of an action, with another hint if one is given; `nil` where the table lacks it.
  package func row(_ action: ActionName, hint: String? = nil) -> HelpEntry? {
    guard var entry = entries.first(where: { $0.command == action.rawValue }) else { return nil }
    if let hint { entry.name = hint }
    return entry
  }

  /// The lines of some actions, in this order.
  package func rows(_ actions: [ActionName]) -> [HelpEntry] { actions.compactMap { row($0) } }

  /// The actions of the table.
  package var actions: [ActionName] { entries.compactMap { ActionName(rawValue: $0.command) } }
}
