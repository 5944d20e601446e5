import RunKit
import StudioKit
import TerminalUI

/// Picking one of several rolls, side by side.
extension ExtendScreen {
  /// Shows the rolls of the clip where the user stands, if there is something to pick from.
  mutating func pickRolls(_ app: AppState) -> [StudioEffect] {
    guard let tree, let clip = tree.current else { return [.notify(.noClip(app))] }
    let picker = RollPicker(of: clip, in: tree)
    guard picker.tiles(tree, app).count > 1 else {
      return [
        .notify(
          Notice(
            .information, "this clip has one roll",
            remedy: "\(app.keys.text(of: .reroll, times: 4)) makes four more to pick from"))
      ]
    }
    rolls = picker
    player.isZoomed = false
    return []
  }

  /// Shows the rolls of a clip's place as they are made.
  mutating func openRolls(of clip: Clip) {
    guard let tree else { return }
    rolls = RollPicker(of: clip, in: tree)
    player.isZoomed = false
    wantsToWatch = false
  }

  /// What is shown side by side.
  func tiles(_ app: AppState) -> [RollPicker.Tile] {
    guard let tree, let rolls else { return [] }
    return rolls.tiles(tree, app)
  }

  /// The clips that are shown side by side.
  func tileClips(_ app: AppState) -> [ClipID] {
    tiles(app).compactMap { if case .clip(let clip) = $0 { clip.id } else { nil } }
  }

  mutating func moveInRolls(_ key: Key, _ app: AppState) -> [StudioEffect] {
    let count = tiles(app).count
    let columns = TileGrid.columns(of: count, in: TileGrid.area(app), app)
    rolls?.grid.move(Movement(key), count: count, columns: columns)
    return []
  }

  mutating func performInRolls(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect] {
    let tiles = tiles(app)
    guard let focus = rolls?.grid.focus, !tiles.isEmpty else { return [] }
    var focused: Clip?
    if case .clip(let clip) = tiles[min(focus, tiles.count - 1)] { focused = clip }
    switch action {
    case .next: rolls?.grid.move(by: 1, count: tiles.count)
    case .previous: rolls?.grid.move(by: -1, count: tiles.count)
    case .stop: return steer(.stop, app)
    case .reroll, .near:
      // More of the same place, of which one clip stands for all.
      guard let clip = focused ?? tileClips(app).last.flatMap({ tree?.clips[$0] }) else {
        return []
      }
      let before = rolls
      tree?.select(clip.id)
      let effects = reroll(near: action == .near, count: count, app)
      rolls = before
      wantsToWatch = false
      return effects
    case .choose, .remove, .copy, .star:
      guard let clip = focused else {
        return [
          .notify(
            Notice(
              .information, "this roll is not there yet", remedy: "\(app.keys[.stop]) stops it"))
        ]
      }
      switch action {
      case .remove:
        guard tileClips(app).count > 1 else {
          return [.notify(Notice(.information, "the only roll stays", remedy: "Esc goes back"))]
        }
        return drop(clip.id, app)
      case .copy: return copySeed(of: clip.id, app)
      case .star: return star(clip.id, app)
      default:
        rolls = nil
        player.isZoomed = false
        let name = outline?.labels[clip.id] ?? "the clip"
        return go(to: clip.id, app) + [
          .notify(
            Notice(
              .success, "\(name) is seed \(clip.seed) from now on",
              remedy: "The others stay; \(app.keys[.next]) goes to them"))
        ]
      }
    default: break
    }
    return []
  }

  package mutating func click(_ name: String, _ app: AppState) -> [StudioEffect] {
    let parts = name.split(separator: " ").map(String.init)
    guard parts.count == 2 else { return [] }
    switch parts[0] {
    case "roll":
      guard let index = Int(parts[1]), let focus = rolls?.grid.focus else { return [] }
      // A click on the one that is focused keeps it, as Enter does.
      if index == focus { return perform(.choose, count: nil, app) ?? [] }
      let count = tiles(app).count
      rolls?.grid.focus(on: index, count: count)
      return []
    case "clip", "ribbon": return stand(on: parts[1], app)
    default: return []
    }
  }
}
