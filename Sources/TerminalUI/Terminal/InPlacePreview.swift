/// A picture with lines of text below it that is redrawn in place on a plain terminal: each new
/// frame first moves the cursor back up over the last one.
public struct InPlacePreview: Sendable {
  private let text: ANSIText
  private let size: TerminalSize
  private var drawnRows = 0
  private var drawnWidth = 0

  /// - Parameters:
  ///   - colorMode: the colours that may be used.
  ///   - size: the terminal's size. A frame is cut to it, since a line that wraps, or one that
  ///     scrolls off the top, could not be drawn over.
  public init(colorMode: ColorMode, size: TerminalSize) {
    text = ANSIText(colorMode: colorMode)
    self.size = size
  }

  /// The text to write for the next frame; the cursor is left below it.
  ///
  /// - Parameters:
  ///   - image: the picture, or nil for the caption alone.
  ///   - caption: plain lines without escape sequences, drawn below the picture.
  public mutating func frame(_ image: ImageCells?, caption: [String] = []) -> String {
    var lines: [String] = []
    var width = 0
    if let image {
      lines = text.lines(image.cropped(columns: size.columns, rows: size.rows))
      width = min(image.columns, size.columns)
    }
    let cut = caption.map { CharacterWidth.truncate($0, to: size.columns) }
    lines += cut
    // The cursor ends below the last line, which takes one row of the terminal.
    lines = Array(lines.suffix(max(size.rows - 1, 1)))
    width = cut.map { CharacterWidth.columns(of: $0) }.reduce(width, max)

    var output = drawnRows > 0 ? "\u{1B}[\(drawnRows)A\r" : ""
    // Text may shrink from frame to frame, and a narrower picture leaves old cells to its right.
    let clearsLines = drawnRows > 0 && (!caption.isEmpty || width < drawnWidth)
    for line in lines { output += line + (clearsLines ? "\u{1B}[K" : "") + "\n" }
    if lines.count < drawnRows { output += "\u{1B}[J" }
    drawnRows = lines.count
    drawnWidth = width
    return output
  }

  /// Forgets the last frame, so that it stays on the screen and the next is drawn below it.
  public mutating func keep() {
    drawnRows = 0
    drawnWidth = 0
  }
}

extension ImageCells {
  /// The top left part of at most this many columns and rows.
  package func cropped(columns: Int, rows: Int) -> ImageCells {
    guard columns < self.columns || rows < self.rows else { return self }
    let columns = max(min(columns, self.columns), 0)
    let rows = max(min(rows, self.rows), 0)
    let cells = (0..<rows).flatMap { row in
      self.cells[(row * self.columns)..<(row * self.columns + columns)]
    }
    return ImageCells(columns: columns, rows: rows, cells: cells)
  }
}
