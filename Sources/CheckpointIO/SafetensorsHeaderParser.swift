/// Reads the JSON header of a safetensors file: an object of tensors, each with its type, shape
/// and range, and an optional object of strings under `__metadata__`.
///
/// A parser of its own, because the header comes from strangers: general ones accept duplicate
/// keys, of which one then silently wins, and numbers that do not fit an integer.
/// Format: RFC 8259, restricted to what the safetensors README allows.
struct SafetensorsHeaderParser {
  /// A tensor as the header states it; nothing is checked against the file yet.
  struct Item {
    let name: String
    let dataType: String
    let shape: [Int]
    /// Bytes from the end of the header.
    let start: Int
    let end: Int
  }

  private(set) var tensors: [Item] = []
  private(set) var metadata: [String: String] = [:]
  private var scanner: JSONScanner

  /// Starts on the bytes of the header.
  init(_ bytes: UnsafeRawBufferPointer) {
    scanner = JSONScanner(bytes, part: "the safetensors header")
  }

  /// Reads the whole header.
  mutating func parse() throws(CheckpointError.Kind) {
    var names: Set<String> = []
    try scanner.expect("{")
    var isFirst = true
    while let name = try scanner.nextKey(isFirst: &isFirst) {
      guard name.utf8.count <= CheckpointLimits.nameBytes else {
        throw .limitExceeded(
          what: "the length of a tensor's name", limit: CheckpointLimits.nameBytes)
      }
      guard names.insert(name).inserted else { throw .duplicateName(name: name) }
      if names.count.isMultiple(of: 1024), Task.isCancelled { throw .cancelled }
      if name == "__metadata__" {
        try parseMetadata()
      } else {
        tensors.append(try parseTensor(name))
      }
    }
    try scanner.expectEnd()
  }

  private mutating func parseMetadata() throws(CheckpointError.Kind) {
    try scanner.expect("{")
    var isFirst = true
    while let key = try scanner.nextKey(isFirst: &isFirst) {
      guard metadata.updateValue(try scanner.string(), forKey: key) == nil else {
        throw .duplicateName(name: key)
      }
    }
  }

  private mutating func parseTensor(_ name: String) throws(CheckpointError.Kind) -> Item {
    var dataType: String?
    var shape: [Int]?
    var offsets: [Int]?
    try scanner.expect("{")
    var isFirst = true
    while let key = try scanner.nextKey(isFirst: &isFirst) {
      switch key {
      case "dtype" where dataType == nil: dataType = try scanner.string()
      case "shape" where shape == nil: shape = try scanner.integers(limit: CheckpointLimits.axes)
      case "data_offsets" where offsets == nil: offsets = try scanner.integers(limit: 2)
      default:
        throw .malformed(
          part: "tensor \(name.quotedForMessage) in the safetensors header",
          found: "the key \(key.quotedForMessage)",
          expected: "dtype, shape and data_offsets, once each")
      }
    }
    guard let dataType, let shape, let offsets, offsets.count == 2 else {
      throw .malformed(
        part: "tensor \(name.quotedForMessage) in the safetensors header",
        found: "too few keys or offsets", expected: "dtype, shape and two data_offsets")
    }
    return Item(
      name: name, dataType: dataType, shape: shape, start: offsets[0], end: offsets[1])
  }
}
