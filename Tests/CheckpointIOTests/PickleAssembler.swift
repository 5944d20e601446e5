/// Puts pickles together instruction by instruction, wrong ones too. Independent of the module's
/// own writer, so that the two check each other.
struct PickleAssembler {
  var bytes: [UInt8] = [0x80, 2]

  /// The pickle, ended by a stop instruction.
  var finished: [UInt8] { bytes + [0x2e] }

  mutating func raw(_ more: UInt8...) { bytes += more }

  mutating func mark() { raw(0x28) }

  mutating func text(_ text: String) {
    raw(0x58)
    bytes += CheckpointIOTests.bytes(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  mutating func integer(_ value: Int) {
    if let small = Int32(exactly: value) {
      raw(0x4a)
      bytes += CheckpointIOTests.bytes(small)
    } else {
      raw(0x8a, 8)
      bytes += CheckpointIOTests.bytes(value)
    }
  }

  mutating func tuple(_ values: [Int]) {
    mark()
    for value in values { integer(value) }
    raw(0x74)
  }

  mutating func global(_ module: String, _ name: String) {
    raw(0x63)
    bytes += Array("\(module)\n\(name)\n".utf8)
  }

  mutating func emptyOrderedDictionary() {
    global("collections", "OrderedDict")
    raw(0x29, 0x52)
  }

  /// A persistent id of a storage; `view` only in legacy files.
  mutating func storage(
    _ type: String, key: String, count: Int, view: (offset: Int, count: Int)? = nil,
    isLegacy: Bool = false
  ) {
    mark()
    text("storage")
    global("torch", type)
    text(key)
    text("cpu")
    integer(count)
    if let view {
      mark()
      text("\(key)-view")
      integer(view.offset)
      integer(view.count)
      raw(0x74)
    } else if isLegacy {
      raw(0x4e)
    }
    raw(0x74, 0x51)
  }

  /// A call of `_rebuild_tensor_v2` on the storage that `storage` writes.
  mutating func tensor(
    shape: [Int], strides: [Int], offset: Int = 0, _ storage: (inout PickleAssembler) -> Void
  ) {
    global("torch._utils", "_rebuild_tensor_v2")
    mark()
    storage(&self)
    integer(offset)
    tuple(shape)
    tuple(strides)
    raw(0x89)
    emptyOrderedDictionary()
    raw(0x74, 0x52)
  }

  /// A pickle of `{"x": tensor}` with one float32 tensor in storage 0.
  static func oneTensor(
    count: Int, shape: [Int], strides: [Int], offset: Int = 0, type: String = "FloatStorage"
  ) -> [UInt8] {
    var pickle = PickleAssembler()
    pickle.raw(0x7d)
    pickle.text("x")
    pickle.tensor(shape: shape, strides: strides, offset: offset) {
      $0.storage(type, key: "0", count: count)
    }
    pickle.raw(0x73)
    return pickle.finished
  }

  /// A legacy file of `object` (the whole pickle) and storages.
  static func legacyFile(
    _ object: [UInt8], storages: [(key: String, count: Int, bytes: [UInt8])],
    littleEndian: Bool = true
  ) -> [UInt8] {
    let magic: [UInt8] = [
      0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19, 0x2e,
    ]
    var version = PickleAssembler()
    version.integer(1001)
    var facts = PickleAssembler()
    facts.raw(0x7d)
    facts.text("little_endian")
    facts.raw(littleEndian ? 0x88 : 0x89, 0x73)
    var keys = PickleAssembler()
    keys.raw(0x5d)
    keys.mark()
    for storage in storages { keys.text(storage.key) }
    keys.raw(0x65)
    return magic + version.finished + facts.finished + object + keys.finished
      + storages.flatMap { CheckpointIOTests.bytes($0.count) + $0.bytes }
  }
}
