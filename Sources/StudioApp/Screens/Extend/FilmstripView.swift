import RunKit
import StudioKit
import TerminalUI

/// A tree of clips as strips of small pictures: a row for each branch, a spine from where it leaves another,
/// `12 more` where a strip is cut, and a playhead over the clip that plays.
struct FilmstripView {
  /// What plays: a node and how far it is, from 0 to 1.
  struct Playhead: Sendable, Hashable {
    var id: String
    var position: Double
  }

  /// Columns and rows of a small picture.
  struct SlotSize: Sendable, Hashable {
    let width: Int
    let height: Int

    static let small = SlotSize(width: 4, height: 2)
    static let large = SlotSize(width: 6, height: 3)

    /// The size for a pane: large ones where it shows six of them, and all its rows as far as there are few.
    init(columns: Int, rows: Int, branches: Int) {
      let large = Self.large
      let fits =
        (columns - 1) / (large.width + 1) >= 6 && rows >= min(branches, 3) * (large.height + 1)
      self = fits ? large : .small
    }

    private init(width: Int, height: Int) { (self.width, self.height) = (width, height) }

    /// Rows of a branch with its line of names.
    var rowHeight: Int { height + 1 }
  }

  let grid: FilmGrid
  let selected: String?
  let playhead: Playhead?
  /// The picture of a node; `nil` while there is none.
  let picture: (TreeOutline.Node) -> PixelImage?
  let size: SlotSize
  /// The clips with a star.
  var starred: Set<ClipID> = []
  /// The clips that are marked.
  var marked: Set<ClipID> = []

  /// The part of the strip that is seen.
  struct Window: Sendable, Hashable {
    var slots: Range<Int>
    var rows: Range<Int>
  }

  /// Columns from the left edge to a slot's picture.
  private func column(of slot: Int, _ window: Window, in area: Rectangle) -> Int {
    area.column + 1 + (slot - window.slots.lowerBound) * (size.width + 1)
  }

  /// What is seen in an area, with the selected clip in it.
  func window(in area: Rectangle) -> Window {
    let here = grid.place(of: selected)
    func part(_ count: Int, _ seen: Int, around index: Int) -> Range<Int> {
      let seen = min(max(seen, 1), count)
      let first = min(max(index - seen / 2, 0), count - seen)
      return first..<(first + seen)
    }
    return Window(
      slots: part(
        max(grid.slotCount, 1), (area.width - 1) / (size.width + 1), around: here?.slot ?? 0),
      rows: part(max(grid.rowCount, 1), area.height / size.rowHeight, around: here?.row ?? 0))
  }

