/// Words for a script of bash that mean exactly what they are, whatever is in them.
package enum ShellText {
  /// One word, on one line.
  ///
  /// Within single quotes bash takes everything but the quote as it is. What holds a control character is
  /// written in bash's own way of escapes (`$'...'`), so that a line end in a name ends no line of a script,
  /// and no comment.
  static func word(_ text: String) -> String {
    guard text.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) else {
      return "'" + text.replacing("'", with: #"'\''"#) + "'"
    }
    var word = "$'"
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "'"), UInt8(ascii: "\\"):
        word += "\\" + String(UnicodeScalar(byte))
      case 0x20..<0x7F: word += String(UnicodeScalar(byte))
      default:
        let digits = String(byte, radix: 8)
        word += "\\" + String(repeating: "0", count: 3 - digits.count) + digits
      }
    }
    return word + "'"
  }

  /// Words as they would be typed: quoted where they would not mean themselves.
  package static func typed(_ texts: [String]) -> String {
    let special = "'\"\\$`&;|<>()*?[]#~!{}"
    return texts.map { text in
      text.contains { $0.isWhitespace || special.contains($0) } ? word(text) : text
    }.joined(separator: " ")
  }

  /// Words with a space between each two.
  static func words(_ texts: [String]) -> String { texts.map(word).joined(separator: " ") }
}
