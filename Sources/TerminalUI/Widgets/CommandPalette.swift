/// A line after `:` with the commands that match it, and then with what may follow the command.
public struct CommandPalette: Sendable, Hashable {
  /// What may follow a command.
  public enum Argument: Sendable, Hashable {
    /// Nothing.
    case none
    /// Any text.
    case text
    /// One of these words, or another text.
    case words([String])
    /// A file or a folder.
    case path
  }

  /// A command: its name, and what it does.
  public struct Entry: Sendable, Hashable {
    /// What is typed.
    public var name: String
    /// What it does, in a few words.
    public var help: String
    /// The key that does the same; empty for none.
    public var keyText: String
    /// What may be typed after the name.
    public var argument: Argument
    /// Whether it can be given without that.
    public var isComplete: Bool

    /// A command.
    ///
    /// - Parameter isComplete: Whether it can be given without its argument; `nil` if it takes none.
    public init(
      name: String, help: String, argument: Argument = .none, keyText: String = "",
      isComplete: Bool? = nil
    ) {
      self.name = name
      self.help = help
      self.keyText = keyText
      self.argument = argument
      self.isComplete = isComplete ?? (argument == .none)
    }
  }

  /// What a key led to.
  public enum Outcome: Sendable, Hashable {
    case open
    /// A command was given, with what was typed after its name.
    case run(name: String, argument: String)
    /// What was typed is no command.
    case unknown(String)
    /// This path is to be completed, see ``CommandPalette/complete(_:to:candidates:)``.
    case complete(path: String)
    case cancelled
  }

  /// The line being typed.
  public private(set) var input: TextInput
  /// The selected one of `matches`, from 0.
  public private(set) var selected = 0
  private let entries: [Entry]
  /// What a path may become, as it was told last.
  private var paths: [String] = []

  /// A palette over these commands; `history` holds lines given before.
  public init(entries: [Entry], history: [String] = []) {
    self.entries = entries
    input = TextInput(history: history)
  }

  /// The commands that match what is typed, best first.
  public var matches: [Entry] {
    FuzzyMatcher.filter(typedName, entries.map(\.name)).map { entries[$0.index] }
  }

  /// What may follow the command that was typed, as far as it fits; `nil` while the command itself is typed.
  public var argumentMatches: [String]? {
    guard let command else { return nil }
    switch command.argument {
    case .none, .text: return []
    case .path: return paths
    case .words(let words):
      return FuzzyMatcher.filter(argument, words).map { words[$0.index] }
    }
  }

  /// The command whose name is there in full, with a space after it.
  private var command: Entry? {
    input.text.contains(" ") ? entries.first { $0.name == typedName } : nil
  }

  private var typedName: String {
    String(input.text.prefix { $0 != " " })
  }

  private var argument: String {
    String(input.text.drop { $0 != " " }.drop { $0 == " " })
  }

  private var rowCount: Int { argumentMatches?.count ?? matches.count }

  /// Handles a key. Tab completes the selected name, or what follows it.
  public mutating func handle(_ key: Key) -> Outcome {
    switch key {
    case .tab: return complete()
    case .down,
      .control("n") where rowCount > 0:
      selected = min(selected + 1, max(rowCount - 1, 0))
    case .up where selected > 0: selected -= 1
    default:
      switch input.handle(key) {
      case .submitted: return submit()
      case .cancelled: return .cancelled
      case .edited: (selected, paths) = (0, [])
      case .ignored: break
      }
    }
    return .open
  }

  /// Inserts pasted text.
  public mutating func paste(_ text: String) {
    input.insert(text)
    (selected, paths) = (0, [])
  }

  /// Takes what a path may become.
  ///
  /// - Parameters:
  ///   - typed: The path that was to be completed; another is left as it is.
  ///   - completed: What all candidates begin with.
  public mutating func complete(_ typed: String, to completed: String, candidates: [String]) {
    guard let command, command.argument == .path, argument == typed else { return }
    input.setText("\(command.name) \(completed)")
    (paths, selected) = (candidates.count > 1 ? candidates : [], 0)
  }

