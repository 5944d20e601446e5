import TerminalUI

/// Which keys mean which action: the program's, and where a user chose others in `keys.toml`, those.
package struct KeyChoices: Sendable, Hashable {
  /// The keys of the actions that a user chose keys for.
  private let chosen: [ActionName: [Key]]
  /// What was wrong with the file, with its lines.
  package let problems: [String]

  /// The program's own keys.
  package init() { (chosen, problems) = ([:], []) }

  /// The keys of a file.
  package init(_ content: KeyFile.Content) {
    var chosen: [ActionName: [Key]] = [:]
    var problems = content.problems
    for (name, keys) in content.keys.sorted(by: { $0.key < $1.key }) {
      guard let action = ActionName(rawValue: name) else { continue }
      let fixed = keys.filter(Self.fixed.contains)
      for key in fixed {
        problems.append(
          "\(content.places[name] ?? name): \(key) moves, leaves or chooses everywhere and stays so"
        )
      }
      let free = keys.filter { !Self.fixed.contains($0) }
      if keys.isEmpty || !free.isEmpty { chosen[action] = free }
    }
    // One that nothing could be asked with any more would be missed too late.
    for action in [ActionName.help, .palette, .quit] where chosen[action]?.isEmpty == true {
      problems.append(
        "\(content.places[action.rawValue] ?? action.rawValue): '\(action.rawValue)' needs a key and keeps its own"
      )
      chosen[action] = nil
    }
    self.chosen = chosen
    self.problems = problems + Self.clashes(chosen, content.places)
  }

  /// Keys whose meaning is not an action's.
  private static let fixed = Set(Movement.allCases.flatMap(\.keys)).union([
    .escape, .enter, .tab, .backTab, .control("c"),
  ]).union((0...9).map { .character(Character("\($0)")) })

  /// Says which of the chosen keys mean two things in one place.
  private static func clashes(
    _ chosen: [ActionName: [Key]], _ places: [String: String]
  ) -> [String] {
    let choices = KeyChoices(chosen)
    var said: Set<String> = []
    for section in ActionRegistry.sections {
      let entries = section.entries + ActionRegistry.studio.entries
      for (action, keys) in chosen.sorted(by: { $0.key.rawValue < $1.key.rawValue })
      where section.row(action) != nil || ActionRegistry.studio.row(action) != nil {
        for key in keys {
          let other = entries.first {
            $0.command != action.rawValue && choices.shown($0).keys.contains(key)
          }
          guard let other, !other.command.isEmpty else { continue }
          let place = places[action.rawValue] ?? action.rawValue
          said.insert("\(place): \(key) is also '\(other.command)', which must get another key")
        }
      }
    }
    return said.sorted()
  }

  private init(_ chosen: [ActionName: [Key]]) { (self.chosen, problems) = (chosen, []) }

  /// What sentences call the key of an action: the first of its keys, or the command that does it where
  /// a user took them all away.
  package subscript(action: ActionName) -> String { text(of: action) }

  /// How an action is asked for, and how often: `4R`, or `:reroll 4` where it has no key.
  package func text(of action: ActionName, times: Int? = nil) -> String {
    let count = times.map(String.init)
    guard let key = (chosen[action] ?? action.keys).first else {
      return ":" + [action.rawValue, count].compactMap { $0 }.joined(separator: " ")
    }
    return (count ?? "") + key.description
  }

  /// A line that tells the keys of an action and what they do about something that is missing.
  func line(_ action: ActionName, _ help: String) -> HelpEntry { shown(action.row("", help)) }

  /// A line of a table with the keys that it has for this user.
  package func shown(_ entry: HelpEntry) -> HelpEntry {
    guard let action = ActionName(rawValue: entry.command), let keys = chosen[action] else {
      return entry
    }
    var entry = entry
    // Keys of the place, such as Enter, stay.
    entry.keys = keys + entry.keys.filter { !action.keys.contains($0) }
    return entry
  }

  /// A table with the keys that it has for this user.
  package func shown(_ section: HelpSection) -> HelpSection {
    HelpSection(title: section.title, entries: section.entries.map(shown))
  }

  /// What a key means where these tables count.
  package enum Meaning: Sendable, Hashable {
    case action(ActionName)
    /// It was that of an action which has another one now.
    case given
    /// No action.
    case none
  }

  /// What a key means where these tables count.
  package func meaning(of key: Key, in sections: [HelpSection]) -> Meaning {
    var wasGiven = false
    for entry in sections.lazy.flatMap(\.entries) {
      guard let action = ActionName(rawValue: entry.command) else { continue }
      if shown(entry).keys.contains(key) { return .action(action) }
      if entry.keys.contains(key) { wasGiven = true }
    }
    return wasGiven ? .given : .none
  }
}
