/// A table, or with one column a list.
public struct Table: Sendable, Hashable {
  /// A column of a table.
  public struct Column: Sendable, Hashable {
    /// Heading of the column.
    public var title: String
    /// How wide it is.
    public var width: Layout.Part
    /// Whether texts end at its right edge, as numbers should.
    public var alignsRight: Bool

    /// A column.
    public init(_ title: String, width: Layout.Part = .fill(), alignsRight: Bool = false) {
      self.title = title
      self.width = width
      self.alignsRight = alignsRight
    }
  }

  /// A row of a table.
  public struct Row: Sendable, Hashable {
    /// One text for each column.
    public var cells: [String]
    /// What the row is for, where it is not selected.
    public var role: Role

    /// A row.
    public init(_ cells: [String], role: Role = .text) {
      self.cells = cells
      self.role = role
    }

    /// All cells in one text, for the search.
    public var text: String { cells.joined(separator: " ") }
  }

  /// The columns from left to right.
  public var columns: [Column]
  /// The rows from top to bottom.
  public var rows: [Row]
  /// Whether the columns' titles are shown.
  public var hasHeader: Bool
  /// Whether the selected row stands out; not in a table that is only read.
  public var hasSelection = true
  /// What is shown when there are no rows: what is missing, and the key that mends it.
  public var emptyText: String

  /// A table.
  public init(columns: [Column], rows: [Row], hasHeader: Bool = true, emptyText: String = "") {
    self.columns = columns
    self.rows = rows
    self.hasHeader = hasHeader
    self.emptyText = emptyText
  }

  /// A list: one column without a title.
  public init(list: [String], emptyText: String = "") {
    self.init(
      columns: [Column("")], rows: list.map { Row([$0]) }, hasHeader: false, emptyText: emptyText)
  }

  /// The texts for `TableState.handle`.
  public var texts: [String] { rows.map(\.text) }

  /// Rows that are seen at once in an area of this height, with the search line or without.
  public func page(height: Int, state: TableState) -> Int {
    max(height - (hasHeader ? 1 : 0) - (state.search.isTyping ? 1 : 0), 0)
  }

  /// Draws the table.
  public func draw(
    in buffer: inout CellBuffer, area: Rectangle, state: TableState, isFocused: Bool = true
  ) {
    guard !area.isEmpty else { return }
    var body = area
    if let input = state.search.input {
      let line = Rectangle(column: area.column, row: area.endRow - 1, width: area.width, height: 1)
      input.draw(in: &buffer, area: line, prompt: "/", isFocused: isFocused)
      body = body.inset(bottom: 1)
    }
    let places = Layout.split(body, .horizontal, gap: 1, columns.map(\.width))
    if hasHeader {
      for (column, place) in zip(columns, places) {
        write(
          column.title, column: column, place: place, row: body.row, style: Style(.secondary),
          buffer: &buffer)
      }
      body = body.inset(top: 1)
    }
    guard !rows.isEmpty else {
      buffer.write(
        CharacterWidth.truncate(emptyText, to: body.width), column: body.column, row: body.row,
        style: Style(.placeholder), clip: body)
      return
    }
    let selected = min(max(state.selected, 0), rows.count - 1)
    let offset = TableState.offset(
      state.offset, selected: selected, count: rows.count, page: body.height)
    for (index, row) in rows.enumerated().dropFirst(offset).prefix(body.height) {
      let line = Rectangle(
        column: body.column, row: body.row + index - offset, width: body.width, height: 1)
      let selection: Role = isFocused ? .selection : .selectionInactive
      let style = Style(hasSelection && index == selected ? selection : row.role)
      draw(row, line: line, places: places, style: style, query: state.search.query, in: &buffer)
      guard hasSelection, isFocused else { continue }
      buffer.addTarget(line, .row(index, selected: selected))
    }
  }

  private func draw(
    _ row: Row, line: Rectangle, places: [Rectangle], style: Style, query: String,
    in buffer: inout CellBuffer
  ) {
    buffer.fill(line, style: style)
    for ((column, place), text) in zip(zip(columns, places), row.cells) {
      let start = write(
        text, column: column, place: place, row: line.row, style: style, buffer: &buffer)
      for range in SearchState.ranges(of: query, in: text) {
        let found = Rectangle(
          column: start + range.lowerBound, row: line.row, width: range.count, height: 1)
        buffer.restyle(found.intersection(place)) { $0.role = .match }
      }
    }
  }

  /// Writes a cell of the table and returns the column at which its text begins.
  @discardableResult
  private func write(
    _ text: String, column: Column, place: Rectangle, row: Int, style: Style,
    buffer: inout CellBuffer
  ) -> Int {
    let text = CharacterWidth.truncate(text, to: place.width)
    let free = column.alignsRight ? place.width - CharacterWidth.columns(of: text) : 0
    // Heights differ: the place is as high as the table, of which this is one row.
    buffer.write(text, column: place.column + free, row: row, style: style)
    return place.column + free
  }
}
