import RunKit
import StudioKit
import TerminalUI

/// The rolls of a place playing side by side, those still to be made among them, to pick one.
package struct RollPicker: Sendable, Hashable {
  /// One of them.
  package enum Tile: Sendable, Hashable {
    case clip(Clip)
    /// The one that is being made.
    case growing(Job)
    /// One that waits for its turn.
    case waiting(Job)
  }

  /// The clip that they continue; `nil` for the start.
  package let parent: ClipID?
  /// Which of its continuations they are.
  package let fork: Int
  /// The tiles with the focus.
  package var grid = TileGrid()

  /// The rolls of a clip's place, that clip focused.
  package init(of clip: Clip, in tree: ClipTree) {
    parent = clip.parent
    fork = clip.fork
    let rolls = tree.rolls(of: clip.id)
    grid.focus(on: rolls.firstIndex { $0.id == clip.id } ?? 0, count: rolls.count)
  }

  /// What is shown, in the order of making.
  package func tiles(_ tree: ClipTree, _ app: AppState) -> [Tile] {
    let rolls = tree.continuations(of: parent).filter { $0.fork == fork }
    let jobs = app.jobs.filter { job in
      guard let task = job.generation, task.video == tree.video, task.fork == fork,
        job.finishedClips == 0
      else { return false }
      switch task.origin {
      case .nothing: return parent == nil
      case .clip(let clip): return clip == parent
      case .footage: return false
      }
    }
    return rolls.map { .clip($0) } + jobs.filter { $0.state == .running }.map { .growing($0) }
      + jobs.filter { $0.state == .waiting }.map { .waiting($0) }
  }

  /// Draws the tiles.
  ///
  /// - Parameter player: Tells the frame that each clip shows, and whether the focused one has all
  ///   the room.
  func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ tiles: [Tile], _ player: ClipPlayer,
    seams: [ClipID: Double], _ app: AppState, _ context: ViewContext
  ) {
    let frame = player.frame
    grid.draw(
      tiles.enumerated().map { index, tile in
        var drawn = texts(of: tile, number: index + 1, count: tiles.count, seams, app)
        switch tile {
        case .clip(let clip):
          let images = app.frames[clip.id]?.images ?? []
          if !images.isEmpty { drawn.picture = images[min(frame, images.count - 1)] }
          drawn.missing = EmptyState("Reading frames ...")
        case .growing(let job):
          if let preview = app.preview, preview.job == job.id, !preview.strip.images.isEmpty {
            drawn.picture = preview.strip.images[frame % preview.strip.images.count]
          }
          drawn.missing = EmptyState(
            "It is being made", lines: [ProgressNotes.short(app.progress(of: job))])
        case .waiting: drawn.missing = EmptyState("It waits for its turn")
        }
        return drawn
      }, target: "roll", isMoving: player.isPlaying, isZoomed: player.isZoomed, in: &buffer,
      area: area, app, context)
  }

  private func texts(
    of tile: Tile, number: Int, count: Int, _ seams: [ClipID: Double], _ app: AppState
  ) -> TileGrid.Tile {
    switch tile {
    case .clip(let clip):
      let star = app.trees[clip.video]?.starred.contains(clip.id) == true ? "★ " : ""
      let seam = seams[clip.id].map { "seam \(FormValue.text(of: $0, decimals: 1))x" } ?? ""
      return .init(
        title: "\(star)\(number) of \(count)", subtitle: "seed \(clip.seed)", footer: seam)
    case .growing(let job):
      return .init(
        title: "\(number) of \(count)", subtitle: ProgressNotes.short(app.progress(of: job)))
    case .waiting: return .init(title: "\(number) of \(count)", subtitle: "waits")
    }
  }
}
