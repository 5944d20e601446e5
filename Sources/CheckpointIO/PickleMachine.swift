/// Reads one pickle as data: a stack machine with an allow-list of instructions.
///
/// Nothing is executed. What a reduce instruction would call is replaced by `PickleReduction`'s
/// knowledge of the few functions that checkpoints use, and by an opaque object for all others. Time and
/// memory are bounded by `CheckpointLimits`, whatever the bytes are.
/// Format: Python's Lib/pickletools.py, protocols 2 to 5.
struct PickleMachine {
  /// What the machine made.
  private(set) var heap = PickleHeap()
  private var reader: ByteReader
  private var stack: [PickleObject] = []
  /// Stack heights at the open marks; nothing below the last one can be popped.
  private var marks: [Int] = []
  private var memo: [Int: PickleObject] = [:]
  /// Bytes of long strings of bytes, which are passed over.
  private var passedBytes = 0

  /// Starts at the byte `offset` of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer, offset: Int = 0) {
    reader = ByteReader(bytes, part: "the pickle", offset: offset)
  }

  /// Where the next pickle or other data starts.
  var offset: Int { reader.offset }

  /// Runs up to and with the stop instruction and gives the pickled object.
  mutating func run() throws(CheckpointError.Kind) -> PickleObject {
    let start = reader.offset
    stack.removeAll()
    marks.removeAll()
    memo.removeAll()
    passedBytes = 0
    var instructions = 0
    while true {
      guard reader.offset - start - passedBytes <= CheckpointLimits.pickleBytes else {
        throw .limitExceeded(what: "the length of the pickle", limit: CheckpointLimits.pickleBytes)
      }
      instructions += 1
      guard instructions <= CheckpointLimits.pickleInstructions else {
        throw .limitExceeded(
          what: "the number of the pickle's instructions",
          limit: CheckpointLimits.pickleInstructions)
      }
      if instructions.isMultiple(of: 4096), Task.isCancelled { throw .cancelled }
      let opcode = try reader.integer(UInt8.self)
      if opcode == PickleOpcode.stop.rawValue { return try pop() }
      guard let known = PickleOpcode(rawValue: opcode) else {
        throw .refusedOpcode(opcode: opcode, offset: reader.offset - 1)
      }
      try execute(known)
    }
  }

  private mutating func execute(_ opcode: PickleOpcode) throws(CheckpointError.Kind) {
    switch opcode {
    case .proto: try checkProtocol()
    case .frame: try reader.skip(8)
    case .stop: break
    case .mark, .pop, .popMark, .duplicate: try rearrange(opcode)
    case .none, .newTrue, .newFalse, .binaryInteger, .binaryInteger1, .binaryInteger2, .long1,
      .long4, .binaryFloat:
      try push(number(opcode))
    case .shortBinaryString, .binaryString, .shortBinaryUnicode, .binaryUnicode, .binaryUnicode8,
      .shortBinaryBytes, .binaryBytes, .binaryBytes8, .byteArray8:
      try push(text(opcode))
    case .emptyTuple, .tuple1, .tuple2, .tuple3, .tuple, .emptyList, .list, .emptyDictionary,
      .dictionary, .append, .appends, .setItem, .setItems, .emptySet, .addItems, .frozenSet:
      try executeContainer(opcode)
    case .binaryPut, .longBinaryPut, .memoize, .binaryGet, .longBinaryGet:
      try executeMemo(opcode)
    case .global:
      let module = try reader.line(limit: CheckpointLimits.globalBytes)
      let name = try reader.line(limit: CheckpointLimits.globalBytes)
      try push(.global(PickleGlobal(module: module, name: name)))
    case .stackGlobal:
      guard case .string(let name) = try pop(), case .string(let module) = try pop() else {
        throw malformed(found: "a name that is no string", expected: "a string")
      }
      guard max(name.utf8.count, module.utf8.count) <= CheckpointLimits.globalBytes else {
        throw .limitExceeded(
          what: "the length of a name in \(reader.part)", limit: CheckpointLimits.globalBytes)
      }
      try push(.global(PickleGlobal(module: module, name: name)))
    case .reduce, .newObject, .newObjectWithKeywords:
      // The keywords are arguments too, and no class whose arguments matter takes any.
      if opcode == .newObjectWithKeywords { _ = try pop() }
      let arguments = try pop()
      let callable = try pop()
      try push(heap.reduce(callable, arguments))
    case .build:
      let state = try pop()
      let object = try pop()
      guard heap.build(object, state: state) else {
        throw malformed(found: "state for \(object.kindName)", expected: "state for an object")
      }
      try push(object)
    case .binaryPersistentID:
      try push(heap.storage(persistentID: pop()))
    }
  }

  private mutating func rearrange(_ opcode: PickleOpcode) throws(CheckpointError.Kind) {
    switch opcode {
    case .mark:
      guard marks.count < CheckpointLimits.pickleStack else {
        throw .limitExceeded(what: "the pickle's stack", limit: CheckpointLimits.pickleStack)
      }
      marks.append(stack.count)
    case .pop:
      // As in Python: with nothing above the mark, the mark itself goes.
      if let mark = marks.last, stack.count == mark {
        marks.removeLast()
      } else {
        _ = try pop()
      }
    case .duplicate:
      let object = try pop()
      try push(object)
      try push(object)
    default:
      _ = try popToMark()
    }
  }

  private mutating func number(
    _ opcode: PickleOpcode
  ) throws(CheckpointError.Kind) -> PickleObject {
    switch opcode {
    case .newTrue: return .boolean(true)
    case .newFalse: return .boolean(false)
    case .binaryInteger: return .integer(Int(try reader.integer(Int32.self)))
    case .binaryInteger1: return .integer(Int(try reader.integer(UInt8.self)))
    case .binaryInteger2: return .integer(Int(try reader.integer(UInt16.self)))
    case .binaryFloat:
      // The one big-endian number of the format.
      return .float(Double(bitPattern: try reader.integer(UInt64.self).byteSwapped))
    case .long1: return try longInteger(Int(reader.integer(UInt8.self)))
    case .long4: return try longInteger(Int(reader.integer(UInt32.self)))
    default: return .none
    }
  }

  /// An integer of `count` bytes, two's complement, the lowest first.
  private mutating func longInteger(
    _ count: Int
  ) throws(CheckpointError.Kind) -> PickleObject {
    let bytes = [UInt8](try reader.take(checkedLength(count)))
    guard bytes.count <= 8 else { return .wideInteger(bytes) }
    let negative = (bytes.last ?? 0) & 0x80 != 0
    var value: UInt64 = negative ? .max : 0
    for byte in bytes.reversed() { value = (value << 8) | UInt64(byte) }
    return .integer(Int(Int64(bitPattern: value)))
  }

  private func checkedLength(_ count: Int) throws(CheckpointError.Kind) -> Int {
    guard count <= CheckpointLimits.pickleBytes else {
      throw .limitExceeded(
        what: "the length of a string in the pickle", limit: CheckpointLimits.pickleBytes)
    }
    return count
  }

  private mutating func text(_ opcode: PickleOpcode) throws(CheckpointError.Kind) -> PickleObject {
    let count: Int
    switch opcode {
    case .shortBinaryString, .shortBinaryUnicode, .shortBinaryBytes:
      count = Int(try reader.integer(UInt8.self))
    case .binaryUnicode8, .binaryBytes8, .byteArray8: count = try reader.size64()
    default: count = Int(try reader.integer(UInt32.self))
    }
    switch opcode {
    case .shortBinaryBytes, .binaryBytes, .binaryBytes8, .byteArray8:
      let raw = try reader.take(count)
      if count > PickleBytes.limit { passedBytes += count }
      return .bytes(PickleBytes(raw, endingAt: reader.offset))
    default: break
    }
    let raw = try reader.take(checkedLength(count))
    switch opcode {
    case .shortBinaryString, .binaryString:
      // Strings of Python 2 are bytes, and most of them text.
      return String(validating: raw, as: UTF8.self).map { .string($0) }
        ?? .bytes(PickleBytes(raw, endingAt: reader.offset))
    default:
      // Python writes lone surrogates too, which no Swift string holds; they are no name of a weight.
      return .string(String(decoding: raw, as: UTF8.self))
    }
  }

  private mutating func executeContainer(_ opcode: PickleOpcode) throws(CheckpointError.Kind) {
    switch opcode {
    case .emptyTuple: try push(heap.add(.tuple([])))
    case .tuple1: try pushTuple(1)
    case .tuple2: try pushTuple(2)
    case .tuple3: try pushTuple(3)
    case .tuple, .frozenSet:
      let items = try popToMark()
      try push(heap.add(.tuple(Array(items)), memberCount: items.count))
    case .emptyList, .emptySet: try push(heap.add(.list([])))
    case .list:
      let items = try popToMark()
      try push(heap.add(.list(Array(items)), memberCount: items.count))
    case .emptyDictionary: try push(heap.add(.dictionary([])))
    case .dictionary:
      let items = try popToMark()
      let dictionary = try heap.add(.dictionary([]))
      try set(items, in: dictionary)
      try push(dictionary)
    case .append:
      let item = try pop()
      try append([item], to: top())
    case .appends, .addItems:
      let items = try popToMark()
      try append(items, to: top())
    case .setItem:
      let value = try pop()
      let key = try pop()
      try set([key, value], in: top())
    default:
      let items = try popToMark()
      try set(items, in: top())
    }
  }

  private mutating func executeMemo(_ opcode: PickleOpcode) throws(CheckpointError.Kind) {
    switch opcode {
    case .binaryPut: try remember(Int(reader.integer(UInt8.self)))
    case .longBinaryPut: try remember(Int(reader.integer(UInt32.self)))
    case .memoize: try remember(memo.count)
    case .binaryGet: try recall(Int(reader.integer(UInt8.self)))
    default: try recall(Int(reader.integer(UInt32.self)))
    }
  }

  private func malformed(found: String, expected: String) -> CheckpointError.Kind {
    .malformed(part: reader.part, found: "\(found) at byte \(offset)", expected: expected)
  }

  private mutating func checkProtocol() throws(CheckpointError.Kind) {
    let version = try reader.integer(UInt8.self)
    guard (2...5).contains(version) else {
      throw .unsupported(
        part: reader.part, found: "protocol \(version)", expected: "protocol 2 to 5")
    }
  }

  private mutating func push(_ object: PickleObject) throws(CheckpointError.Kind) {
    guard stack.count < CheckpointLimits.pickleStack else {
      throw .limitExceeded(what: "the pickle's stack", limit: CheckpointLimits.pickleStack)
    }
    stack.append(object)
  }

  private mutating func pop() throws(CheckpointError.Kind) -> PickleObject {
    guard stack.count > (marks.last ?? 0), let object = stack.popLast() else {
      throw malformed(found: "an instruction on an empty stack", expected: "an object")
    }
    return object
  }

  private func top() throws(CheckpointError.Kind) -> PickleObject {
    guard stack.count > (marks.last ?? 0), let object = stack.last else {
      throw malformed(found: "an instruction on an empty stack", expected: "an object")
    }
    return object
  }

  private mutating func popToMark() throws(CheckpointError.Kind) -> ArraySlice<PickleObject> {
    guard let mark = marks.popLast() else {
      throw malformed(found: "no mark", expected: "one before the items")
    }
    let items = Array(stack[mark...])
    stack.removeLast(items.count)
    return items[...]
  }

  private mutating func pushTuple(_ count: Int) throws(CheckpointError.Kind) {
    var items: [PickleObject] = []
    for _ in 0..<count { items.append(try pop()) }
    try push(heap.add(.tuple(items.reversed()), memberCount: count))
  }

  private mutating func append(
    _ items: ArraySlice<PickleObject>, to list: PickleObject
  ) throws(CheckpointError.Kind) {
    guard try heap.append(items, to: list) else {
      throw malformed(found: "items for something else", expected: "items for a list")
    }
  }

  private mutating func set(
    _ items: ArraySlice<PickleObject>, in dictionary: PickleObject
  ) throws(CheckpointError.Kind) {
    guard try heap.set(items, in: dictionary) else {
      throw malformed(found: "unpaired items", expected: "keys and values for a dictionary")
    }
  }

  private mutating func remember(_ index: Int) throws(CheckpointError.Kind) {
    memo[index] = try top()
    guard memo.count <= CheckpointLimits.pickleStack else {
      throw .limitExceeded(what: "the pickle's memo", limit: CheckpointLimits.pickleStack)
    }
  }

  private mutating func recall(_ index: Int) throws(CheckpointError.Kind) {
    guard let object = memo[index] else {
      throw malformed(found: "memo entry \(index), never set", expected: "an earlier entry")
    }
    try push(object)
  }
}
