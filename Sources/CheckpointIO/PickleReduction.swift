import TensorCore

/// What the known names make of their arguments. This replaces calling anything.
extension PickleHeap {
  /// The object that `callable(*arguments)` stands for.
  mutating func reduce(
    _ callable: PickleObject, _ arguments: PickleObject
  ) throws(CheckpointError.Kind) -> PickleObject {
    guard case .tuple(let members) = node(arguments) else {
      throw malformed(found: "arguments that are no tuple", expected: "a tuple")
    }
    switch callable {
    case .global(let global): return try reduce(global, members)
    case .node(let index):
      // What an unknown name made may be called in turn (functools.partial, bound methods).
      guard case .instance(let instance) = self[index] else { break }
      return try add(.instance(PickleInstance(name: "a result of \(instance.name)")))
    default: break
    }
    throw malformed(found: "a call of \(callable.kindName)", expected: "a call of a class")
  }

  private mutating func reduce(
    _ global: PickleGlobal, _ arguments: [PickleObject]
  ) throws(CheckpointError.Kind) -> PickleObject {
    switch global {
    case .orderedDictionary: return try orderedDictionary(arguments)
    case .rebuildTensor: return try tensor(arguments, metadataIndex: 6)
    case .rebuildTypedTensor: return try tensor(arguments, metadataIndex: 7, typeIndex: 6)
    case .rebuildParameter: return try parameter(arguments)
    case .rebuildSubclass: return try subclass(arguments)
    case .unreadableTensor(let kind): return try add(.unreadableTensor(kind))
    case .size:
      guard let dimensions = arguments.first, members(dimensions) != nil else {
        throw malformed(found: "a size without dimensions", expected: "a tuple")
      }
      return dimensions
    case .encodeBytes: return try encodedBytes(arguments)
    case .arrayWithState:
      return try add(.instance(PickleInstance(name: PickleGlobal.array, isArray: true)))
    case .arrayOfBuffer: return try arrayOfBuffer(arguments)
    case .arrayType: return try add(arrayType(arguments))
    case .other(let name): return try add(.instance(PickleInstance(name: name)))
    case .storage(_, let name): return try add(.instance(PickleInstance(name: "a \(name)")))
    }
  }

  private mutating func parameter(
    _ arguments: [PickleObject]
  ) throws(CheckpointError.Kind) -> PickleObject {
    // A class of parameters may also be made without data, to be filled by its state.
    guard let data = arguments.first else {
      return try add(.unreadableTensor("a parameter without elements"))
    }
    switch node(data) {
    case .tensor, .unreadableTensor: return data
    case .instance(let instance): return try add(.unreadableTensor(instance.name))
    default: throw malformed(found: "a parameter without a tensor", expected: "a tensor")
    }
  }

  /// (function, class, arguments, state): what the function makes, as an object of the class. Elements
  /// are the same; a class may well give them another meaning, but then it is no float tensor.
  private mutating func subclass(
    _ arguments: [PickleObject]
  ) throws(CheckpointError.Kind) -> PickleObject {
    guard arguments.count >= 3, case .global(let function) = arguments[0],
      let inner = members(arguments[2])
    else {
      throw malformed(
        found: "other arguments for a tensor", expected: "(function, class, arguments, state)")
    }
    switch function {
    case .rebuildTensor, .rebuildTypedTensor, .rebuildParameter: return try reduce(function, inner)
    default: return try add(.unreadableTensor("a tensor of a subclass"))
    }
  }

  /// The storage that a persistent id names (PyTorch, torch/serialization.py, `persistent_id`).
  mutating func storage(
    persistentID: PickleObject
  ) throws(CheckpointError.Kind) -> PickleObject {
    // Legacy files of whole modules name their classes so, with the source code beside them.
    if let parts = members(persistentID), parts.count >= 2, case .string("module") = parts[0] {
      return parts[1]
    }
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
    _ arguments: [PickleObject], metadataIndex: Int, typeIndex: Int? = nil
  ) throws(CheckpointError.Kind) -> PickleObject {
    guard arguments.count >= 4, case .storage(let storage) = node(arguments[0]),
      case .integer(let offset) = arguments[1],
      let shape = members(arguments[2]), let strides = members(arguments[3])
    else {
      throw malformed(
        found: "other arguments for a tensor", expected: "(storage, offset, size, stride, …)")
    }
    guard shape.count <= CheckpointLimits.axes else {
      throw .limitExceeded(what: "a tensor's number of axes", limit: CheckpointLimits.axes)
    }
    guard shape.count == strides.count else {
      throw malformed(
        found: "\(shape.count) sizes and \(strides.count) strides", expected: "as many of each")
    }
    var elementType = storage.elementType
    var typeName = storage.className
    if let typeIndex {
      guard typeIndex < arguments.count, case .global(.other(let name)) = arguments[typeIndex]
      else {
        throw malformed(found: "a tensor without a type", expected: "one of torch's types")
      }
      typeName = name
      elementType = ElementType.allCases.first { "torch.\($0.rawValue)" == name }
    }
    var isNegated = false
    if metadataIndex < arguments.count,
      case .dictionary(let metadata) = node(arguments[metadataIndex])
    {
      for item in metadata {
        guard case .string(let key) = item.key else { continue }
        switch (key, item.value) {
        case ("neg", .boolean(let isSet)): isNegated = isSet
        // Only complex numbers have one, and those are not read.
        case ("conj", _): break
        default: return try add(.unreadableTensor("a tensor with the metadata \(key)"))
        }
      }
    }
    return try add(
      .tensor(
        PickleTensor(
          storage: storage, elementType: elementType, typeName: typeName, offset: offset,
          shape: integers(shape), strides: integers(strides), isNegated: isNegated)),
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
    try charge(bytes: text.utf8.count)
    var bytes: [UInt8] = []
    for scalar in text.unicodeScalars {
      guard let byte = UInt8(exactly: scalar.value) else {
        throw malformed(found: "text outside Latin-1", expected: "text in Latin-1")
      }
      bytes.append(byte)
    }
    return .bytes(PickleBytes(bytes))
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
