import TerminalUI

/// What the keys of the list of comparisons do.
enum CompareListAction: Sendable, Hashable {
  case variants, markedVariants, sweep, delete

  static let keyMap = KeyMap<CompareListAction>(
    title: "Comparisons",
    [
      KeyBinding(
        [.character("v")], name: "variants", help: "compare models or settings", .variants),
      KeyBinding([.character("S")], name: "sweep", help: "a grid over two settings", .sweep),
      KeyBinding(
        [.character("V")], name: "of marked", help: "variants from the marked videos' settings",
        .markedVariants),
      KeyBinding(
        [.character("d")], name: "delete", help: "forget it; its videos go to the trash", .delete),
    ])
}

/// What the keys of an open comparison do.
enum CompareAction: Sendable, Hashable {
  case flip, difference, more, less, base, scores, keep, open, reuse, export, resume, resumeAll,
    stop, stopAll

  static let keyMap = KeyMap<CompareAction>(
    title: "Comparison",
    [
      binding("f", "flip", "one at a time in place; again for the next", .flip),
      binding("D", "difference", "what differs from the base, with PSNR", .difference),
      binding("b", "base", "compare the others with this one", .base),
      KeyBinding(
        [.character("+"), .character("=")], name: "", help: "show differences more strongly",
        .more),
      binding("-", "", "show differences less strongly", .less),
      binding("a", "add", "add this one to the videos, to stay", .keep),
      KeyBinding([.enter, .character("e")], name: "extend", help: "open it in Extend", .open),
      binding("U", "reuse", "its settings into Make", .reuse),
      binding("w", "export", "write this one to files", .export),
      binding("r", "make", "make this one, where it is missing", .resume),
      binding("R", "make all", "make all that are missing", .resumeAll),
      binding("x", "stop", "stop the one that is being made", .stop),
      binding("X", "stop all", "stop it, and make none of the others", .stopAll),
      binding("S", "scores", "show or hide the stored scores of these models", .scores),
    ])

  private static func binding(
    _ key: Character, _ name: String, _ help: String, _ action: CompareAction
  ) -> KeyBinding<CompareAction> {
    KeyBinding([.character(key)], name: name, help: help, action)
  }
}
