/// Lines of a log, following its end until one scrolls back.
public struct LogPane: Sendable, Hashable {
  /// A line of the log.
  public struct Line: Sendable, Hashable {
    /// What happened.
    public var text: String
    /// When it happened, as it is shown; empty if that is not told.
    public var time: String
    /// How it went.
    public var role: Role

    /// A line.
    public init(_ text: String, time: String = "", role: Role = .text) {
      self.text = text
      self.time = time
      self.role = role
    }
  }

  /// The lines, oldest first.
  public private(set) var lines: [Line] = []
  /// The selected line and the search.
  public private(set) var state = TableState()
  /// Whether the newest line is selected as it comes.
  public private(set) var follows = true
  /// Whether no line matches what the last key searched for.
  public private(set) var isUnmatched = false
  private let capacity: Int

  /// - Parameter capacity: lines to keep, at least 1; the oldest go first.
  public init(capacity: Int = 2_000) { self.capacity = max(capacity, 1) }

  /// Adds a line.
  public mutating func append(_ line: Line) {
    lines.append(line)
    if lines.count > capacity {
      let excess = lines.count - capacity
      lines.removeFirst(excess)
      state.selected = max(state.selected - excess, 0)
    }
    if follows { state.selected = lines.count - 1 }
  }

  /// Whether a search is being typed, so that no key means anything else.
  public var isTyping: Bool { state.search.isTyping }

  /// Handles a key: movements and the search. `G` follows the end again. Enter has no use for a
  /// line, and is for nothing behind the log either.
  ///
  /// - Returns: whether the key was one for a log.
  public mutating func handle(_ key: Key, page: Int) -> Bool {
    let outcome = state.handle(key, texts: lines.map(\.text), page: page)
    follows = state.selected >= lines.count - 1
    isUnmatched = outcome == .unmatched
    return outcome != .ignored || key == .enter
  }

  /// Inserts pasted text into the search being typed. While none is, nothing happens.
  public mutating func paste(_ text: String, page: Int) {
    guard isTyping else { return }
    state.paste(text, texts: lines.map(\.text), page: page)
    follows = state.selected >= lines.count - 1
  }

  /// Draws the lines around the selected one.
  public func draw(in buffer: inout CellBuffer, area: Rectangle, isFocused: Bool = true) {
    var table = Table(list: [], emptyText: "Nothing has happened yet.")
    var shown = state
    // No line takes less than a row, so that those further away cannot be in sight.
    let first = max(state.selected - area.height, 0)
    let near =
      first..<max(
        first,
        min(
          state.selected + area.height + 1, lines.count))
    for index in near {
      let line = lines[index]
      // What is broken stands below its text, and not below the time.
      let indent = line.time.isEmpty ? 0 : CharacterWidth.columns(of: line.time) + 2
      let parts = TextWrap.lines(line.text, width: max(area.width - indent, 1))
      table.rows += parts.enumerated().map { part, text in
        let head = part == 0 ? line.time : ""
        return Table.Row([CharacterWidth.pad(head, to: indent) + text], role: line.role)
      }
      if index == state.selected { shown.selected = table.rows.count - 1 }
    }
    table.draw(in: &buffer, area: area, state: shown, isFocused: isFocused)
  }
}
