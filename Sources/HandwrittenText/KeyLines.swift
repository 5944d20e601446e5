/// The lines on which a TOML file's keys stand. The parser gives places only for errors in the
/// syntax, not for values.
package struct KeyLines {
  /// Line from 1 by table and key, joined by a period.
  private var lines: [String: Int] = [:]

  /// Notes the lines of a file's text.
  package init(_ source: String) {
    var table = ""
    for (index, line) in source.split(separator: "\n", omittingEmptySubsequences: false)
      .enumerated()
    {
      let text = line.drop { $0 == " " || $0 == "\t" }
      if text.first == "[" {
        table = Self.name(text.dropFirst().prefix { $0 != "]" })
        lines[table] = lines[table] ?? index + 1
      } else if text.first != "#", let equals = text.firstIndex(of: "=") {
        let key = Self.name(text[..<equals])
        let path = table.isEmpty ? key : "\(table).\(key)"
        lines[path] = lines[path] ?? index + 1
      }
    }
  }

  /// The line of a key, or of the nearest table around it.
  package func line(of path: [String]) -> Int? {
    var path = path
    while !path.isEmpty {
      if let line = lines[path.joined(separator: ".")] { return line }
      path.removeLast()
    }
    return nil
  }

  private static func name(_ text: Substring) -> String {
    String(text.filter { $0 != " " && $0 != "\t" && $0 != "\"" && $0 != "'" })
  }
}
