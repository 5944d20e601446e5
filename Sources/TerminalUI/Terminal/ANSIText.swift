/// Turns cells into text with escape sequences, for terminals without a full-screen program.
///
/// Only changes of style are written, and each line ends in the terminal's own style, so that
/// the text can be cut at any line.
public struct ANSIText: Sendable, Hashable {
  /// The colours that may be used; richer ones are brought down to them.
  public var colorMode: ColorMode

  /// A writer for terminals with these colours.
  public init(colorMode: ColorMode) { self.colorMode = colorMode }

  /// One string for each row of a picture, without line ends.
  public func lines(_ image: ImageCells) -> [String] {
    (0..<image.rows).map { row in
      line(
        (0..<image.columns).lazy.map { column in
          let cell = image[column, row]
          return (
            String(Character(cell.character)),
            ResolvedStyle(foreground: cell.foreground, background: cell.background)
          )
        })
    }
  }

  /// One string for each row of a grid, without line ends; roles look as `theme` says.
  public func lines(_ buffer: CellBuffer, theme: Theme) -> [String] {
    (0..<buffer.rows).map { row in
      line(
        (0..<buffer.columns).lazy.map { column in
          let cell = buffer[column, row]
          return (cell.text, theme.resolve(cell.style))
        })
    }
  }

  /// The characters of a grid alone, one string for each row: for files and pipes.
  public static func characters(of buffer: CellBuffer) -> [String] {
    (0..<buffer.rows).map { row in
      (0..<buffer.columns).map { buffer[$0, row].text }.joined()
    }
  }

  /// A picture as text, each row ended by a line feed.
  public func string(_ image: ImageCells) -> String {
    lines(image).map { $0 + "\n" }.joined()
  }

  private func line(_ cells: some Sequence<(String, ResolvedStyle)>) -> String {
    var sgr = SGR(mode: colorMode)
    var output = ""
    for (text, style) in cells where !text.isEmpty {
      sgr.change(to: style, into: &output)
      output += text
    }
    sgr.change(to: ResolvedStyle(), into: &output)
    return output
  }
}
