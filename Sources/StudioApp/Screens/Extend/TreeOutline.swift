import RunKit
import StudioKit
import TerminalUI

/// A tree of clips as it is drawn: at each place the roll last visited, each line of clips with a
/// letter of its own, lettered in the order in which they were begun.
package struct TreeOutline: Sendable, Hashable {
  /// A clip, or the one that is being made, and what grows from it.
  package struct Node: Sendable, Hashable {
    /// The clip; `nil` for the one that is being made.
    package var clip: ClipID?
    /// What it is called: `B3`.
    package var label: String
    /// How far the one is that is being made: `37%`.
    package var note = ""
    /// Which of the tries at its place it is, from 1, and of how many.
    package var roll = 1
    package var rollCount = 1

    /// A name that is unique in the tree.
    package var id: String { clip.map { "\($0.rawValue)" } ?? TreeOutline.growthID }
  }

  /// A clip that is being made, and where.
  package struct Growth: Sendable, Hashable {
    /// The clip that it continues; `nil` at the start.
    package var parent: ClipID?
    /// Which continuation.
    package var fork: Int
    /// How far it is: `37%`.
    package var note: String

    package init(parent: ClipID?, fork: Int, note: String) {
      self.parent = parent
      self.fork = fork
      self.note = note
    }
  }

  /// The name of the node of the clip that is being made.
  package static let growthID = "job"

  /// Where it begins.
  package var roots: [Node] { nodes(after: nil) }
  /// What each clip in sight is called: `B3`.
  package private(set) var labels: [ClipID: String] = [:]
  /// What the clip that is being made is called.
  package private(set) var growthLabel: String?

  /// A line begins where a continuation is not its clip's first.
  private struct Line: Hashable {
    var parent: ClipID?
    var fork: Int
  }

  private let tree: ClipTree
  private let growth: Growth?
  private let children: [ClipID?: [Clip]]
  private var lines: [ClipID: Line] = [:]
  private var letters: [Line: String] = [:]

  /// Outlines a tree in which a clip may be growing.
  package init(_ tree: ClipTree, growth: Growth? = nil) {
    self.tree = tree
    self.growth = growth
    let clips = tree.visible
    children = Dictionary(grouping: clips, by: \.parent)
    // A clip is always made after the one that it continues.
    for clip in clips {
      let line = line(parent: clip.parent, fork: clip.fork)
      lines[clip.id] = line
      labels[clip.id] = letter(of: line) + "\(clip.index + 1)"
    }
    if let growth {
      let index = growth.parent.flatMap { tree.clips[$0]?.index }.map { $0 + 1 } ?? 0
      let line = line(parent: growth.parent, fork: growth.fork)
      growthLabel = letter(of: line) + "\(index + 1)"
    }
  }

  /// What continues a node; the first goes on in its row.
  package func continuations(of node: Node) -> [Node] {
    node.clip.map { nodes(after: $0) } ?? []
  }

  private func line(parent: ClipID?, fork: Int) -> Line {
    let first = children[parent]?.map(\.fork).min() ?? fork
    if let parent, fork <= first, let line = lines[parent] { return line }
    return Line(parent: parent, fork: fork)
  }

  private mutating func letter(of line: Line) -> String {
    if let letter = letters[line] { return letter }
    let letter = Self.letter(letters.count)
    letters[line] = letter
    return letter
  }

  /// A to Z, then AA and so on.
  private static func letter(_ index: Int) -> String {
    let last = String(UnicodeScalar(UInt8(65 + index % 26)))
    return index < 26 ? last : letter(index / 26 - 1) + last
  }

  private func nodes(after parent: ClipID?) -> [Node] {
    let forks = Dictionary(grouping: children[parent] ?? [], by: \.fork)
    var nodes = forks.keys.sorted().compactMap { fork -> Node? in
      let rolls = forks[fork] ?? []
      return tree.chosen(among: rolls).map { node($0, rolls: rolls) }
    }
    if let growth, let growthLabel, growth.parent == parent {
      // Another roll of a place stands below it while it is made.
      let place = growth.fork
      let index = forks.keys.sorted().firstIndex { $0 > place } ?? nodes.count
      nodes.insert(
        Node(clip: nil, label: growthLabel, note: growth.note), at: index)
    }
    return nodes
  }

  private func node(_ clip: Clip, rolls: [Clip]) -> Node {
    Node(
      clip: clip.id, label: labels[clip.id] ?? "",
      roll: (rolls.firstIndex { $0.id == clip.id } ?? 0) + 1, rollCount: rolls.count)
  }

  /// What the clip is called at which a clip's line leaves another; `nil` on the first line.
  package func origin(of clip: ClipID) -> String? {
    lines[clip]?.parent.flatMap { labels[$0] }
  }
}
