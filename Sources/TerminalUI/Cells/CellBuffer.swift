/// A grid of cells: what a view draws into and what a terminal is brought in line with.
///
/// Writing outside the grid, or outside the clip rectangle given, is cut off silently, so that
/// views need not care how small the window is.
public struct CellBuffer: Sendable, Hashable {
  /// Width in columns.
  public let columns: Int
  /// Height in rows.
  public let rows: Int
  /// `columns * rows` cells, row after row from the top left.
  public private(set) var cells: [Cell]
  /// Where a text cursor should be shown, or nil for none.
  public var cursor: Position?
  /// What can be clicked, the topmost last.
  public private(set) var targets: [ClickTarget] = []
  /// The pictures that were placed, in order.
  public private(set) var pictures: [PlacedPicture] = []
  /// Which picture each cell shows, from 1; 0 for none, and empty without pictures.
  private var owners: [UInt16] = []

  /// A position in the grid, from 0.
  public struct Position: Sendable, Hashable {
    /// Column from the left.
    public var column: Int
    /// Row from the top.
    public var row: Int
    /// A position; it need not lie inside any grid.
    public init(column: Int, row: Int) {
      self.column = column
      self.row = row
    }
  }

  /// A blank grid. Negative sizes become 0.
  public init(columns: Int, rows: Int) {
    self.columns = max(columns, 0)
    self.rows = max(rows, 0)
    cells = Array(repeating: .blank, count: self.columns * self.rows)
  }

  /// The whole grid.
  public var bounds: Rectangle { Rectangle(column: 0, row: 0, width: columns, height: rows) }

  /// The cell at a column and a row, both from 0, which must lie inside the grid.
  public subscript(column: Int, row: Int) -> Cell {
    precondition(bounds.contains(column: column, row: row), "a cell outside the grid")
    return cells[row * columns + column]
  }

  /// Puts a cell at a position. Half of a wide character that it overwrites becomes a blank, and
  /// a wide cell that does not fit becomes a blank too.
  public mutating func put(_ cell: Cell, column: Int, row: Int, clip: Rectangle? = nil) {
    let clip = clip.map(bounds.intersection) ?? bounds
    guard clip.contains(column: column, row: row), !cell.isContinuation else { return }
    let index = row * columns + column
    if !owners.isEmpty { disown(index, width: Int(cell.width)) }
    if cell.width == 2 {
      guard clip.contains(column: column + 1, row: row) else {
        clearWide(at: index)
        cells[index] = Cell(" ", style: cell.style)
        return
      }
      clearWide(at: index)
      clearWide(at: index + 1)
      cells[index] = cell
      cells[index + 1] = Cell(" ", width: 0, style: cell.style)
    } else {
      clearWide(at: index)
      cells[index] = cell
    }
  }

  /// What is written on a picture covers it there.
  private mutating func disown(_ index: Int, width: Int) {
    owners[index] = 0
    if width == 2, index + 1 < owners.count { owners[index + 1] = 0 }
  }

  /// Blanks the other half of a wide character of which one half is about to be overwritten.
  private mutating func clearWide(at index: Int) {
    let old = cells[index]
    if old.isContinuation {
      cells[index - 1] = Cell(" ", style: cells[index - 1].style)
    } else if old.width == 2 {
      cells[index + 1] = Cell(" ", style: old.style)
    }
  }

  /// Writes a line of text; control characters are left out.
  ///
  /// - Returns: the column after the last one written, clipped or not.
  @discardableResult
  public mutating func write(
    _ text: some StringProtocol, column: Int, row: Int, style: Style = .text,
    clip: Rectangle? = nil
  ) -> Int {
    var position = column
    for character in text {
      guard let first = character.unicodeScalars.first else { continue }
      let width = CharacterWidth.columns(of: first)
      guard width > 0 else { continue }
      // Joined emoji are drawn as their first part: terminals disagree about the rest.
      let marks = character.unicodeScalars.dropFirst().prefix(4).filter {
        CharacterWidth.columns(of: $0) == 0 && $0.properties.generalCategory != .format
          && $0 != "\n"
      }
      let cell = Cell(
        first, marks: marks.isEmpty ? "" : String(String.UnicodeScalarView(marks)),
        width: UInt8(width), style: style)
      put(cell, column: position, row: row, clip: clip)
      position += width
    }
    return position
  }

