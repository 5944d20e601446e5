import TensorCore

/// Reads the directory of a safetensors file: a 64-bit header length, the header as JSON, then
/// the elements of all tensors.
///
/// Format: the README of github.com/huggingface/safetensors, section "Format".
enum SafetensorsReader {
  static func read(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError.Kind) -> CheckpointContents {
    var reader = ByteReader(bytes, part: "the safetensors header")
    let headerCount = try reader.integer(UInt64.self)
    guard headerCount <= UInt64(CheckpointLimits.headerBytes) else {
      throw .limitExceeded(
        what: "the length of the safetensors header", limit: CheckpointLimits.headerBytes)
    }
    let header = try reader.take(Int(headerCount))
    var parser = SafetensorsHeaderParser(header)
    try parser.parse()
    let data = reader.offset..<bytes.count
    var members: [CheckpointValue.Member] = []
    var spans: [(name: String, bytes: Range<Int>)] = []
    for item in parser.tensors {
      members.append(CheckpointValue.Member(key: item.name, value: try value(item, data: data)))
      spans.append((item.name, item.start..<item.end))
    }
    try checkOverlap(spans)
    return CheckpointContents(
      container: .safetensors, root: .dictionary(members), metadata: parser.metadata, records: [])
  }

  /// The tensor, or what it is if its type is not one that is read. Its bytes lie within the file then
  /// too; how many they should be only its type would tell.
  private static func value(
    _ item: SafetensorsHeaderParser.Item, data: Range<Int>
  ) throws(CheckpointError.Kind) -> CheckpointValue {
    guard item.start <= item.end, item.end <= data.count else {
      throw .outOfBounds(
        tensor: item.name, found: "bytes \(item.start) to \(item.end)",
        expected: "a range within \(data.count) bytes; the file may be cut short")
    }
    guard let elementType = ElementType(safetensorsName: item.dataType) else {
      return .opaque("a tensor of \(item.dataType)")
    }
    guard let count = TensorEntry.elementCount(item.shape),
      count * elementType.byteCount == item.end - item.start
    else {
      throw .outOfBounds(
        tensor: item.name, found: "\(item.end - item.start) bytes",
        expected: "those of shape \(item.shape) in \(elementType.rawValue)")
    }
    return .tensor(
      try TensorEntry(
        name: item.name, elementType: elementType, shape: item.shape, strides: nil, offset: 0,
        storage: data.lowerBound + item.start..<data.lowerBound + item.end, record: nil))
  }

  private static func checkOverlap(
    _ spans: [(name: String, bytes: Range<Int>)]
  ) throws(CheckpointError.Kind) {
    let ordered = spans.filter { !$0.bytes.isEmpty }.sorted {
      $0.bytes.lowerBound < $1.bytes.lowerBound
    }
    for (previous, next) in zip(ordered, ordered.dropFirst())
    where next.bytes.lowerBound < previous.bytes.upperBound {
      throw .outOfBounds(
        tensor: next.name, found: "bytes that also belong to \(previous.name.quotedForMessage)",
        expected: "bytes of its own")
    }
  }
}

extension ElementType {
  /// The type's name in a safetensors header.
  var safetensorsName: String {
    switch self {
    case .float64: "F64"
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int64: "I64"
    case .int32: "I32"
    case .int16: "I16"
    case .int8: "I8"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  /// The type that a safetensors header calls `name`; nil if there is none here.
  init?(safetensorsName name: String) {
    guard let type = Self.allCases.first(where: { $0.safetensorsName == name }) else { return nil }
    self = type
  }
}
