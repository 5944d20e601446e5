import TensorCore

/// Writes the protocol 2 pickle of a .pth file, as `torch.load(weights_only=True)` accepts it.
///
/// Format: Python's Lib/pickletools.py; PyTorch, torch/_tensor.py `__reduce_ex__` and
/// torch/serialization.py `persistent_id`.
struct PickleWriter {
  /// The pickle so far.
  private(set) var bytes: [UInt8] = []
  private var memo: [String: Int] = [:]
  private var storageCount = 0

  /// The whole pickle of `value`. Tensor k of `value.tensors` refers to storage k.
  static func pickle(_ value: TorchValue) throws(CheckpointError.Kind) -> [UInt8] {
    var writer = PickleWriter()
    writer.bytes = [PickleOpcode.proto.rawValue, 2]
    try writer.write(value)
    writer.put(.stop)
    return writer.bytes
  }

  private mutating func write(_ value: TorchValue) throws(CheckpointError.Kind) {
    switch value {
    case .none: put(.none)
    case .boolean(let value): put(value ? .newTrue : .newFalse)
    case .integer(let value): put(integer: value)
    case .float(let value):
      put(.binaryFloat)
      put(value.bitPattern.byteSwapped)
    case .string(let text): try put(text: text)
    case .list(let values):
      put(.emptyList)
      guard !values.isEmpty else { return }
      put(.mark)
      for value in values { try write(value) }
      put(.appends)
    case .dictionary(let members):
      put(.emptyDictionary)
      var keys = Set<String>()
      guard !members.isEmpty else { return }
      put(.mark)
      for member in members {
        try put(key: member.key, unique: &keys)
        try write(member.value)
      }
      put(.setItems)
    case .stateDictionary(let tensors):
      putEmptyOrderedDictionary()
      var keys = Set<String>()
      guard !tensors.isEmpty else { return }
      put(.mark)
      for tensor in tensors {
        try put(key: tensor.name, unique: &keys)
        try write(tensor)
      }
      put(.setItems)
    }
  }

  /// `_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks)`.
  private mutating func write(_ tensor: TensorDescription) throws(CheckpointError.Kind) {
    let elementCount = try tensor.byteCount() / tensor.elementType.byteCount
    put(global: "torch._utils", "_rebuild_tensor_v2")
    put(.mark)
    put(.mark)
    try put(text: "storage")
    put(global: "torch", tensor.elementType.storageClassName)
    try put(text: String(storageCount))
    storageCount += 1
    try put(text: "cpu")
    put(integer: elementCount)
    put(.tuple)
    put(.binaryPersistentID)
    put(integer: 0)
    put(tuple: tensor.shape)
    put(tuple: TensorEntry.contiguousStrides(tensor.shape))
    put(.newFalse)
    putEmptyOrderedDictionary()
    put(.tuple)
    put(.reduce)
  }

  private mutating func putEmptyOrderedDictionary() {
    put(global: "collections", "OrderedDict")
    put(.emptyTuple)
    put(.reduce)
  }

  private mutating func put(tuple values: [Int]) {
    put(.mark)
    for value in values { put(integer: value) }
    put(.tuple)
  }

  private mutating func put(
    key: String, unique keys: inout Set<String>
  ) throws(CheckpointError.Kind) {
    guard keys.insert(key).inserted else { throw .duplicateName(name: key) }
    try put(text: key)
  }

  private mutating func put(text: String) throws(CheckpointError.Kind) {
    guard let count = UInt32(exactly: text.utf8.count) else {
      throw .limitExceeded(what: "the length of a string", limit: Int(UInt32.max))
    }
    put(.binaryUnicode)
    put(count)
    bytes.append(contentsOf: text.utf8)
  }

  private mutating func put(integer value: Int) {
    if let small = UInt8(exactly: value) {
      put(.binaryInteger1)
      put(small)
    } else if let medium = UInt16(exactly: value) {
      put(.binaryInteger2)
      put(medium)
    } else if let large = Int32(exactly: value) {
      put(.binaryInteger)
      put(large)
    } else {
      put(.long1)
      put(UInt8(8))
      put(Int64(value))
    }
  }

  /// A class, written once and then taken from the memo.
  private mutating func put(global module: String, _ name: String) {
    let line = "\(module)\n\(name)\n"
    if let index = memo[line] {
      put(.binaryGet)
      put(UInt8(truncatingIfNeeded: index))
    } else {
      put(.global)
      bytes.append(contentsOf: line.utf8)
      // At most a dozen classes exist, so the short form always does.
      put(.binaryPut)
      put(UInt8(truncatingIfNeeded: memo.count))
      memo[line] = memo.count
    }
  }

  private mutating func put(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  private mutating func put(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }
}

extension ElementType {
  /// The PyTorch class whose storages hold this type.
  var storageClassName: String {
    switch self {
    case .float64: "DoubleStorage"
    case .float32: "FloatStorage"
    case .float16: "HalfStorage"
    case .bfloat16: "BFloat16Storage"
    case .int64: "LongStorage"
    case .int32: "IntStorage"
    case .int16: "ShortStorage"
    case .int8: "CharStorage"
    case .uint8: "ByteStorage"
    case .bool: "BoolStorage"
    }
  }
}
