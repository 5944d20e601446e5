/// Text that others wrote, made fit to be shown: what a terminal would obey, or what would change the
/// order or the lines of what stands around it, is shown as an escape sequence of Swift's.
///
/// These are the characters of Unicode's categories Cc (controls of seven and of eight bits), Cf
/// (formats, such as the directions of text), Zl and Zp (separators of lines and paragraphs).
package enum PrintableText {
  /// The characters of a field, such as a name, a path or a note, that are shown at most.
  package static let fieldLimit = 1_000

  /// One field: no line end gets through, and what is too long is cut and counted.
  package static func field(_ text: some StringProtocol, limit: Int = fieldLimit) -> String {
    let scalars = text.unicodeScalars
    guard let end = scalars.index(scalars.startIndex, offsetBy: limit, limitedBy: scalars.endIndex),
      end < scalars.endIndex
    else { return replacing(scalars) { isActive($0) ? escape($0) : nil } }
    let rest = scalars[end...].count
    return replacing(scalars[..<end]) { isActive($0) ? escape($0) : nil } + "… (\(rest) more)"
  }

  /// Text of several lines, whose line feeds and tabs stay.
  package static func lines(_ text: some StringProtocol) -> String {
    replacing(text.unicodeScalars) { scalar in
      isActive(scalar) && scalar != "\n" && scalar != "\t" ? escape(scalar) : nil
    }
  }

  /// JSON with the same meaning: active characters, which can stand only within its strings, as
  /// JSON's own escapes.
  package static func json(_ text: some StringProtocol) -> String {
    replacing(text.unicodeScalars) { scalar in
      guard isActive(scalar), scalar != "\n", scalar != "\t" else { return nil }
      return String(scalar).utf16.map { unit in
        let digits = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      }.joined()
    }
  }

  /// Whether a character acts rather than being seen.
  package static func isActive(_ scalar: Unicode.Scalar) -> Bool {
    if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
    return switch scalar.properties.generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }

  private static func escape(_ scalar: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: "\\u{\(String(scalar.value, radix: 16))}"
    }
  }

  private static func replacing(
    _ scalars: some Sequence<Unicode.Scalar>, by replacement: (Unicode.Scalar) -> String?
  ) -> String {
    var result = String.UnicodeScalarView()
    for scalar in scalars {
      if let replacement = replacement(scalar) {
        result.append(contentsOf: replacement.unicodeScalars)
      } else {
        result.append(scalar)
      }
    }
    return String(result)
  }
}
