/// A picture in the middle of an area, as large as fits.
public struct ImageView: Sendable, Hashable {
  /// The picture.
  public var image: PixelImage
  /// Width of a character divided by its height.
  public var cellRatio: Double

  /// A view of a picture.
  public init(_ image: PixelImage, cellRatio: Double = 0.5) {
    self.image = image
    self.cellRatio = cellRatio
  }

  /// Draws the picture as pixels where the terminal shows them, else with the characters, colours and detail
  /// that the context allows.
  ///
  /// - Parameter symbols: the characters to use, or nil for those that suit the terminal.
  public func draw(
    in buffer: inout CellBuffer, area: Rectangle, context: ViewContext, symbols: SymbolSet? = nil
  ) {
    guard !area.isEmpty, !context.leavesOutImages else { return }
    let renderer = ImageRenderer(
      symbols: symbols ?? context.capabilities.symbols,
      colorMode: context.imageDetail.colorMode(on: context.capabilities.colorMode),
      cellRatio: context.capabilities.pixelRatio ?? cellRatio)
    let size = renderer.fittedSize(
      width: image.width, height: image.height, maxColumns: area.width, maxRows: area.height)
    let place = area.centered(width: size.columns, height: size.rows)
    if context.capabilities.pictureGrade != .cells, buffer.bounds.intersection(place) == place {
      return buffer.place(PlacedPicture(image, area: place, symbols: renderer.symbols))
    }
    do {
      let cells = try context.imageCache.cells(
        of: image, renderer: renderer, columns: size.columns, rows: size.rows,
        isCoarse: context.imageDetail == .coarse)
      buffer.draw(cells, column: place.column, row: place.row, clip: area)
    } catch {
      // A view has no other way to say it, and a blank picture would explain nothing.
      buffer.write(
        CharacterWidth.truncate(error.description, to: area.width), column: area.column,
        row: area.row, style: Style(.error), clip: area)
    }
  }
}
