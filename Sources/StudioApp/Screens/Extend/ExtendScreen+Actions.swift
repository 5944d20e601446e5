import TerminalUI

/// What can be done on Extend, and the keys of its parts.
extension ExtendScreen {
  /// What can be done with the tree of clips.
  package static let section = HelpSection(
    title: "Extend",
    entries: [
      ActionName.extend.row("extend", "add a clip at the end of this branch; 40e adds forty"),
      ActionName.extendOn.row("until stopped", "add clips until it is stopped"),
      ActionName.reroll.row(
        "reroll", "make this clip again with another seed; 4R makes four to pick from"),
      ActionName.near.row("near", "make this clip again, near what it is"),
      ActionName.next.row("roll", "the next roll of this clip"),
      ActionName.previous.row("", "the roll before"),
      ActionName.choose.row("pick", "this clip's rolls side by side, to pick one"),
      ActionName.branch.row("branch", "continue this clip in another way; 3b in three"),
      ActionName.mark.row("mark", "mark this clip, to lead from it, then to another"),
      ActionName.bridge.row(
        "bridge", "make the way from the first marked clip to the second; 12Y of twelve frames"),
      ActionName.closeLoop.row(
        "close", "make the clip that leads from the end of this branch to its beginning"),
      ActionName.star.row("star", "give this clip a star, or take it away"),
      ActionName.remove.row("drop", "drop this clip and what follows it; undo brings it back"),
      ActionName.pane.row("play more", "play the clip, its seam, the branch"),
      ActionName.export.row("export", "write the branch to files"),
      ActionName.settings.row("settings", "settings of the next clips"),
      ActionName.still.row("still", "write this picture to a PNG file"),
      ActionName.open.row("from file", "begin a video with frames of a file"),
      ActionName.new.row("new", "a new, empty video"),
      ActionName.model.row("", "continue with the chosen model, or the video's own"),
      ActionName.stop.row("stop", "stop after this clip; again to stop after this step"),
      ActionName.pause.row("pause", "hold the run back, let it go on, or try again"),
      ActionName.rename.row("title", "call the video something else"),
      ActionName.copy.row("", "copy the clip's seed to the clipboard"),
    ])

  /// What can be done while the settings of the next clips are edited.
  package static let formSection = HelpSection(
    title: "Settings of the next clips",
    entries: [ActionName.settings.row("close", "back to the clips")])

  /// What can be done while rolls play side by side.
  package static let rollSection = HelpSection(
    title: "Rolls",
    entries: [
      ActionName.choose.row("keep", "keep this one: the branch goes on from it"),
      ActionName.next.row("next", "the next roll"),
      ActionName.previous.row("", "the roll before"),
      ActionName.reroll.row("reroll", "make another; 4R makes four more"),
      ActionName.near.row("near", "make one near this one"),
      ActionName.star.row("star", "give this one a star, or take it away"),
      ActionName.remove.row("drop", "drop this one; undo brings it back"),
      ActionName.copy.row("", "copy its seed to the clipboard"),
      ActionName.stop.row("stop", "stop after this clip; again to stop after this step"),
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

  package func sections(_ app: AppState) -> [HelpSection] {
    if form != nil { return [Self.formSection, SettingsForm.helpSection] }
    if let picker {
      return [picker.canTake ? FramePicker.section : FramePicker.shortSection, ClipPlayer.section]
        + [FramePicker.movements]
    }
    if rolls != nil { return [Self.rollSection, ClipPlayer.section] }
    return [Self.section, ClipPlayer.section, Self.movements]
  }

  package func takesCount(_ app: AppState) -> Bool {
    form == nil && picker == nil && tree != nil
  }
}
