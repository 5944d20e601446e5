/// The tensors of a checkpoint's tree in a row, and what stands where a tensor might.
struct TensorLeaves {
  /// A tensor, or something in its place.
  struct Leaf {
    /// The keys that lead there, joined by dots.
    let name: String
    /// The container that holds it, by its position in `paths`.
    let container: Int
    /// Nil for something that is no tensor that can be read.
    let tensor: TensorEntry?
    /// What stands there if it is none.
    let kind: String
  }

  private(set) var leaves: [Leaf] = []
  /// The keys that lead to each container, joined by dots.
  private(set) var paths: [String] = []

  /// Collects the leaves of a tree, in order.
  init(_ root: CheckpointValue) { collect(root, "", container: 0) }

  private mutating func collect(_ value: CheckpointValue, _ name: String, container: Int) {
    switch value {
    case .tensor(let entry):
      leaves.append(Leaf(name: name, container: container, tensor: entry, kind: ""))
    case .opaque(let kind):
      leaves.append(Leaf(name: name, container: container, tensor: nil, kind: kind))
    case .dictionary(let members):
      paths.append(name)
      let own = paths.count - 1
      for member in members {
        collect(member.value, CheckpointValue.joined(name, member.key), container: own)
      }
    case .list(let values):
      // Of a long list of plain values (a history of losses) nothing is a leaf.
      paths.append(name)
      let own = paths.count - 1
      for (index, value) in values.enumerated() where value.mayHoldTensors {
        collect(value, CheckpointValue.joined(name, String(index)), container: own)
      }
    default: break
    }
  }

  /// Where tensors stand and how many: the keys that lead to them, without the last and without numbers,
  /// in the file's order. Eight at most, then how many more.
  var groups: [String] {
    var order: [String] = []
    var counts: [String: Int] = [:]
    for leaf in leaves where leaf.tensor != nil {
      let path = Self.group(of: leaf.name)
      if counts.updateValue(counts[path, default: 0] + 1, forKey: path) == nil {
        order.append(path)
      }
    }
    let listed = order.prefix(8).map { path in
      let count = counts[path, default: 0]
      return "\(count) tensor\(count == 1 ? "" : "s") "
        + (path.isEmpty ? "at the top" : "under \(path.quotedForMessage)")
    }
    return order.count > 8 ? listed + ["\(order.count - 8) more groups"] : listed
  }

  /// The beginning of a name that says to which module it belongs.
  private static func group(of name: String) -> String {
    // Three parts tell the first two; the rest of a long name is not looked at.
    let parts = name.split(separator: ".", maxSplits: 2)
    return parts.dropLast().prefix { !$0.allSatisfy(\.isNumber) }.joined(separator: ".")
  }
}

extension CheckpointValue {
  fileprivate var mayHoldTensors: Bool {
    switch self {
    case .tensor, .opaque, .dictionary, .list: true
    default: false
    }
  }
}
