/// One line of help: keys and what they do.
public struct HelpEntry: Sendable, Hashable {
  /// The keys, the one to name first.
  public var keys: [Key]
  /// One or two words, for the line of hints.
  public var name: String
  /// A short sentence, for the page of help.
  public var help: String
  /// What it is called where it is typed rather than pressed; empty for what is only a key.
  public var command: String

  /// A line of help.
  public init(keys: [Key], name: String, help: String, command: String = "") {
    self.keys = keys
    self.name = name
    self.help = help
    self.command = command
  }

  /// The keys as people write them, such as `j/Down`; the command where a user took all keys away.
  public var keyText: String {
    keys.isEmpty && !command.isEmpty
      ? ":\(command)" : keys.map(\.description).joined(separator: "/")
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
