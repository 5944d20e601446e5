import TerminalUI

/// What the keys of the Extend screen do.
enum ExtendAction: Sendable, Hashable {
  case extend, extendOn, reroll, near, nextRoll, previousRoll, branch, drop, playMore, settings
  case export, still, title, footage, newCanvas, otherModel, stop, pause

  static let keyMap = KeyMap<ExtendAction>(
    title: "Extend",
    [
      binding("e", "extend", "add a clip at the end of this branch", .extend),
      binding("E", "until stopped", "add clips until it is stopped", .extendOn),
      binding("R", "reroll", "make this clip again with another seed", .reroll),
      binding("v", "near", "make this clip again, near what it is", .near),
      binding("n", "roll", "the next roll of this clip", .nextRoll),
      binding("N", "", "the roll before", .previousRoll),
      binding("b", "branch", "continue this clip in another way", .branch),
      binding("d", "drop", "drop this clip and what follows it; u brings it back", .drop),
      KeyBinding([.tab], name: "play more", help: "play the clip, its seam, the branch", .playMore),
      binding("w", "export", "write the branch to files", .export),
      binding("s", "still", "write this picture to a PNG file", .still),
      binding("c", "settings", "settings of the next clips", .settings),
      binding("o", "from file", "begin a video with frames of a file", .footage),
      binding("O", "new", "a new, empty video", .newCanvas),
      binding("M", "", "continue with the chosen model, or the video's own", .otherModel),
      binding("x", "stop", "stop after this clip; again to stop after this step", .stop),
      binding("P", "pause", "hold the run back, let it go on, or try again", .pause),
      binding("t", "title", "call the video something else", .title),
    ])

  /// The movements in the tree.
  static let movements = HelpSection(
    title: "Clips",
    entries: [
      HelpEntry(
        keys: [.character("h"), .character("l")], name: "clip", help: "the clip before, after"),
      HelpEntry(
        keys: [.character("j"), .character("k")], name: "branch", help: "the branch below, above"),
      HelpEntry(
        keys: [.character("g"), .character("G")], name: "ends", help: "the first, the last clip"),
    ])

  private static func binding(
    _ key: Character, _ name: String, _ help: String, _ action: ExtendAction
  ) -> KeyBinding<ExtendAction> {
    KeyBinding([.character(key)], name: name, help: help, action)
  }

  /// The entry of this action in the key map.
  var entry: HelpEntry? { Self.keyMap.bindings.first { $0.action == self }?.entry }
}
