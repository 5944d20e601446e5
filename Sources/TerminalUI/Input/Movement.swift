/// The movements that lists, trees and panes share, and the keys for them.
public enum Movement: Sendable, Hashable, CaseIterable {
  case up, down, left, right, pageUp, pageDown, first, last

  /// The movement of a key, or nil.
  public init?(_ key: Key) {
    guard let movement = Self.allCases.first(where: { $0.keys.contains(key) }) else { return nil }
    self = movement
  }

  /// The keys for this movement, the one to name first.
  public var keys: [Key] {
    switch self {
    case .up: [.character("k"), .up]
    case .down: [.character("j"), .down]
    case .left: [.character("h"), .left]
    case .right: [.character("l"), .right]
    case .pageUp: [.pageUp, .control("u")]
    case .pageDown: [.pageDown, .control("d")]
    case .first: [.character("g"), .home]
    case .last: [.character("G"), .end]
    }
  }

  /// An index moved within `count` rows, of which `page` are seen at once. Left and right, and
  /// any movement in an empty list, leave it where it is.
  public func applied(to index: Int, count: Int, page: Int) -> Int {
    guard count > 0 else { return 0 }
    let target =
      switch self {
      case .up: index - 1
      case .down: index + 1
      case .pageUp: index - max(page - 1, 1)
      case .pageDown: index + max(page - 1, 1)
      case .first: 0
      case .last: count - 1
      case .left, .right: index
      }
    return min(max(target, 0), count - 1)
  }

  /// Entries for a help page.
  public static let helpEntries: [HelpEntry] = [
    HelpEntry(keys: down.keys + up.keys, name: "move", help: "down and up"),
    HelpEntry(keys: [.pageDown, .pageUp], name: "page", help: "a page down and up"),
    HelpEntry(keys: [.character("g"), .character("G")], name: "ends", help: "to the first, last"),
    HelpEntry(keys: [.character("/")], name: "search", help: "search in this list"),
    HelpEntry(
      keys: [.character("n"), .character("N")], name: "next", help: "to the next, last match"),
  ]
}
