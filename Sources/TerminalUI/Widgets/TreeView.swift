/// A tree that grows to the right: a node's first child continues its line, the others branch
/// off below.
///
///     A1 - A2 - A3*
///           `-- B3 - B4
public struct TreeView: Sendable, Hashable {
  /// A node and what grows from it.
  public struct Node: Sendable, Hashable, Identifiable {
    /// A name that is unique in the tree.
    public let id: String
    /// What is drawn.
    public var label: String
    /// How it is drawn unless it is selected.
    public var role: Role
    /// What grows from it; the first continues its line.
    public var children: [Node]

    /// A node.
    public init(id: String, label: String, role: Role = .text, children: [Node] = []) {
      self.id = id
      self.label = label
      self.role = role
      self.children = children
    }
  }

  /// Where a node stands.
  public struct Place: Sendable, Hashable {
    /// The node.
    public var id: String
    /// Row of the tree, from 0.
    public var row: Int
    /// Column of its label, from 0.
    public var column: Int
    /// The node it grows from, or nil.
    public var parent: String?
    var width: Int
    var label: String
    var role: Role
    /// Row of the line that this node branches off from; nil for a first child.
    var branchRow: Int?
  }

  /// The nodes that grow from nothing, one below the other.
  public var roots: [Node]
  /// The selected node, or nil for none.
  public var selected: String?
  /// Text after the selected node, such as `<- here`.
  public var selectionNote: String

  /// The node that a sign before its label marks, such as what is playing; nil for none.
  public var marked: String?

  /// A tree.
  public init(
    roots: [Node], selected: String? = nil, selectionNote: String = "", marked: String? = nil
  ) {
    self.roots = roots
    self.selected = selected
    self.selectionNote = selectionNote
    self.marked = marked
  }

  /// All nodes with their places, in reading order of the branches.
  public var places: [Place] {
    var places: [Place] = []
    var row = 0
    for root in roots {
      row = place(root, row: row, column: 0, parent: nil, branchRow: nil, into: &places) + 1
    }
    return places
  }

  /// Places a node and all that grows from it, and returns the last row used.
  private func place(
    _ node: Node, row: Int, column: Int, parent: String?, branchRow: Int?,
    into places: inout [Place]
  ) -> Int {
    let width = CharacterWidth.columns(of: node.label)
    places.append(
      Place(
        id: node.id, row: row, column: column, parent: parent, width: width, label: node.label,
        role: node.role, branchRow: branchRow))
    var last = row
    for (index, child) in node.children.enumerated() {
      last = place(
        child, row: index == 0 ? row : last + 1, column: column + width + 3, parent: node.id,
        branchRow: index == 0 ? nil : row, into: &places)
    }
    return last
  }

  /// Handles a movement: left to the parent, right to the first child, up and down to the
  /// nearest node of the next line.
  ///
  /// - Returns: whether the key was a movement.
  public mutating func handle(_ key: Key) -> Bool {
    guard let movement = Movement(key) else { return false }
    let places = places
    guard let here = places.first(where: { $0.id == selected }) ?? places.first else {
      return true
    }
    let target: Place? =
      switch movement {
      case .left: places.first { $0.id == here.parent }
      case .right: places.first { $0.parent == here.id }
      case .up, .pageUp: Self.nearest(to: here, of: places, inRow: here.row - 1)
      case .down, .pageDown: Self.nearest(to: here, of: places, inRow: here.row + 1)
      case .first: places.first
      case .last: places.last { $0.row == here.row }
      }
    selected = (target ?? here).id
    return true
  }

  private static func nearest(to here: Place, of places: [Place], inRow row: Int) -> Place? {
    places.filter { $0.row == row }.min {
      abs($0.column - here.column) < abs($1.column - here.column)
    }
  }

  /// Draws the tree, scrolled so that the selected node is seen.
  public func draw(in buffer: inout CellBuffer, area: Rectangle, isFocused: Bool = true) {
    guard !area.isEmpty else { return }
    let places = places
    let here = places.first { $0.id == selected }
    let scrollRow = max((here?.row ?? 0) - area.height + 1, 0)
    let needed = (here.map { $0.column + $0.width } ?? 0) + selectionNote.count + 2
    let scrollColumn = min(max(needed - area.width, 0), here?.column ?? 0)
    let line = Style(.border)
    for place in places {
      let row = area.row + place.row - scrollRow
      let column = area.column + place.column - scrollColumn
      if let branchRow = place.branchRow {
        let corner = column - 4
        for between in (branchRow + 1)..<place.row
        where buffer.bounds.contains(column: corner, row: area.row + between - scrollRow) {
          buffer.put(
            Cell("|", style: line), column: corner, row: area.row + between - scrollRow, clip: area)
        }
        buffer.write("`-- ", column: corner, row: row, style: line, clip: area)
      } else if place.parent != nil {
        buffer.write(" - ", column: column - 3, row: row, style: line, clip: area)
      }
      let selection: Role = isFocused ? .selection : .selectionInactive
      let end = buffer.write(
        place.label, column: column, row: row,
        style: Style(place.id == selected ? selection : place.role), clip: area)
      if place.id == marked {
        // In the gap before it, or at the start of the line in place of nothing: labels keep their places.
        let sign = max(column - 1, area.column)
        if sign < column {
          buffer.write(">", column: sign, row: row, style: Style(.accent), clip: area)
        } else {
          buffer.restyle(
            Rectangle(column: column, row: row, width: place.width, height: 1).intersection(area)
          ) { $0.attributes.insert(.underline) }
        }
      }
      if place.id == selected, !selectionNote.isEmpty,
        !places.contains(where: { $0.row == place.row && $0.column > place.column })
      {
        buffer.write(
          "  \(selectionNote)", column: end, row: row, style: Style(.secondary), clip: area)
      }
    }
  }
}