  /// Fills a rectangle with one narrow character.
  public mutating func fill(
    _ rectangle: Rectangle, with scalar: Unicode.Scalar = " ", style: Style = .text
  ) {
    let area = bounds.intersection(rectangle)
    guard !area.isEmpty else { return }
    fill(area, Cell(scalar, style: style))
  }

  /// Fills a part of the grid with one narrow cell.
  private mutating func fill(_ area: Rectangle, _ cell: Cell) {
    for row in area.row..<area.endRow {
      for column in area.column..<area.endColumn { put(cell, column: column, row: row) }
    }
  }

  /// Lets what is already drawn in a rectangle stand on the background of a role.
  public mutating func setGround(_ ground: Role, in rectangle: Rectangle) {
    restyle(rectangle) { if $0.role != ground { $0.ground = ground } }
  }

  /// Changes the style of what is already drawn in a rectangle, leaving its characters.
  public mutating func restyle(_ rectangle: Rectangle, _ change: (inout Style) -> Void) {
    let area = bounds.intersection(rectangle)
    guard !area.isEmpty else { return }
    for row in area.row..<area.endRow {
      for column in area.column..<area.endColumn { change(&cells[row * columns + column].style) }
    }
  }

  /// Draws a picture; its cells get the role `image`, and are refreshed last when bytes are short.
  public mutating func draw(
    _ image: ImageCells, column: Int, row: Int, clip: Rectangle? = nil
  ) {
    for imageRow in 0..<image.rows {
      for imageColumn in 0..<image.columns {
        let source = image[imageColumn, imageRow]
        let style = Style(
          .image, foreground: source.foreground, background: source.background)
        put(
          Cell(source.character, style: style), column: column + imageColumn,
          row: row + imageRow, clip: clip)
      }
    }
  }

  /// Places a picture of pixels. What is drawn on its cells later covers it.
  ///
  /// - Precondition: its area lies within the grid.
  public mutating func place(_ picture: PlacedPicture) {
    let area = picture.area
    precondition(bounds.intersection(area) == area, "a picture outside the grid")
    pictures.append(picture)
    let number = UInt16(clamping: pictures.count)
    fill(area, Cell.underPicture)
    if owners.isEmpty { owners = Array(repeating: 0, count: cells.count) }
    for row in area.row..<area.endRow {
      for column in area.column..<area.endColumn { owners[row * columns + column] = number }
    }
  }

  /// Leaves only pictures of which nothing is covered and that `keep` wants as pixels; what is seen of the
  /// others gets the cells that `draw` gives.
  ///
  /// - Parameters:
  ///   - keep: Whether a picture stays one.
  ///   - draw: The picture as characters, as many as its area has; nil leaves it blank.
  package mutating func turnPicturesIntoCells(
    unless keep: (PlacedPicture) -> Bool, draw: (PlacedPicture) -> ImageCells?
  ) {
    var kept: [PlacedPicture] = []
    for (index, picture) in pictures.enumerated() {
      let number = UInt16(clamping: index + 1)
      let area = picture.area
      let places = (area.row..<area.endRow).flatMap { row in
        (area.column..<area.endColumn).map { row * columns + $0 }
      }
      if places.allSatisfy({ owners[$0] == number }), keep(picture) {
        kept.append(picture)
        continue
      }
      guard let drawn = draw(picture) else { continue }
      for (place, source) in zip(places, drawn.cells) where owners[place] == number {
        cells[place] = Cell(
          source.character,
          style: Style(.image, foreground: source.foreground, background: source.background))
      }
    }
    pictures = kept
    owners = []
  }

  /// Lets a part of the grid be clicked.
  public mutating func addTarget(_ area: Rectangle, _ meaning: ClickTarget.Meaning) {
    targets.append(ClickTarget(area: area, meaning: meaning))
  }

  /// Lets nothing be clicked that was drawn so far, since something stands in front of it.
  public mutating func coverTargets() { targets = [] }

  /// What a click on a cell hits, with its place; `nil` for nothing.
  public func target(column: Int, row: Int) -> ClickTarget? {
    targets.last { $0.area.contains(column: column, row: row) }
  }

  /// What a click on a cell means; `nil` for nothing.
  public func clickMeaning(column: Int, row: Int) -> ClickTarget.Meaning? {
    target(column: column, row: row)?.meaning
  }

  /// Replaces a cell as it is, without care for wide characters around it.
  mutating func replaceCell(at index: Int, with cell: Cell) { cells[index] = cell }
}
