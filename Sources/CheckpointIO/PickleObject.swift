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
  case bytes(PickleBytes)
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
  /// A tensor that cannot be read, by what it is.
  case unreadableTensor(String)
  /// An array of NumPy's, whose elements lie within the pickle.
  case array(PickleArray)
  /// A type of NumPy's elements.
  case arrayType(PickleArray.Element)
  /// An object of a class that is a name only.
  case instance(PickleInstance)
}

/// Bytes that a pickle holds.
struct PickleBytes {
  /// How many.
  let count: Int
  /// The bytes themselves where they are few; none where they are many, so that nothing is held twice.
  let few: [UInt8]
  /// Where they lie, from the start of what the machine reads; nil for bytes that were made.
  let place: Range<Int>?

  /// More are not held beside the file.
  static let limit = 1 << 16

  /// Bytes that were made of something else.
  init(_ bytes: [UInt8]) {
    (count, few, place) = (bytes.count, bytes, nil)
  }

  /// Bytes that end where the machine stands.
  init(_ bytes: UnsafeRawBufferPointer, endingAt end: Int) {
    count = bytes.count
    few = bytes.count <= Self.limit ? [UInt8](bytes) : []
    place = (end - bytes.count)..<end
  }
}

/// An array as the pickle states it; nothing is checked against its bytes yet (NumPy,
/// numpy/core/src/multiarray/methods.c, `array_reduce` and `array_setstate`).
struct PickleArray {
  /// The type of elements, and whether their bytes are in the other order.
  struct Element {
    /// Nil if no tensor has such elements.
    let type: ElementType?
    /// NumPy's name: `f4`.
    let name: String
    var isBigEndian = false
  }

  let element: Element
  let shape: [Int]
  /// Whether the first axis is the fastest, as in Fortran.
  let isFirstAxisFastest: Bool
  let place: Range<Int>
}

/// What a pickle says of an object of any class: data that was given to it. Its arguments are dropped,
/// since only its class would know what they mean.
struct PickleInstance {
  /// The class or function that made it.
  let name: String
  /// Whether it becomes an array of NumPy's by its state.
  var isArray = false
  /// The items that were appended, for subclasses of list and set.
  var items: [PickleObject] = []
  /// The keys and values that were set, for subclasses of dict.
  var pairs: [(key: PickleObject, value: PickleObject)] = []
  /// Its attributes, as a dictionary or a pair of dictionaries.
  var state: PickleObject?
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

  /// Bytes of one of the elements that `count` and `view` count.
  var elementSize: Int {
    if let elementType { return elementType.byteCount }
    return switch className {
    case "ComplexDoubleStorage": 16
    case "ComplexFloatStorage": 8
    case "QInt32Storage": 4
    default: 1
    }
  }
}

/// A tensor as the pickle states it; nothing is checked against the storage yet.
struct PickleTensor {
  let storage: PickleStorage
  /// Nil if the elements are of a type that has no `ElementType`, which `typeName` then tells.
  let elementType: ElementType?
  let typeName: String
  /// In elements, from the start of the storage or its view.
  let offset: Int
  let shape: [Int]
  /// In elements.
  let strides: [Int]
  /// Whether PyTorch's negative bit is set: the storage holds the numbers with the other sign.
  let isNegated: Bool
}

/// The containers a pickle made, with a bound on how many things it may make.
struct PickleHeap {
  /// A node with what grows of it apart: in a node's cases members would have two owners while they
  /// change, so that adding one would copy them all.
  private struct Container {
    var node: PickleNode
    var items: [PickleObject] = []
    var pairs: [(key: PickleObject, value: PickleObject)] = []
  }

  private var containers: [Container] = []
  private var made = 0
  private var unpackedBytes = 0

  /// Accounts for `count` new things.
  mutating func charge(_ count: Int) throws(CheckpointError.Kind) {
    made += count
    guard made <= CheckpointLimits.pickleObjects else {
      throw .limitExceeded(
        what: "the number of objects in the pickle", limit: CheckpointLimits.pickleObjects)
    }
  }

