import TerminalUI

/// What a key means wherever the user is.
package enum StudioAction: Sendable, Hashable {
  case show(ScreenID)
  case help, palette, log, information, undo, redo, redraw, suspend, themes, back, quit
}

/// The keys that mean the same on every screen.
package enum StudioKeys {
  /// The table, for dispatch and help.
  package static let map = KeyMap<StudioAction>(
    title: "Everywhere",
    ScreenID.allCases.map { screen in
      // Where a digit is typed into a number, the other two still lead to the screen.
      KeyBinding(
        [
          .character(Character("\(screen.rawValue)")), Key(.function(screen.rawValue)),
          Key(.character(Character("\(screen.rawValue)")), modifiers: .alt),
        ], name: "", help: "the screen \(screen.title)", .show(screen))
    } + [
      KeyBinding([.character("?")], name: "keys", help: "the keys of this screen", .help),
      KeyBinding([.character(":")], name: "palette", help: "type a command", .palette),
      KeyBinding([.character("@")], name: "log", help: "show or hide the log", .log),
      KeyBinding(
        [.character("i")], name: "info", help: "show or hide details", .information),
      KeyBinding([.character("u")], name: "", help: "undo", .undo),
      KeyBinding([.control("r")], name: "", help: "redo", .redo),
      KeyBinding([.control("t")], name: "", help: "choose a theme", .themes),
      KeyBinding([.control("l")], name: "", help: "draw the screen anew", .redraw),
      KeyBinding([.control("z")], name: "", help: "suspend to the shell", .suspend),
      KeyBinding([.escape], name: "", help: "back", .back),
      KeyBinding([.character("q")], name: "quit", help: "back; on a screen itself, quit", .quit),
    ])

  /// Those whose hints are always shown, at the right.
  package static let pinned = map.bindings.filter { [.help, .palette].contains($0.action) }
    .map(\.entry)
  /// The others.
  package static let hints = map.bindings.filter { ![.help, .palette].contains($0.action) }
    .map(\.entry)

  /// Keys that are no bindings of the table, for the page of help.
  package static let others = HelpSection(
    title: "Running work",
    entries: [
      HelpEntry(
        keys: [.control("c")], name: "",
        help: "finish the clip and stop; again to pause after the step")
    ])
}
