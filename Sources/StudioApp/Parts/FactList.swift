import TerminalUI

/// Names and values below each other, the values in one column.
package struct FactList: Sendable, Hashable {
  /// A name and its value.
  package struct Fact: Sendable, Hashable {
    package var name: String
    package var value: String
    package var role: Role

    package init(_ name: String, _ value: String, role: Role = .text) {
      self.name = name
      self.value = value
      self.role = role
    }
  }

  /// The facts from top to bottom.
  package var facts: [Fact]

  package init(_ facts: [Fact]) { self.facts = facts }

  /// Draws as many as there are rows for.
  package func draw(in buffer: inout CellBuffer, area: Rectangle) {
    let width = facts.map { CharacterWidth.columns(of: $0.name) }.max() ?? 0
    for (index, fact) in facts.prefix(area.height).enumerated() {
      let row = area.row + index
      buffer.write(fact.name, column: area.column, row: row, style: Style(.secondary), clip: area)
      buffer.write(
        CharacterWidth.truncate(fact.value, to: area.width - width - 2),
        column: area.column + width + 2, row: row, style: Style(fact.role), clip: area)
    }
  }
}