  /// Accounts for `count` bytes that a few instructions may make again and again.
  mutating func charge(bytes count: Int) throws(CheckpointError.Kind) {
    unpackedBytes += count
    guard unpackedBytes <= CheckpointLimits.pickleBytes else {
      throw .limitExceeded(
        what: "the number of bytes that the pickle makes", limit: CheckpointLimits.pickleBytes)
    }
  }

  /// Adds a node of `memberCount` members and gives the reference to it.
  mutating func add(
    _ node: PickleNode, memberCount: Int = 0
  ) throws(CheckpointError.Kind) -> PickleObject {
    try charge(memberCount + 1)
    let container =
      switch node {
      case .list(let items): Container(node: .list([]), items: items)
      case .dictionary(let pairs): Container(node: .dictionary([]), pairs: pairs)
      default: Container(node: node)
      }
    containers.append(container)
    return .node(containers.count - 1)
  }

  /// All that was made, in order.
  var nodes: some Sequence<PickleNode> { containers.indices.lazy.map { self[$0] } }

  /// The node of an index.
  subscript(index: Int) -> PickleNode {
    let container = containers[index]
    switch container.node {
    case .list: return .list(container.items)
    case .dictionary: return .dictionary(container.pairs)
    case .instance(var instance):
      instance.items = container.items
      instance.pairs = container.pairs
      return .instance(instance)
    case .tuple, .storage, .tensor, .unreadableTensor, .array, .arrayType: return container.node
    }
  }

  /// The node that `object` refers to, nil if it is no reference.
  func node(_ object: PickleObject) -> PickleNode? {
    guard case .node(let index) = object else { return nil }
    return self[index]
  }

  /// The members of the tuple or list that `object` refers to, nil if it is neither.
  func members(_ object: PickleObject) -> [PickleObject]? {
    switch node(object) {
    case .tuple(let members), .list(let members): members
    default: nil
    }
  }

  /// Appends to the list or object that `object` refers to; false if it is neither.
  mutating func append(
    _ items: some Collection<PickleObject>, to object: PickleObject
  ) throws(CheckpointError.Kind) -> Bool {
    guard case .node(let index) = object else { return false }
    try charge(items.count)
    switch containers[index].node {
    case .list, .instance: containers[index].items.append(contentsOf: items)
    default: return false
    }
    return true
  }

  /// Adds alternating keys and values to the dictionary or object that `object` refers to; false if it
  /// is neither or a value is missing.
  mutating func set(
    _ items: ArraySlice<PickleObject>, in object: PickleObject
  ) throws(CheckpointError.Kind) -> Bool {
    guard items.count.isMultiple(of: 2), case .node(let index) = object else { return false }
    try charge(items.count)
    switch containers[index].node {
    case .dictionary, .instance: break
    default: return false
    }
    var position = items.startIndex
    while position < items.endIndex {
      containers[index].pairs.append((key: items[position], value: items[position + 1]))
      position += 2
    }
    return true
  }

  /// Gives `object` its attributes; false if it can have none. Those of dictionaries and tensors (such
  /// as `_metadata`) are dropped, for they are never members.
  mutating func build(_ object: PickleObject, state: PickleObject) -> Bool {
    guard case .node(let index) = object else { return false }
    switch containers[index].node {
    case .dictionary, .tensor, .unreadableTensor, .array, .list: return true
    case .arrayType(var element):
      if let order = byteOrder(state) { element.isBigEndian = order == ">" }
      containers[index].node = .arrayType(element)
      return true
    case .instance(let instance) where instance.isArray:
      if let array = array(state: state) { containers[index].node = .array(array) }
      return true
    case .instance(var instance):
      instance.state = state
      containers[index].node = .instance(instance)
      return true
    case .tuple, .storage: return false
    }
  }
}
