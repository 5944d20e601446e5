import Yams

/// A YAML or JSON text as a tree of nodes whose aliases are resolved, within bounds.
///
/// A short text with anchors can stand for a tree without end ("a billion laughs"), and the parser
/// compares such trees where they are keys. So aliases are taken out of the text before it is parsed,
/// and put back afterwards while every node that they stand for is counted.
package struct YAMLDocument {
  /// The outermost node.
  package let root: Node

  /// Why a text cannot be used, as the end of a sentence.
  package struct Problem: Error, CustomStringConvertible {
    package let description: String
  }

  /// Bytes of a text; the authors' files have a thousand.
  package static let byteLimit = 1 << 18
  /// Nodes of a tree, each counted as often as an alias stands for it.
  static let nodeLimit = 50_000
  /// Mappings and lists within each other.
  static let depthLimit = 64

  /// Parses a text.
  ///
  /// - Throws: ``Problem``.
  package init(_ text: String) throws(Problem) {
    guard text.utf8.count <= Self.byteLimit else {
      throw Problem(description: "is larger than \(Self.byteLimit >> 10) KiB")
    }
    // No plain scalar begins with an asterisk, so what begins with the mark afterwards was an alias.
    // Scalars of Unicode, because a character may be an asterisk with something that joins it.
    var marked = String.UnicodeScalarView()
    marked.append(
      contentsOf: text.unicodeScalars.lazy.map { $0 == "*" ? AliasResolver.mark : $0 })
    let parser: Parser
    let tree: Node?
    do {
      parser = try Parser(yaml: String(marked))
      tree = try parser.singleRoot()
    } catch {
      let reason = "\(error)".split(whereSeparator: \.isNewline).joined(separator: " ")
      throw Problem(description: "is neither JSON nor YAML (\(reason.prefix(200)))")
    }
    guard let tree else { throw Problem(description: "is empty") }
    var resolver = AliasResolver()
    root = try resolver.resolved(tree, depth: 0).node
    // Nodes only borrow their anchors from it.
    withExtendedLifetime(parser) {}
  }
}

/// Puts the nodes that aliases stand for in their places.
private struct AliasResolver {
  typealias Problem = YAMLDocument.Problem

  /// Stands for the asterisk: a character for private use, which YAML allows and nobody types.
  static let mark: Unicode.Scalar = "\u{E000}"

  /// Nodes that have an anchor, with the number of nodes that they stand for.
  private var anchored: [String: (node: Node, size: Int)] = [:]

  /// A node with all aliases below it resolved.
  mutating func resolved(
    _ node: Node, depth: Int
  ) throws(Problem) -> (node: Node, size: Int) {
    guard depth <= YAMLDocument.depthLimit else {
      throw Problem(description: "is nested more than \(YAMLDocument.depthLimit) deep")
    }
    var size = 1
    let result: Node
    switch node {
    case .scalar(let scalar):
      let letters = scalar.string.unicodeScalars
      if scalar.style == .plain, letters.first == Self.mark {
        guard let target = anchored[String(letters.dropFirst())] else {
          throw Problem(description: "uses an alias that stands for nothing")
        }
        return target
      }
      result = .scalar(Self.restored(scalar))
    case .sequence(let sequence):
      var members: [Node] = []
      for member in sequence {
        let (node, count) = try resolved(member, depth: depth + 1)
        try add(count, to: &size)
        members.append(node)
      }
      result = .sequence(Node.Sequence(members, sequence.tag, sequence.style, sequence.mark))
    case .mapping(let mapping):
      var pairs: [(Node, Node)] = []
      var merged: [Node] = []
      for (key, value) in mapping {
        guard case .scalar = key else {
          throw Problem(description: "has a key that is a list or a mapping")
        }
        let (name, nameSize) = try resolved(key, depth: depth + 1)
        guard case .scalar(let text) = name else {
          throw Problem(description: "has a key that is a list or a mapping")
        }
        let (member, count) = try resolved(value, depth: depth + 1)
        try add(count + nameSize, to: &size)
        if text.style == .plain, text.string == "<<" {
          merged += member.sequence.map(Array.init) ?? [member]
        } else {
          pairs.append((name, member))
        }
      }
      Self.merge(merged, into: &pairs)
      result = .mapping(Node.Mapping(pairs, mapping.tag, mapping.style, mapping.mark))
    case .alias:
      throw Problem(description: "uses an alias in a form that is not understood")
    }
    if let anchor = node.anchor { anchored[anchor.rawValue] = (result, size) }
    return (result, size)
  }

  /// A scalar with the asterisks that it had.
  private static func restored(_ scalar: Node.Scalar) -> Node.Scalar {
    guard scalar.string.unicodeScalars.contains(mark) else { return scalar }
    var restored = scalar
    var text = String.UnicodeScalarView()
    text.append(contentsOf: scalar.string.unicodeScalars.lazy.map { $0 == mark ? "*" : $0 })
    restored.string = String(text)
    // A change of the text forgets the tag.
    restored.tag = scalar.tag
    return restored
  }

  /// Counts nodes.
  private func add(_ count: Int, to size: inout Int) throws(Problem) {
    size += count
    guard size <= YAMLDocument.nodeLimit else {
      throw Problem(
        description: "stands for more than \(YAMLDocument.nodeLimit) values, aliases counted")
    }
  }

  /// Adds the members of mappings that were named with `<<`; the mapping's own members come before
  /// theirs, and the first of them before the next.
  private static func merge(_ mappings: [Node], into pairs: inout [(Node, Node)]) {
    guard !mappings.isEmpty else { return }
    var known = Set(pairs.compactMap { $0.0.scalar?.string })
    for mapping in mappings {
      for (key, value) in mapping.mapping ?? [:] {
        if let name = key.scalar?.string, known.insert(name).inserted { pairs.append((key, value)) }
      }
    }
  }
}
