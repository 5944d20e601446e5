/// What can be done here, as a list in front of a screen: it tells the keys, is searched by words, and Enter
/// does what the selected line says.
public struct ActionMenu: Sendable, Hashable {
  /// What a key led to.
  public enum Outcome: Sendable, Hashable {
    case open, closed
    /// A line was chosen.
    case run(HelpEntry)
  }

  /// The sections from top to bottom.
  public let sections: [HelpSection]
  /// The words that are searched for.
  public private(set) var query: TextInput?
  private var selected = 0
  private var isTyping = false

  /// A line of the menu as it is drawn.
  private enum Line {
    case title(String)
    case blank
    case entry(HelpEntry, index: Int)
  }

  /// A menu with its first line selected.
  public init(_ sections: [HelpSection]) { self.sections = sections }

  /// The sections with only what fits the words.
  private var shown: [HelpSection] {
    let words = (query?.text ?? "").lowercased().split(separator: " ")
    guard !words.isEmpty else { return sections.filter { !$0.entries.isEmpty } }
    return sections.map { section in
      HelpSection(
        title: section.title,
        entries: section.entries.filter { entry in
          let text = "\(entry.command) \(entry.name) \(entry.help)".lowercased()
          return words.allSatisfy {
            text.contains($0) || entry.keys.map(\.description).contains(String($0))
          }
        })
    }.filter { !$0.entries.isEmpty }
  }

  /// The line that is selected.
  public var selectedEntry: HelpEntry? {
    let entries = shown.flatMap(\.entries)
    return entries.indices.contains(selected) ? entries[selected] : nil
  }

  /// Handles a key: movements choose, `/` searches, Enter does it, `?`, `q` and Escape close.
  public mutating func handle(_ key: Key, page: Int) -> Outcome {
    let count = shown.reduce(0) { $0 + $1.entries.count }
    if isTyping, ![.up, .down, .pageUp, .pageDown].contains(key) {
      switch query?.handle(key) {
      case .submitted: return selectedEntry.map { .run($0) } ?? .open
      case .cancelled: (query, isTyping, selected) = (nil, false, 0)
      case .edited: selected = 0
      case .ignored, nil: break
      }
      return .open
    }
    switch key {
    case .escape where query != nil: (query, selected) = (nil, 0)
    case .escape, .character("q"), .character("?"): return .closed
    case .character("/"): (query, isTyping) = (query ?? TextInput(), true)
    case .enter: return selectedEntry.map { .run($0) } ?? .open
    default:
      guard let movement = Movement(key) else { break }
      selected = movement.applied(to: selected, count: count, page: page)
    }
    return .open
  }

  /// Inserts pasted text into the words being typed. While none are, nothing happens.
  public mutating func paste(_ text: String) {
    guard isTyping else { return }
    query?.insert(text)
    selected = 0
  }

  private var lines: [Line] {
    var lines: [Line] = []
    var index = 0
    for section in shown {
      if !lines.isEmpty { lines.append(.blank) }
      lines.append(.title(section.title))
      for entry in section.entries {
        lines.append(.entry(entry, index: index))
        index += 1
      }
    }
    return lines
  }

  private var allLineCount: Int { sections.reduce(-1) { $0 + $1.entries.count + 2 } }

  /// Rows that are seen at once in an area of this height.
  public func page(height: Int) -> Int { max(min(height, allLineCount + 2) - 2, 1) }

  /// Draws the menu in the middle of an area.
  public func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let entries = sections.flatMap(\.entries)
    func widest(_ text: (HelpEntry) -> String) -> Int {
      entries.map { CharacterWidth.columns(of: text($0)) }.max() ?? 0
    }
    let keyWidth = min(widest(Self.keyText), 14)
    let helpWidth = widest(\.help)
    // The names give way where what a line does would be cut for them.
    let withNames = keyWidth + helpWidth + widest(\.command) + 9
    let commandWidth = withNames <= area.width ? widest(\.command) : 0
    let box = area.centered(
      width: commandWidth > 0 ? withNames : keyWidth + helpWidth + 6, height: allLineCount + 2)
    buffer.fill(box, style: Style(.dialog))
    let words = query?.text ?? ""
    let footer =
      isTyping
      ? "Enter does it, Esc shows all" : "Enter does it, / searches, Esc closes"
    let inner = Border(title: "What can be done here", footer: footer, isFocused: true)
      .draw(in: &buffer, area: box)
    var body = inner.inset(left: 1, right: 1)
    if query != nil {
      query?.draw(
        in: &buffer, area: body.inset(top: body.height - 1), prompt: "/", isFocused: isTyping)
      body = body.inset(bottom: 1)
    } else {
      buffer.cursor = nil
    }
    let lines = lines
    let place = lines.firstIndex { if case .entry(_, selected) = $0 { true } else { false } } ?? 0
    // With its title, where that is the line above.
    let offset = min(
      max(place - max(body.height - 2, 0), 0), max(lines.count - body.height, 0))
    if lines.isEmpty {
      buffer.write(
        "nothing here is called \(words)", column: body.column, row: body.row,
        style: Style(.placeholder), clip: body)
    }
    for (row, line) in lines.dropFirst(offset).prefix(body.height).enumerated() {
      let strip = Rectangle(
        column: body.column, row: body.row + row, width: body.width, height: 1)
      switch line {
      case .blank: break
      case .title(let title):
        buffer.write(title, column: strip.column, row: strip.row, style: Style(.title), clip: strip)
      case .entry(let entry, let index):
        draw(entry, index, in: &buffer, strip: strip, keyWidth, commandWidth)
      }
    }
    buffer.setGround(.dialog, in: box)
  }

  /// The keys that people look for: two of them tell enough.
  private static func keyText(_ entry: HelpEntry) -> String {
    entry.keys.prefix(2).map(\.description).joined(separator: " ")
  }

  private func draw(
    _ entry: HelpEntry, _ index: Int, in buffer: inout CellBuffer, strip: Rectangle,
    _ keyWidth: Int, _ commandWidth: Int
  ) {
    let isSelected = index == selected
    if isSelected { buffer.fill(strip, style: Style(.selection)) }
    func style(_ role: Role) -> Style { Style(isSelected ? .selection : role) }
    buffer.write(
      CharacterWidth.truncate(Self.keyText(entry), to: keyWidth), column: strip.column,
      row: strip.row,
      style: style(.key), clip: strip)
    let helpPlace = strip.inset(
      left: keyWidth + 2, right: commandWidth > 0 ? commandWidth + 3 : 0)
    buffer.write(
      CharacterWidth.truncate(entry.help, to: helpPlace.width), column: helpPlace.column,
      row: strip.row, style: style(.dialog), clip: helpPlace)
    if !entry.command.isEmpty, commandWidth > 0 {
      buffer.write(
        ":\(entry.command)", column: strip.endColumn - commandWidth - 1, row: strip.row,
        style: style(.secondary), clip: strip)
    }
    buffer.addTarget(strip, .row(index, selected: selected))
  }
}
