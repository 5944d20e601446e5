/// A picture made of characters: what `ImageRenderer` gives back.
public struct ImageCells: Sendable, Hashable {
  /// One character of the picture.
  public struct Cell: Sendable, Hashable {
    /// A character one column wide.
    public var character: Unicode.Scalar
    /// Colour of the character's dots.
    public var foreground: Color
    /// Colour behind them.
    public var background: Color

    /// A character in two colours.
    public init(
      character: Unicode.Scalar, foreground: Color = .terminalDefault,
      background: Color = .terminalDefault
    ) {
      self.character = character
      self.foreground = foreground
      self.background = background
    }
  }

  /// Width in characters.
  public let columns: Int
  /// Height in lines.
  public let rows: Int
  /// `columns * rows` cells, row after row from the top left.
  public let cells: [Cell]

  /// - Precondition: `cells.count == columns * rows`.
  public init(columns: Int, rows: Int, cells: [Cell]) {
    precondition(cells.count == columns * rows, "an image needs columns * rows cells")
    self.columns = columns
    self.rows = rows
    self.cells = cells
  }

  /// The cell at a column and a row, both counted from 0.
  public subscript(column: Int, row: Int) -> Cell { cells[row * columns + column] }
}
