/// What the allowed names make of their arguments. This replaces calling anything.
extension PickleHeap {
  /// The most axes a tensor may have, as in PyTorch.
  static let axisLimit = 64

  /// The object that `callable(*arguments)` stands for.
  mutating func reduce(
    _ callable: PickleObject, _ arguments: PickleObject
  ) throws(CheckpointError.Kind) -> PickleObject {
    guard case .global(let global) = callable else {
      throw malformed(found: "a call of \(callable.kindName)", expected: "a call of a class")
    }
    guard case .tuple(let arguments) = node(arguments) else {
      throw malformed(found: "arguments that are no tuple", expected: "a tuple")
    }
    switch global {
    case .orderedDictionary: return try orderedDictionary(arguments)
    case .rebuildTensor: return try tensor(arguments)
    case .rebuildParameter:
      guard let data = arguments.first, case .tensor = node(data) else {
        throw malformed(found: "a parameter without a tensor", expected: "a tensor")
      }
      return data
    case .size:
      guard let dimensions = arguments.first, members(dimensions) != nil else {
        throw malformed(found: "a size without dimensions", expected: "a tuple")
      }
      return dimensions
    case .encodeBytes: return try encodedBytes(arguments)
    case .opaque(let name): return try add(.opaque(name))
    case .storage(_, let name):
      throw malformed(found: "a call of \(name)", expected: "a storage reference")
    }
  }

  /// Whether a build instruction may give state to `object`.
  func acceptsState(_ object: PickleObject) -> Bool {
    switch node(object) {
    case .dictionary, .tensor, .opaque: true
    default: false
    }
  }

  /// The storage that a persistent id names (PyTorch, torch/serialization.py, `persistent_id`).
  mutating func storage(
    persistentID: PickleObject
  ) throws(CheckpointError.Kind) -> PickleObject {
    guard let parts = members(persistentID), parts.count >= 5,
      case .string("storage") = parts[0],
      case .global(.storage(let elementType, let className)) = parts[1],
      case .string(let key) = parts[2],
      case .integer(let count) = parts[4], count >= 0
    else {
      throw malformed(
        found: "another persistent id", expected: "(\"storage\", class, key, location, count)")
    }
    var view: (Int, Int)?
    if parts.count > 5, let details = members(parts[5]) {
      guard details.count == 3, case .integer(let offset) = details[1],
        case .integer(let viewCount) = details[2], offset >= 0, viewCount >= 0
      else {
        throw malformed(found: "another storage view", expected: "(key, offset, count)")
      }
      view = (offset, viewCount)
    }
    return try add(
      .storage(
        PickleStorage(
          elementType: elementType, className: className, key: key, count: count, view: view)))
  }

  private mutating func tensor(
    _ arguments: [PickleObject]
  ) throws(CheckpointError.Kind) -> PickleObject {
    guard arguments.count >= 4, case .storage(let storage) = node(arguments[0]),
      case .integer(let offset) = arguments[1],
      let shape = members(arguments[2]), let strides = members(arguments[3])
    else {
      throw malformed(
        found: "other arguments for a tensor", expected: "(storage, offset, size, stride, …)")
    }
    guard shape.count <= Self.axisLimit else {
      throw .limitExceeded(what: "a tensor's number of axes", limit: Self.axisLimit)
    }
    guard shape.count == strides.count else {
      throw malformed(
        found: "\(shape.count) sizes and \(strides.count) strides", expected: "as many of each")
    }
    return try add(
      .tensor(
        PickleTensor(
          storage: storage, offset: offset, shape: integers(shape), strides: integers(strides))),
      memberCount: 2 * shape.count)
  }

  /// Empty, or with a list of pairs, which is how Python 2 wrote the members.
  private mutating func orderedDictionary(
    _ arguments: [PickleObject]
  ) throws(CheckpointError.Kind) -> PickleObject {
    let dictionary = try add(.dictionary([]))
    guard let argument = arguments.first else { return dictionary }
    guard let pairs = members(argument) else {
      throw malformed(found: "an OrderedDict of \(argument.kindName)", expected: "a list of pairs")
    }
    try charge(2 * pairs.count)
    var items: [PickleObject] = []
    for pair in pairs {
      guard let pair = members(pair), pair.count == 2 else {
        throw malformed(found: "a member that is no pair", expected: "a key and a value")
      }
      items += pair
    }
    _ = try set(items[...], in: dictionary)
    return dictionary
  }

  private mutating func encodedBytes(
    _ arguments: [PickleObject]
  ) throws(CheckpointError.Kind) -> PickleObject {
    guard case .string(let text) = arguments.first else {
      throw malformed(found: "other arguments for bytes", expected: "text in Latin-1")
    }
    // The text may come from the memo again and again, each time as a new copy.
    try charge(text.utf8.count)
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else {
        throw malformed(found: "text outside Latin-1", expected: "text in Latin-1")
      }
      bytes.append(byte)
    }
    return .bytes(bytes)
  }

  private func integers(_ objects: [PickleObject]) throws(CheckpointError.Kind) -> [Int] {
    var values: [Int] = []
    for object in objects {
      guard case .integer(let value) = object else {
        throw malformed(found: "\(object.kindName) as a size", expected: "an integer")
      }
      values.append(value)
    }
    return values
  }

  private func malformed(found: String, expected: String) -> CheckpointError.Kind {
    .malformed(part: "the pickle", found: found, expected: expected)
  }
}
