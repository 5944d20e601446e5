import TerminalUI

/// What the keys of the gallery do.
enum GalleryAction: Sendable, Hashable {
  case open, useAll, useWithoutSeed, mark, compare, export, rename, trash, restore, empty
  case showTrash, showExports, sort, search

  static let keyMap = KeyMap<GalleryAction>(
    title: "Gallery",
    [
      KeyBinding(
        [.enter, .character("e")], name: "extend", help: "open it in Extend", .open),
      binding("U", "reuse", "all its settings into Make, the seed too", .useAll),
      binding("y", "but seed", "its settings into Make, with a new seed", .useWithoutSeed),
      binding("m", "mark", "mark it, or take the mark away", .mark),
      binding("c", "compare", "play the marked videos side by side", .compare),
      binding("w", "export", "write it to files", .export),
      binding("t", "title", "call it something else", .rename),
      binding("d", "trash", "move it to the trash", .trash),
      binding("/", "search", "show only what has these words", .search),
      binding("S", "sort", "by date changed, date begun, title, model or length", .sort),
      binding("X", "exports", "the files that were written", .showExports),
      binding("T", "trash", "what is in the trash", .showTrash),
    ])

  /// The keys while the trash is shown.
  static let trashMap = KeyMap<GalleryAction>(
    title: "Trash",
    [
      KeyBinding([.enter], name: "restore", help: "bring it back", .restore),
      binding("D", "empty", "delete all of it for good", .empty),
      binding("/", "search", "show only what has these words", .search),
      binding("T", "videos", "back to the videos", .showTrash),
    ])

  /// The keys while the list of exports is shown.
  static let exportMap = KeyMap<GalleryAction>(
    title: "Exports",
    [
      KeyBinding(
        [.enter, .character("e")], name: "extend", help: "open its video in Extend", .open),
      binding("/", "search", "show only what has these words", .search),
      binding("X", "videos", "back to the videos", .showExports),
    ])

  private static func binding(
    _ key: Character, _ name: String, _ help: String, _ action: GalleryAction
  ) -> KeyBinding<GalleryAction> {
    KeyBinding([.character(key)], name: name, help: help, action)
  }
}
