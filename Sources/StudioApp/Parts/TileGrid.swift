import TerminalUI

/// Pictures that play side by side in frames, one of them focused, to pick one.
package struct TileGrid: Sendable, Hashable {
  /// One of them.
  struct Tile {
    var title: String
    var subtitle = ""
    var footer = ""
    /// What is shown; `nil` where only words are.
    var picture: PixelImage?
    /// What stands where there is no picture.
    var missing = EmptyState("")
  }

  /// The focused one, from 0.
  package private(set) var focus: Int

  package init(focus: Int = 0) { self.focus = focus }

  // MARK: Moving

  /// Moves the focus by some, around the ends.
  package mutating func move(by step: Int, count: Int) {
    guard count > 0 else { return }
    focus = (min(focus, count - 1) + step + count) % count
  }

  /// Focuses one of them.
  package mutating func focus(on index: Int, count: Int) {
    focus = min(max(index, 0), max(count - 1, 0))
  }

  /// Moves as a key says.
  package mutating func move(_ movement: Movement?, count: Int, columns: Int) {
    switch movement {
    case .left: move(by: -1, count: count)
    case .right: move(by: 1, count: count)
    case .up: if focus >= columns { move(by: -columns, count: count) }
    case .down: if focus + columns < count { move(by: columns, count: count) }
    case .first: focus(on: 0, count: count)
    case .last: focus(on: count - 1, count: count)
    case .pageUp, .pageDown, nil: break
    }
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

  /// The area that tiles have where they take a screen's place.
  package static func area(_ app: AppState) -> Rectangle {
    Rectangle(
      column: 0, row: 0, width: app.windowSize.columns,
      height: max(app.windowSize.rows - StudioModel.frameRows, 1))
  }

  // MARK: Drawing

  /// Draws the tiles.
  ///
  /// - Parameters:
  ///   - target: What a click on a tile is called, its number following.
  ///   - isZoomed: Whether the focused one has all the room.
  func draw(
    _ tiles: [Tile], target: String, isMoving: Bool, isZoomed: Bool, in buffer: inout CellBuffer,
    area: Rectangle, _ app: AppState, _ context: ViewContext
  ) {
    let focus = min(focus, tiles.count - 1)
    let shown = tiles.enumerated().filter { !isZoomed || $0.offset == focus }
    let columns = Self.columns(of: shown.count, in: area, app)
    let rows = max((shown.count + columns - 1) / columns, 1)
    for (place, (index, tile)) in shown.enumerated() {
      let (column, row) = (place % columns, place / columns)
      let left = area.column + column * area.width / columns
      let top = area.row + row * area.height / rows
      let frame = Rectangle(
        column: left, row: top,
        width: area.column + (column + 1) * area.width / columns - left,
        height: area.row + (row + 1) * area.height / rows - top)
      let inner = Border(
        title: tile.title, subtitle: tile.subtitle, footer: tile.footer,
        isFocused: index == focus
      ).draw(in: &buffer, area: frame)
      buffer.addTarget(frame, .named("\(target) \(index)"))
      if let picture = tile.picture {
        ClipPlayer.draw(picture, isMoving: isMoving, in: &buffer, area: inner, app, context)
      } else {
        tile.missing.draw(in: &buffer, area: inner)
      }
    }
  }
}
