import RunKit
import TerminalUI

/// The names in the folder of a path that is being typed, to choose from.
package struct PathMenu: Sendable, Hashable {
  /// The folder as it was typed, with its slash; empty for the one that the studio was started in.
  package let head: String
  /// All its names, folders with a slash at their end.
  private let names: [String]
  /// The chosen name, counted in those that are shown.
  package private(set) var selected: Int?

  package init(head: String, names: [String]) {
    self.head = head
    // The way up first, but from the root.
    self.names = (head == "/" ? [] : ["../"]) + names
  }

  /// The part of a path up to its last slash.
  static func head(of path: String) -> String { PathCompletion.parts(of: path).head }

  /// What follows the last slash.
  private static func stem(of path: String) -> String { PathCompletion.parts(of: path).stem }

  /// What is offered for a path: the names that begin as it ends. Where none does, a new file is meant, and
  /// the folders are offered that it may go into.
  package func offered(for path: String) -> [String] {
    let stem = Self.stem(of: path)
    let fitting = names.filter { $0.hasPrefix(stem) }
    return stem.isEmpty || !fitting.isEmpty ? fitting : names.filter { $0.hasSuffix("/") }
  }

  /// Moves along the names.
  package mutating func move(by step: Int, path: String) {
    let count = offered(for: path).count
    guard count > 0 else {
      selected = nil
      return
    }
    guard let old = selected else {
      // Up from the line is back to it; down passes by the way up, if there is something else.
      selected = step < 0 ? nil : count > 1 && path == head ? 1 : 0
      return
    }
    selected = old + step < 0 ? nil : min(old + step, count - 1)
  }

  /// Nothing is chosen any more, since something was typed.
  mutating func forgetChoice() { selected = nil }

  /// The path with the chosen name, and whether that is a folder to go on in; `nil` if none is chosen.
  package func chosen(for path: String) -> (path: String, isFolder: Bool)? {
    let offered = offered(for: path)
    guard let selected, offered.indices.contains(selected) else { return nil }
    let name = offered[selected]
    let stem = Self.stem(of: path)
    // What was typed of a new file goes along.
    let rest = name.hasPrefix(stem) ? "" : stem
    if name == "../" { return (above + rest, true) }
    return (head + name + rest, name.hasSuffix("/"))
  }

  /// The folder above.
  private var above: String {
    let parts = head.dropLast().split(separator: "/", omittingEmptySubsequences: false)
    guard let last = parts.last, !["", ".", "..", "~"].contains(last) else { return head + "../" }
    return parts.dropLast().map { "\($0)/" }.joined()
  }

  // MARK: Drawing

  /// Columns of one name, and how many names stand beside each other.
  private func shape(_ offered: [String], width: Int) -> (column: Int, count: Int) {
    let column = min((offered.map { CharacterWidth.columns(of: $0) }.max() ?? 0) + 2, max(width, 1))
    return (column, max(width / max(column, 1), 1))
  }

  /// Rows that the names take, at most as many as there are.
  func rows(for path: String, width: Int, atMost limit: Int) -> Int {
    let offered = offered(for: path)
    let columns = shape(offered, width: width).count
    return min((offered.count + columns - 1) / columns, limit)
  }

  /// Draws the page of names with the chosen one on it.
  func draw(for path: String, in buffer: inout CellBuffer, area: Rectangle) {
    let offered = offered(for: path)
    let (width, columns) = shape(offered, width: area.width)
    let shown = columns * area.height
    guard shown > 0 else { return }
    let first = (selected ?? 0) / shown * shown
    for (index, name) in offered.enumerated().dropFirst(first).prefix(shown) {
      let place = index - first
      let left = offered.count - index
      let isCut = place == shown - 1 && left > 1 && index != selected
      let row = Rectangle(
        column: area.column + place % columns * width, row: area.row + place / columns,
        width: width - 1, height: 1)
      if index == selected { buffer.fill(row, style: Style(.selection)) }
      buffer.write(
        CharacterWidth.truncate(isCut ? "\(left) more" : name, to: row.width), column: row.column,
        row: row.row,
        style: Style(
          index == selected ? .selection : name.hasSuffix("/") && !isCut ? .accent : .secondary),
        clip: area)
    }
  }
}
