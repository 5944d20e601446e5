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
    /// Whether the elements' bytes are in the other order, the highest first.
    var isBigEndian = false
    /// Whether `range` counts bytes that have to be unpacked first.
    var isPacked = false
    /// The position of the record from whose start `range` counts; nil for the file itself.
    let record: Int?
  }

  private let heap: PickleHeap
  /// The record that holds the pickle itself, where arrays lie; nil for the file.
  let pickleRecord: (index: Int, isPacked: Bool)?
  private let locate: (PickleStorage) throws(CheckpointError.Kind) -> Place
  private var budget = CheckpointLimits.treeValues

  /// Uses `locate` to find the bytes of a storage.
  init(
    heap: PickleHeap, pickleRecord: (index: Int, isPacked: Bool)? = nil,
    locate: @escaping (PickleStorage) throws(CheckpointError.Kind) -> Place
  ) {
    self.heap = heap
    self.pickleRecord = pickleRecord
    self.locate = locate
  }

  /// The value of `object`, found under `name`.
  mutating func value(
    _ object: PickleObject, name: String = "", depth: Int = 0
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    guard depth <= CheckpointLimits.depth else {
      throw .limitExceeded(what: "the depth of the pickle", limit: CheckpointLimits.depth)
    }
    guard name.utf8.count <= CheckpointLimits.nameBytes else {
      throw .limitExceeded(
        what: "the length of a tensor's name", limit: CheckpointLimits.nameBytes)
    }
    budget -= 1 + name.utf8.count / 64
    guard budget >= 0 else {
      throw .limitExceeded(what: "the number of values", limit: CheckpointLimits.treeValues)
    }
    if budget.isMultiple(of: 1024), Task.isCancelled { throw .cancelled }
    switch object {
    case .none: return .none
    case .boolean(let value): return .boolean(value)
    case .integer(let value): return .integer(value)
    case .wideInteger: return .opaque("an integer beyond 64 bits")
    case .float(let value): return .float(value)
    case .string(let value): return .string(value)
    case .bytes(let value):
      return value.few.count == value.count ? .bytes(value.few) : .opaque("\(value.count) bytes")
    case .global(.other(let name)): return .opaque(name)
    case .global: return .opaque("a class")
    case .node(let index):
      switch heap[index] {
      case .tuple(let items), .list(let items):
        return try list(items, name: name, depth: depth)
      case .dictionary(let items): return try dictionary(items, name: name, depth: depth)
      case .storage(let storage): return .opaque("a \(storage.className)")
      case .tensor(let tensor): return try self.tensor(tensor, name: name)
      case .unreadableTensor(let kind): return .opaque(kind)
      case .array(let array): return try tensor(array, name: name)
      case .arrayType(let element): return .opaque("the type \(element.name) of NumPy's")
      case .instance(let instance):
        return try self.instance(instance, name: name, depth: depth)
      }
    }
  }

  private mutating func list(
    _ items: [PickleObject], name: String, depth: Int
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    var values: [CheckpointValue] = []
    for (index, item) in items.enumerated() {
      values.append(
        try value(item, name: CheckpointValue.joined(name, String(index)), depth: depth + 1))
    }
    return .list(values)
  }

  private mutating func dictionary(
    _ items: [(key: PickleObject, value: PickleObject)], name: String, depth: Int
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    var members: [CheckpointValue.Member] = []
    // Names of weights are strings, so those keep their text whatever other keys look like.
    var seen: Set<String> = []
    for case .string(let key) in items.lazy.map(\.key) {
      guard seen.insert(key).inserted else {
        throw .duplicateName(name: CheckpointValue.joined(name, key))
      }
    }
    for item in items {
      var key = try text(ofKey: item.key)
      let isString = if case .string = item.key { true } else { false }
      if !isString, !seen.insert(key).inserted {
        // 3 beside "3", or two tuples that begin alike, are two keys.
        key += " (key \(members.count))"
        guard seen.insert(key).inserted else {
          throw .duplicateName(name: CheckpointValue.joined(name, key))
        }
      }
      members.append(
        CheckpointValue.Member(
          key: key,
          value: try value(item.value, name: CheckpointValue.joined(name, key), depth: depth + 1)))
    }
    return .dictionary(members)
  }

  /// A key as text: a string is itself, anything else about as Python prints it.
  private mutating func text(ofKey key: PickleObject) throws(CheckpointError.Kind) -> String {
    budget -= 1
    switch key {
    case .string(let text): return text
    case .integer(let number): return String(number)
    case .none: return "None"
    case .boolean(let value): return value ? "True" : "False"
    case .float(let value): return "\(value)"
    case .bytes(let bytes): return "\(bytes.count) bytes"
    case .wideInteger: return "an integer beyond 64 bits"
    case .global(.other(let name)): return name
    case .global: return "a class"
    case .node(let index):
      guard let members = heap.members(key) else {
        if case .instance(let instance) = heap[index] { return instance.name }
        return "an object"
      }
      var parts: [String] = []
      for member in members.prefix(8) {
        // One string may stand in a key many times, so that its length bounds nothing.
        if case .node = member {
          parts.append("…")
        } else {
          parts.append(String(try text(ofKey: member).prefix(CheckpointLimits.nameBytes)))
        }
      }
      return "(\(parts.joined(separator: ", "))\(members.count > 8 ? ", …" : ""))"
    }
  }

  /// What is known of an object of any class: its keys, else its attributes, else its items.
  private mutating func instance(
    _ instance: PickleInstance, name: String, depth: Int
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    if !instance.pairs.isEmpty {
      return try dictionary(instance.pairs, name: name, depth: depth)
    }
    if let state = instance.state, let attributes = attributes(state) {
      return try dictionary(attributes, name: name, depth: depth)
    }
    if !instance.items.isEmpty { return try list(instance.items, name: name, depth: depth) }
    return .opaque(instance.name)
  }

  /// The attributes in an object's state: a dictionary, or a pair of one and the slots' (PEP 307). Those
  /// of a module of PyTorch are laid out as its `state_dict()` has them: parameters, buffers and modules
  /// under their own names.
  private func attributes(
    _ state: PickleObject
  ) -> [(key: PickleObject, value: PickleObject)]? {
    var state = state
    if case .tuple(let parts) = heap.node(state), parts.count == 2 { state = parts[0] }
    guard case .dictionary(let members) = heap.node(state) else { return nil }
    var parts: [(key: PickleObject, value: PickleObject)] = []
    var found = 0
    for member in members {
      guard case .string(let key) = member.key,
        ["_parameters", "_buffers", "_modules"].contains(key)
      else { continue }
      switch heap.node(member.value) {
      case .dictionary(let named):
        parts += named
        found += 1
      case .instance(let instance):
        parts += instance.pairs
        found += 1
      default: break
      }
    }
    return found == 3 ? parts : members
  }

  private func tensor(
    _ tensor: PickleTensor, name: String
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    let storage = tensor.storage
    guard let elementType = tensor.elementType else {
      return .opaque("a tensor of \(tensor.typeName)")
    }
    let place = try locate(storage)
    let size = storage.elementSize
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
        offset: tensor.offset, storage: range, record: place.record,
        encoding: TensorEntry.Encoding(
          isNegated: tensor.isNegated,
          isBigEndian: place.isBigEndian && elementType.byteCount > 1, isPacked: place.isPacked)))
  }
}
