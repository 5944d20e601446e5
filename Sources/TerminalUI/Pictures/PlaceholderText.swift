/// The characters that stand for the cells of a picture where something between us and the terminal, such as
/// tmux, moves text about and knows nothing of pictures
/// (https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders).
///
/// Each cell is U+10EEEE with marks for its row, its column and the highest byte of the picture's number; the
/// number's lowest byte is the foreground's entry in the palette.
package enum PlaceholderText {
  /// The text of one row of a picture, with its colour.
  static func row(_ row: Int, columns: Int, number: PictureNumber) -> [UInt8] {
    var text = "\u{1B}[38;5;\(number.low)m"
    for column in 0..<columns {
      text.unicodeScalars.append("\u{10EEEE}")
      for value in [row, column, Int(number.high)] { text.unicodeScalars.append(marks[value]) }
    }
    return Array("\(text)\u{1B}[39m".utf8)
  }

  /// The number of a picture that text can name.
  struct PictureNumber: Hashable {
    /// The lowest byte, 1 to 255.
    var low: UInt8
    /// The highest.
    var high: UInt8

    /// The number as commands name it.
    var value: Int { Int(high) << 24 | Int(low) }
  }

  /// Rows and columns that can be told.
  static let longest = 256

  /// The mark of each value: the marks above a letter of Unicode 6.0 that are no composition themselves and
  /// compose with no letter, in their order.
  package static let marks: [Unicode.Scalar] = {
    // Those of which Unicode makes letters with accents.
    let composing: Set<UInt32> = [
      0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x307, 0x308, 0x309, 0x30A, 0x30B, 0x30C, 0x30F,
      0x311, 0x313, 0x314, 0x342, 0x653, 0x654,
    ]
    return (UInt32(0x300)...0x1_D244).lazy.filter { !composing.contains($0) }
      .compactMap(Unicode.Scalar.init).filter { scalar in
        let properties = scalar.properties
        return properties.canonicalCombiningClass.rawValue == 230
          && properties.generalCategory == .nonspacingMark && isOfUnicode6(properties.age)
          && !isComposition(scalar)
      }
  }()

  private static func isOfUnicode6(_ age: Unicode.Version?) -> Bool {
    age.map { ($0.major, $0.minor) <= (6, 0) } ?? false
  }

  /// The marks that stand for another one (U+0340, U+0341, U+0343, U+0344).
  private static func isComposition(_ scalar: Unicode.Scalar) -> Bool {
    [0x340, 0x341, 0x343, 0x344].contains(scalar.value)
  }
}
