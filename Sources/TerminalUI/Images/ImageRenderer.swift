internal import CChafa

/// Draws pixel images with coloured characters, through chafa.
///
/// Dithering below 24-bit colour is ordered: error diffusion would flicker in video. chafa's
/// contrast enhancement is off for the same reason, since it depends on each frame's content; with 16 colours
/// and none the contrast of the whole clip is spread instead. The dots of 256 colours are ours, see
/// ``PaletteDither``.
public struct ImageRenderer: Sendable, Hashable {
  /// The characters to draw with.
  public var symbols: SymbolSet
  /// The colours to draw with. `mono` gives characters in the terminal's own two colours, drawn
  /// for light text on a dark background.
  public var colorMode: ColorMode
  /// Width of a character divided by its height; 0.5 on most terminals.
  public var cellRatio: Double

  /// - Parameter cellRatio: width of a character divided by its height, above 0.
  public init(symbols: SymbolSet = .halfBlocks, colorMode: ColorMode, cellRatio: Double = 0.5) {
    precondition(cellRatio > 0, "a character has a width and a height")
    self.symbols = symbols
    self.colorMode = colorMode
    self.cellRatio = cellRatio
  }

  /// The largest size in characters that keeps an image's proportions within the limits.
  ///
  /// - Parameters:
  ///   - width: the image's width in pixels, at least 1.
  ///   - height: its height in pixels, at least 1.
  ///   - maxColumns: columns that may be used, at least 1.
  ///   - maxRows: rows that may be used, at least 1.
  /// - Returns: at least one column and one row, even where that bends the proportions.
  public func fittedSize(
    width: Int, height: Int, maxColumns: Int, maxRows: Int
  ) -> (columns: Int, rows: Int) {
    let widthInColumns = Double(width)
    let heightInRows = Double(height) * cellRatio
    let scale = min(Double(maxColumns) / widthInColumns, Double(maxRows) / heightInRows)
    return (
      min(max(Int((widthInColumns * scale).rounded()), 1), max(maxColumns, 1)),
      min(max(Int((heightInRows * scale).rounded()), 1), max(maxRows, 1))
    )
  }

  /// Draws an image as large as fits, keeping its proportions.
  ///
  /// - Parameters:
  ///   - image: the picture.
  ///   - maxColumns: columns that may be used, at least 1.
  ///   - maxRows: rows that may be used, at least 1.
  /// - Throws: `TerminalError.imageConversionFailed` if chafa gives no canvas.
  public func render(
    _ image: PixelImage, maxColumns: Int, maxRows: Int
  ) throws(TerminalError) -> ImageCells {
    let size = fittedSize(
      width: image.width, height: image.height, maxColumns: maxColumns, maxRows: maxRows)
    return try render(image, columns: size.columns, rows: size.rows)
  }

  /// Draws an image over exactly this many characters, stretching it if need be.
  ///
  /// - Throws: `TerminalError.imageConversionFailed` if chafa gives no canvas, or for a size
  ///   outside 1-4,096 characters either way.
  public func render(
    _ image: PixelImage, columns: Int, rows: Int
  ) throws(TerminalError) -> ImageCells {
    guard (1...4_096).contains(columns), (1...4_096).contains(rows) else {
      throw .imageConversionFailed(columns: columns, rows: rows)
    }
    if colorMode == .indexed256, symbols == .halfBlocks {
      return halfBlocks(image, columns: columns, rows: rows)
    }
    let canvas = try ChafaCanvas(renderer: self, columns: columns, rows: rows)
    switch colorMode {
    case .mono, .ansi16: canvas.draw(image.stretched())
    case .indexed256 where symbols != .ascii:
      canvas.draw(dithered(image, columns: columns, rows: rows))
    case .indexed256, .trueColor: canvas.draw(image)
    }
    var cells: [ImageCells.Cell] = []
    cells.reserveCapacity(columns * rows)
    for row in 0..<rows {
      for column in 0..<columns {
        cells.append(canvas.cell(column: column, row: row))
      }
    }
    return ImageCells(columns: columns, rows: rows, cells: cells)
  }

  // MARK: 256 colours

  /// Two dots a cell, each with an entry of the palette.
  private func halfBlocks(_ image: PixelImage, columns: Int, rows: Int) -> ImageCells {
    let dots = image.resized(width: columns, height: 2 * rows)
    func entry(_ x: Int, _ y: Int) -> Color {
      .indexed(PaletteDither.entry(dots[x, y], x: x, y: y))
    }
    let cells = (0..<rows).flatMap { row in
      (0..<columns).map { column in
        let (upper, lower) = (entry(column, 2 * row), entry(column, 2 * row + 1))
        // A cell of one colour is a blank: fewer bytes, and no seam in fonts that have one.
        return upper == lower
          ? ImageCells.Cell(character: " ", foreground: upper, background: upper)
          : ImageCells.Cell(character: "▀", foreground: upper, background: lower)
      }
    }
    return ImageCells(columns: columns, rows: rows, cells: cells)
  }

  /// The picture with each dot of the symbols a colour of the palette, of which chafa has only to choose two
  /// for a cell. It has the pixels that chafa works with, 8 x 8 a cell, so that nothing is mixed again.
  private func dithered(_ image: PixelImage, columns: Int, rows: Int) -> PixelImage {
    let grain = symbols.grain
    let dots = image.resized(
      width: columns * 8 / Int(grain.width), height: rows * 8 / Int(grain.height))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(3 * 64 * columns * rows)
    for y in 0..<dots.height {
      let row = (0..<dots.width).flatMap { x -> [UInt8] in
        let color = Palette.components(of: PaletteDither.entry(dots[x, y], x: x, y: y))
        return (0..<grain.width).flatMap { _ in [color.red, color.green, color.blue] }
      }
      for _ in 0..<grain.height { bytes += row }
    }
    return (try? PixelImage(width: 8 * columns, height: 8 * rows, bytes: bytes)) ?? image
  }
}

extension PixelImage {
  /// The colour of a pixel.
  fileprivate subscript(x: Int, y: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
    let index = 3 * (y * width + x)
    return (bytes[index], bytes[index + 1], bytes[index + 2])
  }
}
