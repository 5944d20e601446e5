import TerminalUI

/// How pictures stand beside each other.
package enum CompareShape {
  /// Columns that make the pictures of a plain comparison largest.
  ///
  /// - Parameters:
  ///   - count: Pictures, at least 1.
  ///   - cellRatio: Width of a character divided by its height.
  package static func columns(count: Int, area: Rectangle, cellRatio: Double) -> Int {
    // The height of a square picture with its frame, in rows.
    func side(_ columns: Int) -> Double {
      let rows = (count + columns - 1) / columns
      let width = Double(area.width / columns - 2) * cellRatio
      return min(width, Double(area.height / rows - 2))
    }
    return (1...max(count, 1)).max { side($0) < side($1) } ?? 1
  }

  /// The places of pictures, row by row, all of one size.
  package static func places(count: Int, columns: Int, in area: Rectangle) -> [Rectangle] {
    let columns = max(columns, 1)
    let rows = (count + columns - 1) / columns
    let lines = Layout.split(area, .vertical, Array(repeating: .fill(), count: rows))
    return lines.enumerated().flatMap { index, line in
      Layout.split(line, .horizontal, Array(repeating: .fill(), count: columns))
        .prefix(count - index * columns)
    }
  }
}
