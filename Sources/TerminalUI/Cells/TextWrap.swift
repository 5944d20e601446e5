/// Breaks text into lines.
public enum TextWrap {
  /// Lines of at most `width` columns, broken between words; a word that is longer by itself is
  /// broken within. Line ends in the text are kept.
  public static func lines(_ text: String, width: Int) -> [String] {
    guard width > 0 else { return [] }
    return text.split(separator: "\n", omittingEmptySubsequences: false).flatMap {
      wrap($0, width: width)
    }
  }

  /// The same, at most so many lines; an ellipsis tells that there is more.
  public static func lines(_ text: String, width: Int, atMost rows: Int) -> [String] {
    let all = lines(text, width: width)
    var shown = Array(all.prefix(max(rows, 0)))
    if shown.count < all.count, let last = shown.popLast() {
      shown.append(CharacterWidth.truncate(last + " …", to: width))
    }
    return shown
  }

  private static func wrap(_ paragraph: Substring, width: Int) -> [String] {
    // What fits keeps its spaces, which may set its parts apart.
    guard CharacterWidth.columns(of: paragraph) > width else { return [String(paragraph)] }
    var lines: [String] = []
    var line = ""
    for word in paragraph.split(separator: " ") {
      let joined = line.isEmpty ? String(word) : "\(line) \(word)"
      if CharacterWidth.columns(of: joined) <= width {
        line = joined
        continue
      }
      if !line.isEmpty { lines.append(line) }
      line = String(word)
      while CharacterWidth.columns(of: line) > width {
        let head = beginning(of: line, width: width)
        lines.append(head)
        line = String(line.dropFirst(head.count))
      }
    }
    return line.isEmpty && !lines.isEmpty ? lines : lines + [line]
  }

  /// As many characters as fit, at least one.
  private static func beginning(of text: String, width: Int) -> String {
    var head = ""
    for character in text {
      guard head.isEmpty || CharacterWidth.columns(of: head + String(character)) <= width else {
        break
      }
      head.append(character)
    }
    return head
  }

  /// Draws a text from the top of an area on, as far as there are rows.
  ///
  /// - Returns: The rows taken.
  @discardableResult
  public static func draw(
    _ text: String, in buffer: inout CellBuffer, area: Rectangle, style: Style = .text
  ) -> Int {
    let shown = lines(text, width: area.width, atMost: area.height)
    for (index, line) in shown.enumerated() {
      buffer.write(line, column: area.column, row: area.row + index, style: style, clip: area)
    }
    return shown.count
  }
}
