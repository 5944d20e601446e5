/// A place in TOML that the parser cannot be shown: the library ends the program over it in place of
/// reporting it (tomlplusplus before its pull request 301).
///
/// Only the parser could say what is a text or a comment and what is not, so that places in those count
/// too: better a rare title refused than a program that a found file ends.
package struct TOMLPitfall: Sendable, Hashable {
  /// The line, from 1.
  package let line: Int
  /// What is wrong with it.
  package let reason: String

  /// The first such place of a text.
  package static func first(in source: String) -> TOMLPitfall? {
    let scalars = source.unicodeScalars
    return [namelessHeader(scalars), strayBrace(scalars), clippedTime(scalars)].compactMap { $0 }
      .min { $0.line < $1.line }
  }

  // MARK: Headers

  /// A table header without a name, such as `[=`.
  private static func namelessHeader(_ scalars: String.UnicodeScalarView) -> TOMLPitfall? {
    let lines = scalars.split(omittingEmptySubsequences: false, whereSeparator: isLineBreak)
    return lines.firstIndex(where: isNameless).map {
      TOMLPitfall(line: $0 + 1, reason: "a table in brackets needs a name")
    }
  }

  private static func isNameless(_ line: Substring.UnicodeScalarView) -> Bool {
    var rest = line.drop(while: isSpace)
    guard rest.first == "[" else { return false }
    rest = rest.dropFirst().drop(while: isSpace)
    if rest.first == "[" { rest = rest.dropFirst().drop(while: isSpace) }
    guard let first = rest.first else { return true }
    let isName =
      first.isASCII && (first.properties.isAlphabetic || ("0"..."9").contains(first))
    return !isName && !"_-\"']".unicodeScalars.contains(first)
  }

  // MARK: Values

  /// A brace that closes where a value should be, after the `[` or a comma of an array. TOML allows no
  /// comma before the brace of an inline table either.
  private static func strayBrace(_ scalars: String.UnicodeScalarView) -> TOMLPitfall? {
    valueLine(in: scalars, after: "[,") { $0.first == "}" }.map {
      TOMLPitfall(line: $0, reason: "a value is expected before the closing brace")
    }
  }

  /// A date with a time of a single digit, such as `[1979-05-27 7]`: what looks like one to the parser, ten
  /// characters of any kind from a digit on with `-` as the fifth and the eighth, a space and a digit, and then
  /// the end of the value.
  private static func clippedTime(_ scalars: String.UnicodeScalarView) -> TOMLPitfall? {
    valueLine(in: scalars, after: "=[,", where: isClippedTime).map {
      TOMLPitfall(line: $0, reason: "the time after a date needs hours of two digits")
    }
  }

  /// The line of the first place in which a value is awaited, after one of some marks, and what follows is
  /// broken. Between a mark and a value, spaces, comments and line breaks count for nothing.
  private static func valueLine(
    in scalars: String.UnicodeScalarView, after marks: String,
    where isBroken: (Substring.UnicodeScalarView) -> Bool
  ) -> Int? {
    var line = 1
    var awaitsValue = false
    var isComment = false
    for index in scalars.indices {
      let scalar = scalars[index]
      if isLineBreak(scalar) {
        line += 1
        isComment = false
      } else if !isComment {
        if awaitsValue, isBroken(scalars[index...]) { return line }
        if marks.unicodeScalars.contains(scalar) {
          awaitsValue = true
        } else if awaitsValue, scalar == "#" {
          isComment = true
        } else if !isSpace(scalar) {
          awaitsValue = false
        }
      }
    }
    return nil
  }

  private static func isClippedTime(_ rest: Substring.UnicodeScalarView) -> Bool {
    guard let first = rest.first, isDigit(first) else { return false }
    var index = rest.startIndex
    var characters: [Unicode.Scalar] = []
    // Underscores are passed over.
    while characters.count < 10 {
      guard index < rest.endIndex, !endsValue(rest[index]) else { return false }
      if rest[index] != "_" { characters.append(rest[index]) }
      rest.formIndex(after: &index)
    }
    while index < rest.endIndex, rest[index] == "_" { rest.formIndex(after: &index) }
    let next = Array(rest[index...].prefix(3))
    return characters[4] == "-" && characters[7] == "-" && next.count == 3 && next[0] == " "
      && isDigit(next[1]) && endsValue(next[2])
  }

  // MARK: Characters

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool {
    ("0"..."9").contains(scalar)
  }

  /// What the parser takes for the end of a value.
  private static func endsValue(_ scalar: Unicode.Scalar) -> Bool {
    isSpace(scalar) || isLineBreak(scalar) || "]},#".unicodeScalars.contains(scalar)
  }

  /// What the parser takes for the end of a line.
  private static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
    (0x0A...0x0D).contains(scalar.value) || [0x85, 0x2028, 0x2029].contains(scalar.value)
  }

  /// What the parser passes over before a header: more than TOML allows.
  private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    scalar == " " || scalar == "\t"
      || !scalar.isASCII && (scalar.properties.isWhitespace || invisible.contains(scalar.value))
  }

  private static let invisible: Set<UInt32> = [0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF]
}
