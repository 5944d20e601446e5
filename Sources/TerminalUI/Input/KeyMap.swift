/// One line of help: keys and what they do.
public struct HelpEntry: Sendable, Hashable {
  /// The keys, the one to name first.
  public var keys: [Key]
  /// One or two words, for the line of hints.
  public var name: String
  /// A short sentence, for the page of help.
  public var help: String

  /// A line of help.
  public init(keys: [Key], name: String, help: String) {
    self.keys = keys
    self.name = name
    self.help = help
  }

  /// The keys as people write them, such as `j/Down`.
  public var keyText: String { keys.map(\.description).joined(separator: "/") }
}

/// Keys and what they mean on one screen.
public struct KeyBinding<Action: Sendable>: Sendable {
  /// Keys, name and help.
  public var entry: HelpEntry
  /// What the keys mean.
  public var action: Action

  /// - Parameters:
  ///   - keys: all keys for the action, the one to name first.
  ///   - name: one or two words for the line of hints; empty to leave it out there.
  ///   - help: a short sentence for the page of help.
  public init(_ keys: [Key], name: String, help: String, _ action: Action) {
    entry = HelpEntry(keys: keys, name: name, help: help)
    self.action = action
  }
}

/// The table of a screen's keys, from which both dispatch and help are made, so that help is
/// never wrong.
public struct KeyMap<Action: Sendable>: Sendable {
  /// Heading on the page of help.
  public var title: String
  /// The bindings in the order of the help page.
  public var bindings: [KeyBinding<Action>]

  /// A table with a heading.
  public init(title: String, _ bindings: [KeyBinding<Action>]) {
    self.title = title
    self.bindings = bindings
  }

  /// What a key means here, or nil. The first binding wins.
  public func action(for key: Key) -> Action? {
    bindings.first { $0.entry.keys.contains(key) }?.action
  }

  /// Keys that stand in more than one binding, which is a mistake in the table.
  public var duplicates: Set<Key> {
    var seen: Set<Key> = []
    var twice: Set<Key> = []
    for key in bindings.flatMap(\.entry.keys) where !seen.insert(key).inserted {
      twice.insert(key)
    }
    return twice
  }

  /// The section for a page of help.
  public var helpSection: HelpSection {
    HelpSection(title: title, entries: bindings.map(\.entry))
  }
}

/// A heading and its lines on a page of help.
public struct HelpSection: Sendable, Hashable {
  /// The heading.
  public var title: String
  /// Its lines.
  public var entries: [HelpEntry]

  /// A section of a help page.
  public init(title: String, entries: [HelpEntry]) {
    self.title = title
    self.entries = entries
  }
}

/// The line of hints at the bottom of a screen.
public enum HintLine {
  /// Draws as many hints as fit: the first key of each entry and its name.
  ///
  /// - Parameter pinned: Entries that stand at the right whatever else there is.
  public static func draw(
    _ entries: [HelpEntry], pinned: [HelpEntry] = [], in buffer: inout CellBuffer, area: Rectangle
  ) {
    let pinned = pinned.filter { !$0.name.isEmpty && !$0.keys.isEmpty }
    let pinnedWidth = pinned.reduce(0) { $0 + width(of: $1) } + 2 * max(pinned.count - 1, 0)
    let right = max(area.endColumn - pinnedWidth, area.column)
    let place = Rectangle(
      column: area.column, row: area.row,
      width: max(right - area.column - (pinned.isEmpty ? 0 : 2), 0), height: area.height)
    write(entries, in: &buffer, area: place)
    write(
      pinned, in: &buffer,
      area: Rectangle(
        column: right, row: area.row, width: area.endColumn - right, height: area.height))
  }

  private static func width(of entry: HelpEntry) -> Int {
    let key = entry.keys.first?.description ?? ""
    return CharacterWidth.columns(of: key) + 1 + CharacterWidth.columns(of: entry.name)
  }

  private static func write(
    _ entries: [HelpEntry], in buffer: inout CellBuffer, area: Rectangle
  ) {
    var column = area.column
    for entry in entries where !entry.name.isEmpty {
      guard let key = entry.keys.first?.description else { continue }
      guard column + width(of: entry) <= area.endColumn else { return }
      column = buffer.write(key, column: column, row: area.row, style: Style(.key), clip: area)
      column = buffer.write(
        " \(entry.name)  ", column: column, row: area.row, style: Style(.secondary), clip: area)
    }
  }
}
