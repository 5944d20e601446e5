import RunKit
import TerminalUI

/// Where the clips of a tree stand in its filmstrip: time runs to the right, a slot for each clip of a branch;
/// a clip's first continuation goes on in its row, each other one begins a row below, at its own time.
///
///     A1 A2 A3 A4
///           B3 B4
package struct FilmGrid: Sendable, Hashable {
  /// A clip and its place.
  package struct Place: Sendable, Hashable {
    package var node: TreeOutline.Node
    /// Row and slot, from 0.
    package var row: Int
    package var slot: Int
    /// The node that it continues.
    package var parent: String?
    /// The row that it branches off from; `nil` for one that goes on in its row.
    package var branchRow: Int?
    /// What it is called where nothing else tells.
    package var id: String { node.id }
  }

  /// All places, row by row as branches were begun.
  package private(set) var places: [Place] = []

  /// The places of a tree.
  package init(_ outline: TreeOutline?) {
    guard let outline else { return }
    var row = -1
    for (index, root) in outline.roots.enumerated() {
      row = add(root, outline, row: row + 1, slot: 0, parent: nil, branchRow: index == 0 ? nil : 0)
    }
  }

  /// Adds a node and what grows from it.
  ///
  /// - Returns: The last row that was used.
  private mutating func add(
    _ node: TreeOutline.Node, _ outline: TreeOutline, row: Int, slot: Int, parent: String?,
    branchRow: Int?
  ) -> Int {
    // One after the other, since a branch may be long: only forks go deeper.
    var forks: [(nodes: ArraySlice<TreeOutline.Node>, slot: Int, parent: String)] = []
    var here: TreeOutline.Node? = node
    var (slot, parent, branchRow) = (slot, parent, branchRow)
    while let node = here {
      places.append(
        Place(node: node, row: row, slot: slot, parent: parent, branchRow: branchRow))
      let continuations = outline.continuations(of: node)
      forks.append((continuations.dropFirst(), slot + 1, node.id))
      here = continuations.first
      (slot, parent, branchRow) = (slot + 1, node.id, nil)
    }
    var last = row
    // Those that leave later stand nearer, so that no line crosses another.
    for fork in forks.reversed() {
      for node in fork.nodes {
        last = add(
          node, outline, row: last + 1, slot: fork.slot, parent: fork.parent, branchRow: row)
      }
    }
    return last
  }

  /// Rows and slots in all.
  package var rowCount: Int { (places.map(\.row).max() ?? -1) + 1 }
  package var slotCount: Int { (places.map(\.slot).max() ?? -1) + 1 }

  /// The place of a node.
  package func place(of id: String?) -> Place? { places.first { $0.id == id } }

  /// Where a movement leads: left to what a clip continues, right to what continues it, up and down to the
  /// row above or below at the same time, or as near to it as that goes.
  package func moved(from id: String?, _ movement: Movement) -> String? {
    guard let here = place(of: id) ?? places.first else { return nil }
    let target: Place? =
      switch movement {
      case .left: place(of: here.parent)
      case .right: places.first { $0.parent == here.id }
      case .up, .pageUp: nearest(to: here, inRow: here.row - 1)
      case .down, .pageDown: nearest(to: here, inRow: here.row + 1)
      case .first: places.first { $0.row == here.row }
      case .last: places.last { $0.row == here.row }
      }
    return (target ?? here).id
  }

  private func nearest(to here: Place, inRow row: Int) -> Place? {
    places.filter { $0.row == row }.min { abs($0.slot - here.slot) < abs($1.slot - here.slot) }
  }
}
