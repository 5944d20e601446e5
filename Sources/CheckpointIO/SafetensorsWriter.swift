import TensorCore

/// Writes a safetensors file: tensors in the given order, without gaps, and free-form metadata.
///
/// Elements are asked for one tensor at a time and go straight to the disk, so a file of any size
/// needs little memory. Put tensors of wide types first if types are mixed, so that each starts at
/// a multiple of its element size.
/// Format: the README of github.com/huggingface/safetensors, section "Format".
public struct SafetensorsWriter: Sendable {
  /// The tensors, in the file's order.
  public let tensors: [TensorDescription]
  /// Strings to store under `__metadata__`.
  public let metadata: [String: String]
  /// Whether the file ends with a SHA-256 of itself, so that damage is noticed:
  /// ``Checkpoint/verifySeal()``.
  public let isSealed: Bool

  /// Plans a file of `tensors`, whose names must be unique.
  public init(
    tensors: [TensorDescription], metadata: [String: String] = [:], isSealed: Bool = false
  ) {
    self.tensors = tensors
    self.metadata =
      isSealed
      ? metadata.merging([Seal.metadata.key: Seal.metadata.value]) { $1 } : metadata
    self.isSealed = isSealed
  }

  /// Writes the file to `path`, whole or not at all.
  ///
  /// - Parameters:
  ///   - isSynced: whether the file is to survive a power loss; see `AtomicFile`.
  ///   - replaces: whether a file that is there is replaced; see `AtomicFile`.
  ///   - data: called once per tensor, in order, to give its elements to the sink.
  /// - Throws: `CheckpointError` for names that are not unique, impossible shapes, too few or too
  ///   many elements, and failures of the file system; and what `data` throws. Nothing is left of
  ///   the file then, and what was at `path` before is still there.
  public func write(
    to path: String, isSynced: Bool = true, replaces: Bool = true,
    data: (TensorDescription, TensorSink) throws -> Void
  ) throws {
    let header: [UInt8]
    do throws(CheckpointError.Kind) {
      header = try self.header()
    } catch {
      throw CheckpointError(path: path, kind: error)
    }
    try AtomicFile.write(to: path, isSynced: isSynced, replaces: replaces) { file in
      if isSealed { file.digest = SHA256Digest() }
      try file.write(header)
      for tensor in tensors {
        let sink = TensorSink(
          tensor, byteCount: try tensor.byteCount(), file: file, countsChecksum: false)
        try data(tensor, sink)
        _ = try sink.finish()
      }
      if let digest = file.digest { try file.write(digest.bytes) }
    }
  }

  /// The length and the JSON, padded with spaces to a multiple of 8 bytes.
  private func header() throws(CheckpointError.Kind) -> [UInt8] {
    var members: [String] = []
    if !metadata.isEmpty {
      let strings = metadata.sorted { $0.key < $1.key }.map { key, value in
        "\(key.jsonString):\(value.jsonString)"
      }
      members.append("\"__metadata__\":{\(strings.joined(separator: ","))}")
    }
    var names: Set<String> = ["__metadata__"]
    var offset = 0
    for tensor in isSealed ? tensors + [Seal.tensor] : tensors {
      guard names.insert(tensor.name).inserted else { throw .duplicateName(name: tensor.name) }
      let (end, overflow) = offset.addingReportingOverflow(try tensor.byteCount())
      guard !overflow else {
        throw .limitExceeded(what: "the size of the file", limit: Int.max)
      }
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      members.append(
        "\(tensor.name.jsonString):{\"dtype\":\"\(tensor.elementType.safetensorsName)\","
          + "\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var json = [UInt8]("{\(members.joined(separator: ","))}".utf8)
    while !json.count.isMultiple(of: 8) { json.append(UInt8(ascii: " ")) }
    var header: [UInt8] = []
    withUnsafeBytes(of: UInt64(json.count).littleEndian) { header.append(contentsOf: $0) }
    return header + json
  }
}

extension String {
  /// The text as a JSON string (RFC 8259, section 7).
  fileprivate var jsonString: String {
    var text = "\""
    for scalar in unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\0"..<" ":
        let digits = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }
}
