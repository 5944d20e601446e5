/// Table headers of TOML that the parser cannot be shown.
package enum TableHeaders {
  /// The first line, from 1, whose table header has no name, such as `[=`.
  ///
  /// The library's parser ends the program over these in place of reporting them (tomlplusplus before
  /// its pull request 301).
  package static func brokenLine(in source: String) -> Int? {
    var isInString = false
    for (index, line) in source.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      .enumerated()
    {
      if !isInString, isBroken(line) { return index + 1 }
      // Texts of several lines may hold anything.
      if (line.ranges(of: "\"\"\"").count + line.ranges(of: "'''").count) % 2 == 1 {
        isInString.toggle()
      }
    }
    return nil
  }

  private static func isBroken(_ line: Substring) -> Bool {
    func isSpace(_ character: Character) -> Bool { character == " " || character == "\t" }
    var rest = line.drop(while: isSpace)
    guard rest.first == "[" else { return false }
    rest = rest.dropFirst().drop(while: isSpace)
    if rest.first == "[" { rest = rest.dropFirst().drop(while: isSpace) }
    guard let first = rest.first else { return true }
    return !(first.isASCII && (first.isLetter || first.isNumber) || "_-\"']".contains(first))
  }
}
