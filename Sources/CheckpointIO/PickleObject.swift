import TensorCore

/// A value on the pickle machine's stack. Containers are references into a `PickleHeap`, so values
/// are small, cycles leak nothing, and releasing deep nesting needs no recursion.
enum PickleObject {
  case none
  case boolean(Bool)
  case integer(Int)
  /// An integer beyond 64 bits: its two's complement bytes, the lowest first.
  case wideInteger([UInt8])
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case global(PickleGlobal)
  /// The index of a node of the heap.
  case node(Int)

  /// What the value is, for messages.
  var kindName: String {
    switch self {
    case .none: "None"
    case .boolean: "a boolean"
    case .integer, .wideInteger: "an integer"
    case .float: "a float"
    case .string: "a string"
    case .bytes: "bytes"
    case .global: "a class"
    case .node: "a container"
    }
  }
}

/// What a heap entry holds.
enum PickleNode {
  case tuple([PickleObject])
  case list([PickleObject])
  case dictionary([(key: PickleObject, value: PickleObject)])
  case storage(PickleStorage)
  case tensor(PickleTensor)
  /// Something of no use here, by name.
  case opaque(String)
}

/// A reference to a run of elements outside the pickle, by PyTorch's persistent id
/// ("storage", class, key, location, count).
struct PickleStorage {
  /// Nil if the elements are of a type that has no `ElementType`.
  let elementType: ElementType?
  let className: String
  let key: String
  /// Number of elements of the whole storage.
  let count: Int
  /// Legacy files: the part of the storage that a view covers, in elements.
  let view: (offset: Int, count: Int)?
}

/// A tensor as the pickle states it; nothing is checked against the storage yet.
struct PickleTensor {
  let storage: PickleStorage
  /// In elements, from the start of the storage or its view.
  let offset: Int
  let shape: [Int]
  /// In elements.
  let strides: [Int]
}

/// The containers a pickle made, with a bound on how many things it may make.
struct PickleHeap {
  private(set) var nodes: [PickleNode] = []
  private var made = 0
  /// Nodes and their members together. A checkpoint of 50,000 tensors makes about a million.
  private static let limit = 4_000_000

  /// Accounts for `count` new things.
  mutating func charge(_ count: Int) throws(CheckpointError.Kind) {
    made += count
    guard made <= Self.limit else {
      throw .limitExceeded(what: "the number of objects in the pickle", limit: Self.limit)
    }
  }

  /// Adds a node of `memberCount` members and gives the reference to it.
  mutating func add(
    _ node: PickleNode, memberCount: Int = 0
  ) throws(CheckpointError.Kind) -> PickleObject {
    try charge(memberCount + 1)
    nodes.append(node)
    return .node(nodes.count - 1)
  }

  /// The node that `object` refers to, nil if it is no reference.
  func node(_ object: PickleObject) -> PickleNode? {
    guard case .node(let index) = object else { return nil }
    return nodes[index]
  }

  /// The members of the tuple or list that `object` refers to, nil if it is neither.
  func members(_ object: PickleObject) -> [PickleObject]? {
    switch node(object) {
    case .tuple(let members), .list(let members): members
    default: nil
    }
  }

  /// Appends to the list that `object` refers to; false if it is no list.
  mutating func append(
    _ items: some Collection<PickleObject>, to object: PickleObject
  ) throws(CheckpointError.Kind) -> Bool {
    guard case .node(let index) = object, case .list(var members) = nodes[index] else {
      return false
    }
    try charge(items.count)
    // The heap lets go of the array first; appending to one with two owners would copy it.
    nodes[index] = .list([])
    members.append(contentsOf: items)
    nodes[index] = .list(members)
    return true
  }

  /// Adds alternating keys and values to the dictionary that `object` refers to; false if it is
  /// no dictionary or a value is missing.
  mutating func set(
    _ items: ArraySlice<PickleObject>, in object: PickleObject
  ) throws(CheckpointError.Kind) -> Bool {
    guard items.count.isMultiple(of: 2), case .node(let index) = object,
      case .dictionary(var members) = nodes[index]
    else { return false }
    try charge(items.count)
    nodes[index] = .dictionary([])
    var position = items.startIndex
    while position < items.endIndex {
      members.append((key: items[position], value: items[position + 1]))
      position += 2
    }
    nodes[index] = .dictionary(members)
    return true
  }
}
