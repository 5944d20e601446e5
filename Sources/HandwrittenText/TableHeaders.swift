/// Table headers of TOML that the parser cannot be shown.
package enum TableHeaders {
  /// The first line, from 1, whose table header has no name, such as `[=`.
  ///
  /// The library's parser ends the program over these in place of reporting them (tomlplusplus before
  /// its pull request 301). Lines are looked at wherever they are, in texts of several lines too: what
  /// is a text and what is not only the parser could say.
  package static func brokenLine(in source: String) -> Int? {
    let lines = source.unicodeScalars.split(
      omittingEmptySubsequences: false, whereSeparator: isLineBreak)
    return lines.firstIndex(where: isBroken).map { $0 + 1 }
  }

  /// What the parser takes for the end of a line.
  private static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
    (0x0A...0x0D).contains(scalar.value) || [0x85, 0x2028, 0x2029].contains(scalar.value)
  }

  private static func isBroken(_ line: Substring.UnicodeScalarView) -> Bool {
    var rest = line.drop(while: isSpace)
    guard rest.first == "[" else { return false }
    rest = rest.dropFirst().drop(while: isSpace)
    if rest.first == "[" { rest = rest.dropFirst().drop(while: isSpace) }
    guard let first = rest.first else { return true }
    let isName =
      first.isASCII && (first.properties.isAlphabetic || ("0"..."9").contains(first))
    return !isName && !"_-\"']".unicodeScalars.contains(first)
  }

  /// What the parser passes over before a header: more than TOML allows.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == " " || scalar == "\t"
      || !scalar.isASCII && (scalar.properties.isWhitespace || invisible.contains(scalar.value))
  }

  private static let invisible: Set<UInt32> = [0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF]
}
