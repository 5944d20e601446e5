/// One character position of the screen.
public struct Cell: Sendable, Hashable {
  /// The character; a space where nothing is drawn.
  public var scalar: Unicode.Scalar
  /// Combining marks on top of the character, nearly always empty.
  public var marks: String
  /// Columns taken: 1, 2, or 0 for the second column of the wide character to the left.
  public var width: UInt8
  /// How the character looks.
  public var style: Style

  /// A cell with a character; `width` must be the columns that it takes.
  public init(
    _ scalar: Unicode.Scalar, marks: String = "", width: UInt8 = 1, style: Style = .text
  ) {
    self.scalar = scalar
    self.marks = marks
    self.width = width
    self.style = style
  }

  /// A blank in the ordinary style.
  public static let blank = Cell(" ")

  /// Whether this is the second column of a wide character.
  public var isContinuation: Bool { width == 0 }

  /// The character with its marks; empty for the second column of a wide character.
  public var text: String { isContinuation ? "" : String(Character(scalar)) + marks }
}
