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
  /// The focused one, from 0.
  package private(set) var focus = 0

  /// The rolls of a clip's place, that clip focused.
  package init(of clip: Clip, in tree: ClipTree) {
    parent = clip.parent
    fork = clip.fork
    focus = tree.rolls(of: clip.id).firstIndex { $0.id == clip.id } ?? 0
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

  /// Moves the focus.
  package mutating func move(by step: Int, count: Int) {
    guard count > 0 else { return }
    focus = (min(focus, count - 1) + step + count) % count
  }

  /// Focuses one of them.
  package mutating func focus(on index: Int, count: Int) {
    focus = min(max(index, 0), max(count - 1, 0))
  }

  /// Columns of tiles beside each other in an area: as many as make the pictures largest.
  package static func columns(of count: Int, in area: Rectangle, _ app: AppState) -> Int {
    func side(_ columns: Int) -> Double {
      let rows = (count + columns - 1) / columns
      let width = Double(area.width / columns - 2)
      let height = Double(area.height / rows - 2) / app.cellRatio
      return min(width, height)
    }
    return (1...max(count, 1)).max { side($0) < side($1) } ?? 1
  }

  /// Draws the tiles.
  ///
  /// - Parameter frame: The frame that each clip shows, from 0.
  func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ tiles: [Tile], frame: Int, isMoving: Bool,
    seams: [ClipID: Double], _ app: AppState, _ context: ViewContext
  ) {
    let columns = Self.columns(of: tiles.count, in: area, app)
    let rows = max((tiles.count + columns - 1) / columns, 1)
    let finished = tiles.count { if case .clip = $0 { true } else { false } }
    for (index, tile) in tiles.enumerated() {
      let (column, row) = (index % columns, index / columns)
      let left = area.column + column * area.width / columns
      let top = area.row + row * area.height / rows
      let place = Rectangle(
        column: left, row: top,
        width: area.column + (column + 1) * area.width / columns - left,
        height: area.row + (row + 1) * area.height / rows - top)
      let isFocused = index == min(focus, tiles.count - 1)
      let text = texts(of: tile, number: index + 1, count: tiles.count, finished, seams, app)
      let inner = Border(
        title: text.title, subtitle: text.subtitle, footer: text.footer, isFocused: isFocused
      ).draw(in: &buffer, area: place)
      buffer.addTarget(place, .named("roll \(index)"))
      switch tile {
      case .clip(let clip):
        if let images = app.frames[clip.id]?.images, !images.isEmpty {
          ClipPlayer.draw(
            images[min(frame, images.count - 1)], isMoving: isMoving, in: &buffer, area: inner, app,
            context)
        } else {
          EmptyState("Reading frames ...").draw(in: &buffer, area: inner)
        }
      case .growing(let job):
        if let preview = app.preview, preview.job == job.id, !preview.strip.images.isEmpty {
          let images = preview.strip.images
          ClipPlayer.draw(
            images[frame % images.count], isMoving: isMoving, in: &buffer, area: inner, app, context
          )
        } else {
          EmptyState("It is being made", lines: [ProgressNotes.short(app.progress(of: job))])
            .draw(in: &buffer, area: inner)
        }
      case .waiting: EmptyState("It waits for its turn").draw(in: &buffer, area: inner)
      }
    }
  }

  private func texts(
    of tile: Tile, number: Int, count: Int, _ finished: Int, _ seams: [ClipID: Double],
    _ app: AppState
  ) -> (title: String, subtitle: String, footer: String) {
    switch tile {
    case .clip(let clip):
      let seam = seams[clip.id].map { "seam \(FormValue.text(of: $0, decimals: 1))x" } ?? ""
      return ("\(number) of \(count)", "seed \(clip.seed)", seam)
    case .growing(let job):
      return ("\(number) of \(count)", ProgressNotes.short(app.progress(of: job)), "")
    case .waiting: return ("\(number) of \(count)", "waits", "")
    }
  }
}
