import StudioKit
import TerminalUI

/// Where the cells of a sweep stand, with titles above and on the left. Where not all fit, those
/// around the focused one are shown.
struct SweepGrid {
  /// Columns and rows that are seen, by their index, with the place of their titles.
  private(set) var columnTitles: [(index: Int, place: Rectangle)] = []
  private(set) var rowTitles: [(index: Int, place: Rectangle)] = []
  /// The cells that are seen, by their index row by row.
  private(set) var cells: [(index: Int, place: Rectangle)] = []

  /// The smallest cell that shows something.
  private static let smallest = (width: 10, height: 5)

  init(columns: SweepAxis, rows: SweepAxis?, focus: Int, area: Rectangle, _ cellRatio: Double) {
    let columnCount = columns.values.count
    let rowCount = rows?.values.count ?? 1
    let titleWidth =
      rows.map { axis in
        (axis.values + [axis.title]).map { CharacterWidth.columns(of: $0) }.max() ?? 0
      } ?? 0
    let left = titleWidth > 0 ? min(titleWidth, 14) + 1 : 0
    let body = area.inset(left: left, top: 1)
    let seenColumns = Self.seen(
      columnCount, around: focus % columnCount, room: body.width / Self.smallest.width)
    let seenRows = Self.seen(
      rowCount, around: focus / columnCount, room: body.height / Self.smallest.height)
    // Pictures are square: what is too wide for its height is left free on both sides.
    let height = body.height / seenRows.count
    let widest = Int((Double(max(height - 2, 1)) / cellRatio).rounded()) + 2
    let width = min(body.width / seenColumns.count, widest)
    let start = area.column + (area.width - left - width * seenColumns.count) / 2
    for (x, column) in seenColumns.enumerated() {
      columnTitles.append(
        (
          column,
          Rectangle(column: start + left + x * width, row: area.row, width: width, height: 1)
        ))
    }
    for (y, row) in seenRows.enumerated() {
      let top = body.row + y * height
      rowTitles.append(
        (row, Rectangle(column: start, row: top, width: left, height: height)))
      for (x, column) in seenColumns.enumerated() {
        cells.append(
          (
            row * columnCount + column,
            Rectangle(column: start + left + x * width, row: top, width: width, height: height)
          ))
      }
    }
  }

  /// As many indices as there is room for, at least one, a page of them at a time.
  private static func seen(_ count: Int, around index: Int, room: Int) -> Range<Int> {
    let size = max(min(room, count), 1)
    let start = min(index / size * size, count - size)
    return start..<(start + size)
  }
}
