/// A line after `:` with the commands that match it.
public struct CommandPalette: Sendable, Hashable {
  /// A command: its name, and what it does.
  public struct Entry: Sendable, Hashable {
    /// What is typed.
    public var name: String
    /// What it does, in a few words.
    public var help: String
    /// Whether more is to be typed after the name.
    public var takesArgument: Bool

    /// A command.
    public init(name: String, help: String, takesArgument: Bool = false) {
      self.name = name
      self.help = help
      self.takesArgument = takesArgument
    }
  }

  /// What a key led to.
  public enum Outcome: Sendable, Hashable {
    case open
    /// A command was given, with what was typed after its name.
    case run(name: String, argument: String)
    /// What was typed is no command.
    case unknown(String)
    case cancelled
  }

  /// The line being typed.
  public private(set) var input: TextInput
  /// The selected one of `matches`, from 0.
  public private(set) var selected = 0
  private let entries: [Entry]

  /// A palette over these commands; `history` holds lines given before.
  public init(entries: [Entry], history: [String] = []) {
    self.entries = entries
    input = TextInput(history: history)
  }

  /// The commands that match what is typed, best first.
  public var matches: [Entry] {
    FuzzyMatcher.filter(typedName, entries.map(\.name)).map { entries[$0.index] }
  }

  private var typedName: String {
    String(input.text.prefix { $0 != " " })
  }

  private var argument: String {
    String(input.text.drop { $0 != " " }.drop { $0 == " " })
  }

  /// Handles a key. Tab completes the selected name.
  public mutating func handle(_ key: Key) -> Outcome {
    switch key {
    case .tab: complete()
    case .down,
      .control("n") where argument.isEmpty && !matches.isEmpty:
      selected = min(selected + 1, max(matches.count - 1, 0))
    case .up where selected > 0: selected -= 1
    default:
      switch input.handle(key) {
      case .submitted: return submit()
      case .cancelled: return .cancelled
      case .edited: selected = 0
      case .ignored: break
      }
    }
    return .open
  }

  /// Inserts pasted text.
  public mutating func paste(_ text: String) { input.insert(text) }

  private mutating func complete() {
    guard matches.indices.contains(selected) else { return }
    let entry = matches[selected]
    input.setText(entry.name + (entry.takesArgument ? " " + argument : ""))
    selected = 0
  }

  private mutating func submit() -> Outcome {
    let name = typedName
    guard !input.text.isEmpty else { return .cancelled }
    // A name typed in full wins over the selection.
    let exact = entries.first { $0.name == name }
    guard let entry = exact ?? (matches.indices.contains(selected) ? matches[selected] : nil)
    else { return .unknown(name) }
    if entry.takesArgument, argument.isEmpty, exact == nil {
      complete()
      return .open
    }
    return .run(name: entry.name, argument: argument)
  }

  /// Draws the line in the last row of an area, and the matches above it.
  public func draw(in buffer: inout CellBuffer, area: Rectangle) {
    guard !area.isEmpty else { return }
    let matches = matches
    let rows = min(matches.count, 8, max(area.height - 1, 0))
    let nameWidth = matches.map { CharacterWidth.columns(of: $0.name) }.max() ?? 0
    let offset = TableState.offset(0, selected: selected, count: matches.count, page: rows)
    for (index, entry) in matches.enumerated().dropFirst(offset).prefix(rows) {
      let line = Rectangle(
        column: area.column, row: area.endRow - 1 - rows + index - offset, width: area.width,
        height: 1)
      let isSelected = index == selected
      buffer.fill(line, style: Style(isSelected ? .selection : .dialog))
      let name = CharacterWidth.pad(entry.name, to: nameWidth)
      let end = buffer.write(
        " \(name)  ", column: line.column, row: line.row,
        style: Style(isSelected ? .selection : .dialog), clip: line)
      for position in FuzzyMatcher.match(typedName, in: entry.name)?.positions ?? [] {
        let letter = Rectangle(
          column: line.column + 1 + position, row: line.row, width: 1, height: 1)
        buffer.restyle(letter) { $0.attributes.insert(.bold) }
      }
      buffer.write(
        entry.help, column: end, row: line.row,
        style: Style(isSelected ? .selection : .secondary), clip: line)
      buffer.setGround(.dialog, in: line)
    }
    input.draw(in: &buffer, area: area.inset(top: area.height - 1), prompt: ":")
  }
}