  private mutating func complete() -> Outcome {
    if let command {
      switch command.argument {
      case .none, .text: break
      case .path:
        guard paths.indices.contains(selected), selected > 0 else {
          return .complete(path: argument)
        }
        let folder = argument.lastIndex(of: "/").map { argument[...$0] } ?? ""
        input.setText("\(command.name) \(folder)\(paths[selected])")
        paths = []
      case .words:
        guard let words = argumentMatches, words.indices.contains(selected) else { break }
        input.setText("\(command.name) \(words[selected])")
      }
      selected = 0
      return .open
    }
    guard matches.indices.contains(selected) else { return .open }
    let entry = matches[selected]
    input.setText(entry.name + (entry.argument == .none ? "" : " " + argument))
    selected = 0
    return .open
  }

  private mutating func submit() -> Outcome {
    let name = typedName
    guard !input.text.isEmpty else { return .cancelled }
    // A word that was gone to counts as typed, and so does the only one that fits.
    if let command, case .words = command.argument, let words = argumentMatches,
      selected > 0 || words.count == 1 && !argument.isEmpty, words.indices.contains(selected)
    {
      return .run(name: command.name, argument: words[selected])
    }
    // A name typed in full wins over the selection, unless another was gone to.
    let exact = selected == 0 ? entries.first { $0.name == name } : nil
    guard
      let entry = command ?? exact ?? (matches.indices.contains(selected) ? matches[selected] : nil)
    else { return .unknown(name) }
    if !entry.isComplete, argument.isEmpty, exact == nil, command == nil { return complete() }
    return .run(name: entry.name, argument: argument)
  }

  // MARK: Drawing

  /// Rows of matches at most.
  private static let rowLimit = 10

  /// Draws the line in the last row of an area, and the matches above it.
  public func draw(in buffer: inout CellBuffer, area: Rectangle) {
    guard !area.isEmpty else { return }
    let rows = min(rowCount, Self.rowLimit, max(area.height - 1, 0))
    let offset = TableState.offset(0, selected: selected, count: rowCount, page: rows)
    for index in offset..<(offset + rows) {
      let line = Rectangle(
        column: area.column, row: area.endRow - 1 - rows + index - offset, width: area.width,
        height: 1)
      buffer.fill(line, style: Style(index == selected ? .selection : .dialog))
      if let words = argumentMatches {
        buffer.write(
          " \(words[index])", column: line.column, row: line.row,
          style: Style(index == selected ? .selection : .dialog), clip: line)
      } else {
        draw(matches[index], in: &buffer, line: line, isSelected: index == selected)
      }
      buffer.setGround(.dialog, in: line)
      buffer.addTarget(line, .row(index, selected: selected))
    }
    input.draw(in: &buffer, area: area.inset(top: area.height - 1), prompt: ":")
    if let command, argument.isEmpty, rowCount == 0, command.argument != .none {
      let hint = command.argument == .path ? "a path; Tab completes it" : command.help
      let column = area.column + 1 + CharacterWidth.columns(of: input.text) + 1
      buffer.write(
        hint, column: column, row: area.endRow - 1, style: Style(.placeholder), clip: area)
    }
  }

  private func draw(
    _ entry: Entry, in buffer: inout CellBuffer, line: Rectangle, isSelected: Bool
  ) {
    let nameWidth = entries.map { CharacterWidth.columns(of: $0.name) }.max() ?? 0
    let keyWidth = CharacterWidth.columns(of: entry.keyText)
    let name = CharacterWidth.pad(entry.name, to: nameWidth)
    let end = buffer.write(
      " \(name)  ", column: line.column, row: line.row,
      style: Style(isSelected ? .selection : .dialog), clip: line)
    for position in FuzzyMatcher.match(typedName, in: entry.name)?.positions ?? [] {
      let letter = Rectangle(
        column: line.column + 1 + position, row: line.row, width: 1, height: 1)
      buffer.restyle(letter) { $0.attributes.insert(.bold) }
    }
    let place = line.inset(left: end - line.column, right: keyWidth + 2)
    buffer.write(
      CharacterWidth.truncate(entry.help, to: place.width), column: place.column, row: line.row,
      style: Style(isSelected ? .selection : .secondary), clip: place)
    buffer.write(
      entry.keyText, column: line.endColumn - keyWidth - 1, row: line.row,
      style: Style(isSelected ? .selection : .key), clip: line)
  }
}
