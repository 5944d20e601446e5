/// A picture over cells of a grid, for terminals that show pixels.
public struct PlacedPicture: Sendable, Hashable {
  /// The picture, which fills the whole area.
  public var image: PixelImage
  /// The cells that it takes.
  public var area: Rectangle
  /// The characters that it is drawn with where it cannot be shown as pixels, as under a dialog.
  public var symbols: SymbolSet

  /// A picture at a place.
  public init(_ image: PixelImage, area: Rectangle, symbols: SymbolSet) {
    self.image = image
    self.area = area
    self.symbols = symbols
  }
}

extension Cell {
  /// What curses is told of a cell under a picture. Nothing else looks like it, so that curses writes such a
  /// cell when the picture goes, which erases it on the terminal, and never writes over one in passing.
  static let underPicture = Cell(
    " ", style: Style(.image, foreground: .indexed(0), attributes: [.dim, .italic]))
}
