import RunKit
import StudioKit
import TerminalUI

/// Several seeds side by side, to pick one.
extension MakeScreen {
  /// What can be done while several seeds play side by side.
  package static let batchSection = HelpSection(
    title: "Seeds",
    entries: [
      ActionName.choose.row("extend", "open this one in Extend; the others stay in the gallery"),
      ActionName.reuse.row("take seed", "take its seed into the settings, locked"),
      ActionName.next.row("next", "the next one"),
      ActionName.previous.row("", "the one before"),
      ActionName.reroll.row("more", "make another; 4R makes four more"),
      ActionName.star.row("star", "give this one a star, or take it away"),
      ActionName.remove.row("trash", "move this one to the trash"),
      ActionName.copy.row("", "copy its seed to the clipboard"),
      ActionName.stop.row("stop", "stop after the clip; again after the step"),
    ])

  package func takesCount(_ app: AppState) -> Bool { batch != nil }

  mutating func moveInBatch(_ key: Key, _ app: AppState) {
    guard let count = batch?.seeds.count else { return }
    let columns = TileGrid.columns(of: count, in: TileGrid.area(app), app)
    batch?.grid.move(Movement(key), count: count, columns: columns)
  }

  mutating func performInBatch(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect]? {
    guard Self.batchSection.actions.contains(action), let focused = batch?.focused else {
      return nil
    }
    let tiles = batch?.seeds.count ?? 0
    switch action {
    case .next: batch?.grid.move(by: 1, count: tiles)
    case .previous: batch?.grid.move(by: -1, count: tiles)
    case .reroll: return reroll(count: count, app)
    case .stop: return batch?.job(of: focused.seed, app)?.stop(app) ?? [Self.nothingRuns(app)]
    case .copy: return [.copy("\(focused.seed)", what: "the seed \(focused.seed)")]
    case .reuse:
      guard recipe == nil else {
        return [.notify(Notice(.information, "a recipe has seeds of its own"))]
      }
      leaveBatch()
      return takeSeed(focused.seed, app)
    default:
      guard let video = focused.video else {
        return [
          .notify(
            Notice(.information, "this one is not there yet", remedy: "\(app.keys[.stop]) stops it")
          )
        ]
      }
      switch action {
      case .choose:
        leaveBatch()
        return [.video(.open(video)), .show(.extend)]
      case .star: return [.video(.star(video, app.video(video)?.isStarred != true))]
      default:
        return [
          .video(.trash(video)),
          .notify(
            Notice(
              .information, "\(app.name(of: video)) is in the trash",
              remedy: "In the gallery, \(app.keys[.trash]) shows the trash")),
        ]
      }
    }
    return []
  }

  package mutating func click(_ name: String, _ app: AppState) -> [StudioEffect] {
    let parts = name.split(separator: " ")
    guard parts.first == "seed", let index = parts.last.flatMap({ Int($0) }), let batch else {
      return []
    }
    // A click on the one that is focused takes it, as Enter does.
    guard index != batch.grid.focus else { return performInBatch(.choose, count: nil, app) ?? [] }
    self.batch?.grid.focus(on: index, count: batch.seeds.count)
    return []
  }

  /// Goes back from several to one.
  private mutating func leaveBatch() { (batch, player.isZoomed) = (nil, false) }

  /// Lets the videos play in step, and asks for what is not known of them.
  mutating func refreshBatch(_ app: AppState) -> [StudioEffect] {
    batch?.follow(app)
    guard let batch, !batch.seeds.isEmpty else {
      batch = nil
      return []
    }
    player.show([])
    player.setFrameCount(
      batch.frameCount(app),
      framesPerSecond: batch.known.lazy.compactMap { app.video($0)?.framesPerSecond }.first)
    var effects: [StudioEffect] = []
    for video in batch.known where app.trees[video] == nil && askedTrees.insert(video).inserted {
      effects.append(.video(.loadTree(video)))
    }
    return effects + load(batch.known.flatMap { batch.playedClips(of: $0, app) }, app)
  }

  func drawBatch(
    _ batch: SeedBatch, in buffer: inout CellBuffer, area: Rectangle, _ app: AppState,
    _ context: ViewContext
  ) {
    batch.grid.draw(
      batch.tiles(frame: player.frame, app), target: "seed", isMoving: player.isPlaying,
      isZoomed: player.isZoomed, in: &buffer, area: area, app, context)
  }
}
