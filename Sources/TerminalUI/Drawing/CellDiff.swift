/// The difference between two grids of the same size.
package struct CellDiff: Sendable, Hashable {
  /// Neighbouring cells of one row that changed.
  package struct Run: Sendable, Hashable {
    package var row: Int
    package var columns: Range<Int>
  }

  /// Changed cells in reading order. A run never begins or ends within a wide character of the
  /// new grid.
  package let runs: [Run]

  /// Finds the changes that turn `old` into `new`; everything has changed if sizes differ.
  package init(from old: CellBuffer?, to new: CellBuffer) {
    guard let old, old.columns == new.columns, old.rows == new.rows else {
      runs =
        new.columns == 0 ? [] : (0..<new.rows).map { Run(row: $0, columns: 0..<new.columns) }
      return
    }
    var runs: [Run] = []
    old.cells.withUnsafeBufferPointer { oldCells in
      new.cells.withUnsafeBufferPointer { newCells in
        for row in 0..<new.rows {
          Self.compare(
            oldCells, newCells, row: row, start: row * new.columns, count: new.columns, into: &runs)
        }
      }
    }
    self.runs = runs
  }

  /// Whether a cell of a picture is among those that changed in `buffer`, the new grid.
  package func touchesImages(of buffer: CellBuffer) -> Bool {
    runs.contains { run in
      run.columns.contains { buffer[$0, run.row].style.role == .image }
    }
  }

  private static func compare(
    _ old: UnsafeBufferPointer<Cell>, _ new: UnsafeBufferPointer<Cell>, row: Int, start: Int,
    count: Int, into runs: inout [Run]
  ) {
    var column = 0
    while column < count {
      guard old[start + column] != new[start + column] else {
        column += 1
        continue
      }
      var first = column
      while first > 0, new[start + first].isContinuation { first -= 1 }
      while column < count,
        old[start + column] != new[start + column] || new[start + column].isContinuation
      {
        column += 1
      }
      if let last = runs.last, last.row == row, last.columns.upperBound >= first {
        runs[runs.count - 1].columns = last.columns.lowerBound..<column
      } else {
        runs.append(Run(row: row, columns: first..<column))
      }
    }
  }
}

extension CellBuffer {
  /// Puts back the cells of pictures of an earlier frame where both frames have pictures of characters.
  package mutating func keepImages(of old: CellBuffer) {
    guard old.columns == columns, old.rows == rows else { return }
    for index in cells.indices
    where cells[index].style.role == .image && old.cells[index].style.role == .image
      && cells[index] != .underPicture && old.cells[index] != .underPicture
    {
      replaceCell(at: index, with: old.cells[index])
    }
  }
}
