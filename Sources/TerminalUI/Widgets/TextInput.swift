/// One line of text being typed, with a cursor and the lines entered before.
public struct TextInput: Sendable, Hashable {
  /// What a key led to.
  public enum Outcome: Sendable, Hashable {
    /// The key was none for a text.
    case ignored
    /// The cursor or the text moved.
    case edited
    /// Enter; the text stays until `clear`.
    case submitted(String)
    /// Escape.
    case cancelled
  }

  /// What has been typed.
  public private(set) var text: String
  /// Lines entered before, oldest first, at most 100.
  public private(set) var history: [String]
  /// Characters before the cursor.
  public private(set) var cursor: Int
  /// Whether all of the text is selected, so that what is typed takes its place.
  public private(set) var isSelected: Bool
  /// The line of the history that is shown, or nil for what is being typed.
  private var historyIndex: Int?
  private var draft = ""

  /// A line with the cursor at its end.
  ///
  /// - Parameter isSelected: Whether what is typed first takes the place of the text.
  public init(text: String = "", history: [String] = [], isSelected: Bool = false) {
    self.text = text
    self.history = history
    self.isSelected = isSelected && !text.isEmpty
    cursor = text.count
  }

  /// The keys of a line, for the line of hints.
  public static let hints = [
    HelpEntry(keys: [.enter], name: "take", help: ""),
    HelpEntry(keys: [.escape], name: "leave", help: ""),
    HelpEntry(keys: [.control("u")], name: "clear", help: ""),
  ]

  /// Replaces the text; the cursor goes to its end.
  public mutating func setText(_ newText: String) {
    text = newText
    cursor = newText.count
    isSelected = false
  }

  /// Empties the line and keeps what was in it for the history.
  public mutating func remember() {
    if !text.isEmpty, history.last != text { history.append(text) }
    history = Array(history.suffix(100))
    historyIndex = nil
    setText("")
  }

  /// Inserts pasted text at the cursor. Line ends become spaces, but for those around it: who
  /// copies a line often copies its end as well.
  public mutating func insert(_ pasted: String) {
    let begun = pasted.drop { $0.isNewline }
    guard let last = begun.lastIndex(where: { !$0.isNewline }) else { return }
    let line = String(begun[...last].map { $0.isNewline ? " " : $0 })
    if isSelected { setText("") }
    replaceBeforeCursor { $0 + line }
  }

  /// Handles a key.
  public mutating func handle(_ key: Key) -> Outcome {
    let replaced: Set<Key> = [
      .backspace, .delete, .control("d"), .control("u"), .control("k"), .control("w"),
    ]
    if isSelected, key.typedCharacter != nil || replaced.contains(key) {
      setText("")
      if replaced.contains(key) { return .edited }
    }
    if ![.enter, .escape].contains(key) { isSelected = false }
    if let character = key.typedCharacter {
      replaceBeforeCursor { $0 + String(character) }
      return .edited
    }
    switch key {
    case .enter: return .submitted(text)
    case .escape: return .cancelled
    case .backspace: replaceBeforeCursor { String($0.dropLast()) }
    case .delete, .control("d"):
      text = String(text.prefix(cursor) + text.dropFirst(cursor + 1))
    case .left, .control("b"): cursor = max(cursor - 1, 0)
    case .right, .control("f"): cursor = min(cursor + 1, text.count)
    case .home, .control("a"): cursor = 0
    case .end, .control("e"): cursor = text.count
    case .control("u"): replaceBeforeCursor { _ in "" }
    case .control("k"): text = String(text.prefix(cursor))
    case .control("w"): replaceBeforeCursor(Self.withoutLastWord)
    case .up, .control("p"): recall(by: -1)
    case .down, .control("n"): recall(by: 1)
    default: return .ignored
    }
    return .edited
  }

  private mutating func replaceBeforeCursor(_ change: (String) -> String) {
    let before = change(String(text.prefix(cursor)))
    text = before + text.dropFirst(cursor)
    cursor = before.count
  }

  private static func withoutLastWord(_ text: String) -> String {
    var rest = Substring(text)
    while rest.last == " " { rest = rest.dropLast() }
    while let last = rest.last, last != " " { rest = rest.dropLast() }
    return String(rest)
  }

  private mutating func recall(by step: Int) {
    let index = (historyIndex ?? history.count) + step
    guard (0...history.count).contains(index), !history.isEmpty else { return }
    if historyIndex == nil { draft = text }
    historyIndex = index == history.count ? nil : index
    setText(historyIndex.map { history[$0] } ?? draft)
  }

  /// Draws the line in the first row of an area, scrolled so that the cursor is seen.
  ///
  /// - Parameters:
  ///   - prompt: text before the line, in the style of keys.
  ///   - placeholder: shown while nothing is typed.
  ///   - isFocused: whether the cursor is shown.
  public func draw(
    in buffer: inout CellBuffer, area: Rectangle, prompt: String = "", placeholder: String = "",
    isFocused: Bool = true
  ) {
    guard !area.isEmpty else { return }
    let line = Rectangle(column: area.column, row: area.row, width: area.width, height: 1)
    let start = buffer.write(
      prompt, column: line.column, row: line.row, style: Style(.key), clip: line)
    let field = line.inset(left: start - line.column)
    guard field.width > 0 else { return }
    buffer.fill(field, style: Style(isFocused ? .input : .text))
    let before = CharacterWidth.columns(of: text.prefix(cursor))
    let scroll = max(before - field.width + 1, 0)
    if text.isEmpty {
      buffer.write(
        placeholder, column: field.column, row: field.row, style: Style(.placeholder), clip: field)
    }
    let style = Style(
      isFocused ? .input : .text, attributes: isSelected && isFocused ? .reverse : [])
    buffer.write(
      text, column: field.column - scroll, row: field.row, style: style, clip: field)
    if isFocused, buffer.bounds.contains(column: field.column + before - scroll, row: field.row) {
      buffer.cursor = .init(column: field.column + before - scroll, row: field.row)
    }
  }
}