  /// Draws what fits of the strip around the selected clip.
  ///
  /// - Returns: The rows above and below what is seen.
  @discardableResult
  func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext
  ) -> (above: Int, below: Int) {
    let window = window(in: area)
    drawSpines(window, in: &buffer, area: area)
    for row in window.rows {
      let strip = grid.places.filter { $0.row == row }
      guard let first = strip.first?.slot, let last = strip.last?.slot else { continue }
      let top = area.row + (row - window.rows.lowerBound) * size.rowHeight
      for place in strip where window.slots.contains(place.slot) {
        let slot = Rectangle(
          column: column(of: place.slot, window, in: area), row: top, width: size.width,
          height: size.rowHeight)
        let isFirst = place.slot == window.slots.lowerBound
        let isLast = place.slot == window.slots.upperBound - 1
        if isFirst, first < place.slot {
          drawCut(place.slot - first + 1, towards: "<", in: &buffer, slot: slot, place)
        } else if isLast, last > place.slot {
          drawCut(last - place.slot + 1, towards: ">", in: &buffer, slot: slot, place)
        } else {
          draw(place, in: &buffer, slot: slot, app, context)
        }
      }
      // A branch that is over before what is seen, or begins after it.
      let edge = Rectangle(
        column: area.column + 1, row: top, width: area.width - 1, height: size.rowHeight)
      if last < window.slots.lowerBound || first >= window.slots.upperBound {
        let text =
          last < window.slots.lowerBound ? "< \(strip.count) more" : "\(strip.count) more >"
        let indent = last < window.slots.lowerBound ? 0 : edge.width - text.count
        buffer.write(
          text, column: edge.column + max(indent, 0), row: edge.row, style: Style(.secondary),
          clip: edge)
      }
    }
    return (window.rows.lowerBound, grid.rowCount - window.rows.upperBound)
  }

  /// The place of a cut edge: how many clips are beyond it, this one included.
  private func drawCut(
    _ count: Int, towards sign: String, in buffer: inout CellBuffer, slot: Rectangle,
    _ place: FilmGrid.Place
  ) {
    for (row, text) in ["\(count)", "more"].enumerated() {
      buffer.write(
        text, column: slot.column + max((size.width - text.count) / 2, 0), row: slot.row + row,
        style: Style(.secondary), clip: slot)
    }
    buffer.write(
      String(repeating: sign, count: 2), column: slot.column + (size.width - 2) / 2,
      row: slot.endRow - 1, style: Style(.secondary), clip: slot)
    buffer.addTarget(slot, .named("clip \(place.id)"))
  }

  private func draw(
    _ place: FilmGrid.Place, in buffer: inout CellBuffer, slot: Rectangle, _ app: AppState,
    _ context: ViewContext
  ) {
    let picture = slot.inset(bottom: 1)
    if let image = self.picture(place.node) {
      ClipPlayer.draw(image, isMoving: false, in: &buffer, area: picture, app, context)
    } else {
      buffer.fill(picture, with: "░", style: Style(.placeholder))
    }
    let isSelected = place.id == selected
    let label = Rectangle(
      column: slot.column, row: slot.endRow - 1, width: slot.width, height: 1)
    let role: Role = isSelected ? .selection : place.node.clip == nil ? .accent : .text
    if isSelected { buffer.fill(label, style: Style(.selection)) }
    buffer.write(
      text(of: place.node), column: label.column, row: label.row, style: Style(role), clip: label)
    drawPlayhead(place, over: picture, label, in: &buffer, context)
    buffer.addTarget(slot, .named("clip \(place.id)"))
  }

  /// Where the clip that plays is: a line on its picture. One of pixels it would cover, so that there it is a
  /// place in the line below.
  private func drawPlayhead(
    _ place: FilmGrid.Place, over picture: Rectangle, _ label: Rectangle,
    in buffer: inout CellBuffer, _ context: ViewContext
  ) {
    guard let playhead, playhead.id == place.id else { return }
    let offset = min(Int(playhead.position * Double(size.width)), size.width - 1)
    guard context.capabilities.pictureGrade == .cells else {
      let mark = Rectangle(column: label.column + offset, row: label.row, width: 1, height: 1)
      return buffer.restyle(mark) { $0 = $0.adding([.reverse, .bold]) }
    }
    let column = picture.column + offset
    for row in picture.row..<picture.endRow where buffer.bounds.contains(column: column, row: row) {
      // On the picture's own ground, so that it hides no more than a line.
      let ground = buffer[column, row].style.background
      buffer.put(
        Cell("┃", style: Style(.accent, background: ground)), column: column, row: row,
        clip: picture)
    }
  }

  /// What stands below a picture: its name, and which roll of how many as far as there is room.
  private func text(of node: TreeOutline.Node) -> String {
    let signs =
      (node.clip.map(starred.contains) == true ? "★" : "")
      + (node.clip.map(marked.contains) == true ? "•" : "")
    let label = signs + node.label
    let texts =
      node.clip == nil
      ? ["\(label) \(node.note)", node.note, label]
      : node.rollCount > 1
        ? ["\(label) \(node.roll)/\(node.rollCount)", "\(label)+", label]
        : [label]
    return texts.first { $0.count <= size.width }
      ?? String(texts[texts.count - 1].prefix(size.width))
  }

  // MARK: The spine

  /// Lines that leave a cell.
  private struct Lines: OptionSet {
    let rawValue: Int
    static let up = Lines(rawValue: 1)
    static let down = Lines(rawValue: 2)
    static let left = Lines(rawValue: 4)
    static let right = Lines(rawValue: 8)

    var character: Unicode.Scalar {
      switch self {
      case [.left, .right]: "─"
      case [.up, .down]: "│"
      case [.up, .right]: "└"
      case [.down, .left, .right]: "┬"
      case [.up, .down, .right]: "├"
      case [.down, .right]: "┌"
      case [.up, .down, .left, .right]: "┼"
      default: "─"
      }
    }
  }

  private func drawSpines(_ window: Window, in buffer: inout CellBuffer, area: Rectangle) {
    var lines: [CellBuffer.Position: Lines] = [:]
    func add(_ line: Lines, column: Int, row: Int) {
      lines[.init(column: column, row: row), default: []].formUnion(line)
    }
    func middle(of row: Int) -> Int {
      area.row + (row - window.rows.lowerBound) * size.rowHeight + (size.height - 1) / 2
    }
    for place in grid.places where window.slots.contains(place.slot) {
      // The column before a clip joins it to the one that it continues.
      let column = column(of: place.slot, window, in: area) - 1
      if let branchRow = place.branchRow {
        add([.down], column: column, row: middle(of: branchRow))
        for row
          in (middle(of: branchRow) + 1)..<max(middle(of: place.row), middle(of: branchRow) + 1)
        {
          add([.up, .down], column: column, row: row)
        }
        add([.up, .right], column: column, row: middle(of: place.row))
      } else if place.parent != nil || grid.places.contains(where: { $0.slot == 0 && $0.row > 0 }) {
        add(
          place.parent == nil ? [.right] : [.left, .right], column: column,
          row: middle(of: place.row))
      }
    }
    for (position, line) in lines where area.contains(column: position.column, row: position.row) {
      buffer.put(
        Cell(line.character, style: Style(.border)), column: position.column, row: position.row,
        clip: area)
    }
  }
}
