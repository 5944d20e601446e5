import TensorCore

/// Turns what the pickle machine made into a tree of values and tensors, checking each tensor
/// against the bytes of its storage.
///
/// A pickle may refer to one object from many places and even from within itself, so the tree is
/// bounded in depth and in size.
struct PickleTree {
  /// Where a storage's bytes lie: in the file, or in a record of it.
  struct Place {
    let range: Range<Int>
    /// The position of the record from whose start `range` counts; nil for the file itself.
    let record: Int?
  }

  private let heap: PickleHeap
  private let locate: (PickleStorage) throws(CheckpointError.Kind) -> Place
  private var budget = budgetLimit
  private static let budgetLimit = 1_000_000
  private static let depthLimit = 48
  private static let nameLimit = 4096

  /// Uses `locate` to find the bytes of a storage.
  init(
    heap: PickleHeap,
    locate: @escaping (PickleStorage) throws(CheckpointError.Kind) -> Place
  ) {
    self.heap = heap
    self.locate = locate
  }

  /// The value of `object`, found under `name`.
  mutating func value(
    _ object: PickleObject, name: String = "", depth: Int = 0
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    guard depth <= Self.depthLimit else {
      throw .limitExceeded(what: "the depth of the pickle", limit: Self.depthLimit)
    }
    guard name.utf8.count <= Self.nameLimit else {
      throw .limitExceeded(what: "the length of a tensor's name", limit: Self.nameLimit)
    }
    budget -= 1 + name.utf8.count / 64
    guard budget >= 0 else {
      throw .limitExceeded(what: "the number of values", limit: Self.budgetLimit)
    }
    switch object {
    case .none: return .none
    case .boolean(let value): return .boolean(value)
    case .integer(let value): return .integer(value)
    case .wideInteger: return .opaque("an integer beyond 64 bits")
    case .float(let value): return .float(value)
    case .string(let value): return .string(value)
    case .bytes(let value): return .bytes(value)
    case .global(.opaque(let name)): return .opaque(name)
    case .global: return .opaque("a class")
    case .node(let index):
      switch heap.nodes[index] {
      case .tuple(let items), .list(let items):
        return try list(items, name: name, depth: depth)
      case .dictionary(let items): return try dictionary(items, name: name, depth: depth)
      case .storage(let storage): return .opaque("a \(storage.className)")
      case .tensor(let tensor): return try self.tensor(tensor, name: name)
      case .opaque(let name): return .opaque(name)
      }
    }
  }

  private mutating func list(
    _ items: [PickleObject], name: String, depth: Int
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    var values: [CheckpointValue] = []
    for (index, item) in items.enumerated() {
      values.append(try value(item, name: joined(name, String(index)), depth: depth + 1))
    }
    return .list(values)
  }

  private mutating func dictionary(
    _ items: [(key: PickleObject, value: PickleObject)], name: String, depth: Int
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    var members: [CheckpointValue.Member] = []
    var seen: Set<String> = []
    for item in items {
      let key: String
      switch item.key {
      case .string(let text): key = text
      case .integer(let number): key = String(number)
      default:
        throw .unsupported(
          part: "the pickle", found: "\(item.key.kindName) as a key",
          expected: "strings and integers")
      }
      let fullName = joined(name, key)
      guard seen.insert(key).inserted else { throw .duplicateName(name: fullName) }
      members.append(
        CheckpointValue.Member(
          key: key, value: try value(item.value, name: fullName, depth: depth + 1)))
    }
    return .dictionary(members)
  }

  private func tensor(
    _ tensor: PickleTensor, name: String
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    let storage = tensor.storage
    guard let elementType = storage.elementType else {
      return .opaque("a tensor of \(storage.className)")
    }
    let place = try locate(storage)
    let size = elementType.byteCount
    guard storage.count == place.range.count / size, place.range.count.isMultiple(of: size) else {
      throw .malformed(
        part: "storage \(storage.key.quotedForMessage)", found: "\(place.range.count) bytes",
        expected: "\(storage.count) elements of \(size)")
    }
    var range = place.range
    if let view = storage.view {
      guard view.offset <= storage.count, view.count <= storage.count - view.offset else {
        throw .outOfBounds(
          tensor: name, found: "a view of \(view.count) from \(view.offset)",
          expected: "\(storage.count) elements at most")
      }
      let start = range.lowerBound + view.offset * size
      range = start..<start + view.count * size
    }
    return .tensor(
      try TensorEntry(
        name: name, elementType: elementType, shape: tensor.shape, strides: tensor.strides,
        offset: tensor.offset, storage: range, record: place.record))
  }

  private func joined(_ name: String, _ key: String) -> String {
    name.isEmpty ? key : "\(name).\(key)"
  }
}
