/// Reads the container of `torch.save` before PyTorch 1.6: five pickles (magic number, protocol
/// version, facts on the writing machine, the object, the storage keys), then each storage as a
/// 64-bit element count and its bytes.
///
/// Format: PyTorch, torch/serialization.py `_legacy_save` and `_legacy_load`.
enum TorchLegacyReader {
  /// 0x1950a86a20f9469cfc6c, the lowest byte first.
  private static let magic: [UInt8] = [
    0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19,
  ]
  private static let protocolVersion = 1001

  static func read(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError.Kind) -> CheckpointContents {
    var machine = PickleMachine(bytes)
    let first = try machine.run()
    guard case .wideInteger(magic) = first else { return try arrays(first, machine.heap) }
    guard case .integer(protocolVersion) = try machine.run() else {
      throw .unsupported(
        part: "the legacy checkpoint", found: "another protocol version",
        expected: "\(protocolVersion)")
    }
    // What the writing machine was like. Its byte order is of no account: storages were always written
    // little-endian (torch/csrc/serialization.cpp).
    let facts = try machine.run()
    guard case .dictionary = machine.heap.node(facts) else {
      throw .malformed(
        part: "the legacy checkpoint", found: facts.kindName, expected: "system facts")
    }
    let object = try machine.run()
    let keys = try machine.run()
    let places = try places(keys, machine, bytes)
    var tree = PickleTree(heap: machine.heap) { storage throws(CheckpointError.Kind) in
      guard let range = places[storage.key] else {
        throw .malformed(
          part: "the legacy checkpoint",
          found: "no data for storage \(storage.key.quotedForMessage)", expected: "some")
      }
      return PickleTree.Place(range: range, record: nil)
    }
    return CheckpointContents(
      container: .torchLegacy, root: try tree.value(object), metadata: [:], records: [])
  }

  /// A pickle that holds arrays and their names, as those who work with NumPy write one.
  private static func arrays(
    _ object: PickleObject, _ heap: PickleHeap
  ) throws(CheckpointError.Kind) -> CheckpointContents {
    var tree = PickleTree(heap: heap) { storage throws(CheckpointError.Kind) in
      throw .malformed(
        part: "the pickle", found: "no data for storage \(storage.key.quotedForMessage)",
        expected: "some")
    }
    let root = try tree.value(object)
    var tensors: [TensorEntry] = []
    root.appendTensors(to: &tensors)
    guard !tensors.isEmpty else { throw .unknownContainer(found: "a pickle of something else") }
    return CheckpointContents(container: .pickle, root: root, metadata: [:], records: [])
  }

  /// Where the bytes of each storage lie, by key.
  private static func places(
    _ keys: PickleObject, _ machine: PickleMachine, _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError.Kind) -> [String: Range<Int>] {
    guard let keys = machine.heap.members(keys) else {
      throw .malformed(
        part: "the legacy checkpoint", found: keys.kindName, expected: "a list of storage keys")
    }
    let sizes = elementSizes(machine.heap)
    var reader = ByteReader(bytes, part: "a legacy storage", offset: machine.offset)
    var places: [String: Range<Int>] = [:]
    for key in keys {
      // The element size stands only in the object's pickle, so every key must occur there.
      guard case .string(let key) = key, let size = sizes[key] else {
        throw .malformed(
          part: "the legacy checkpoint", found: "a storage key that no tensor uses",
          expected: "keys of the tensors")
      }
      let count = try reader.size64()
      let (byteCount, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow else {
        throw .truncated(part: reader.part, needed: count, available: reader.remaining)
      }
      let start = reader.offset
      try reader.skip(byteCount)
      guard places.updateValue(start..<reader.offset, forKey: key) == nil else {
        throw .duplicateName(name: key)
      }
    }
    return places
  }

  /// Bytes of one element of each storage that the pickles mention.
  private static func elementSizes(_ heap: PickleHeap) -> [String: Int] {
    var sizes: [String: Int] = [:]
    for node in heap.nodes {
      guard case .storage(let storage) = node else { continue }
      sizes[storage.key] = storage.elementSize
    }
    return sizes
  }
}
