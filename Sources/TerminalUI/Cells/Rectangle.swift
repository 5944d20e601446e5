/// A part of the screen, in characters, with the origin at the top left.
public struct Rectangle: Sendable, Hashable {
  /// Column of the left edge.
  public var column: Int
  /// Row of the top edge.
  public var row: Int
  /// Width in columns, never below 0.
  public var width: Int
  /// Height in rows, never below 0.
  public var height: Int

  /// Negative sizes become 0.
  public init(column: Int, row: Int, width: Int, height: Int) {
    self.column = column
    self.row = row
    self.width = max(width, 0)
    self.height = max(height, 0)
  }

  /// The first column to the right of the rectangle.
  public var endColumn: Int { column + width }
  /// The first row below the rectangle.
  public var endRow: Int { row + height }
  /// Whether it holds no cell at all.
  public var isEmpty: Bool { width == 0 || height == 0 }

  /// Whether a cell lies inside.
  public func contains(column: Int, row: Int) -> Bool {
    column >= self.column && column < endColumn && row >= self.row && row < endRow
  }

  /// The part that both rectangles cover; empty where they do not meet.
  public func intersection(_ other: Rectangle) -> Rectangle {
    let left = max(column, other.column)
    let top = max(row, other.row)
    return Rectangle(
      column: left, row: top, width: min(endColumn, other.endColumn) - left,
      height: min(endRow, other.endRow) - top)
  }

  /// The rectangle without a margin on each side.
  public func inset(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0) -> Rectangle {
    Rectangle(
      column: column + min(left, width), row: row + min(top, height),
      width: width - left - right, height: height - top - bottom)
  }

  /// The rectangle without the same margin on every side.
  public func inset(_ margin: Int) -> Rectangle {
    inset(left: margin, top: margin, right: margin, bottom: margin)
  }

  /// A rectangle of the given size in the middle of this one, cut to it.
  public func centered(width: Int, height: Int) -> Rectangle {
    let width = min(width, self.width)
    let height = min(height, self.height)
    return Rectangle(
      column: column + (self.width - width) / 2, row: row + (self.height - height) / 2,
      width: width, height: height)
  }
}

/// A size in characters.
public struct TerminalSize: Sendable, Hashable {
  /// Width in columns.
  public var columns: Int
  /// Height in rows.
  public var rows: Int

  /// A size; sizes of windows are at least 1 each way.
  public init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
  }

  /// The largest window that is drawn in. A terminal that says more than any screen has gets this much
  /// of it.
  public static let largest = TerminalSize(columns: 1_000, rows: 500)

  /// The size of a window, cut to the largest.
  public static func window(columns: Int, rows: Int) -> TerminalSize {
    TerminalSize(
      columns: min(max(columns, 1), largest.columns), rows: min(max(rows, 1), largest.rows))
  }

  /// The size that is assumed where none can be found out.
  public static let standard = TerminalSize(columns: 80, rows: 24)
}
