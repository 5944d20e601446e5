/// A concrete colour of a cell's foreground or background.
public enum Color: Sendable, Hashable {
  /// Whatever the terminal uses when no colour is set.
  case terminalDefault
  /// An entry of xterm's palette: 0-15 the ANSI colours, 16-231 the cube, 232-255 greys.
  case indexed(UInt8)
  /// A 24-bit colour, each channel 0-255.
  case rgb(UInt8, UInt8, UInt8)

  /// The nearest colour that `mode` can show. Colours that it can show stay as they are.
  public func reduced(to mode: ColorMode) -> Color {
    switch (self, mode) {
    case (.terminalDefault, _), (_, .mono): return .terminalDefault
    case (_, .trueColor), (.indexed, .indexed256): return self
    case (.rgb(let red, let green, let blue), .indexed256):
      return .indexed(Palette.nearestIndex256(red: red, green: green, blue: blue))
    case (.indexed(let index), .ansi16) where index < 16: return self
    case (_, .ansi16):
      let (red, green, blue) = components ?? (0, 0, 0)
      return .indexed(Palette.nearestIndex16(red: red, green: green, blue: blue))
    }
  }

  /// Red, green and blue, 0-255, taking xterm's default palette for indexed colours;
  /// nil for the terminal's own default.
  public var components: (red: UInt8, green: UInt8, blue: UInt8)? {
    switch self {
    case .terminalDefault: nil
    case .indexed(let index): Palette.components(of: index)
    case .rgb(let red, let green, let blue): (red, green, blue)
    }
  }
}
