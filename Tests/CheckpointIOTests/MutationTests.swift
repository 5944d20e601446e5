import CheckpointIO
import Foundation
import TensorCore
import TestSupport
import Testing

/// Damaged files must throw or be read; anything else ends the test process.
@Suite("Seeded mutations")
struct MutationTests {
  private static let variantCount = 3_500
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("damaged zip files never crash, with and without checksums")
  func zip() throws {
    try mutate(TorchFixtures.zip, seed: 1, checksums: .never)
    try mutate(TorchFixtures.zip, seed: 2, checksums: .onFirstRead, count: 500)
  }

  @Test("damaged pickles in intact zip files never crash")
  func pickle() throws {
    let pickle = try Self.pickle(of: TorchFixtures.zip)
    let storages = (0..<10).map { [UInt8](repeating: UInt8($0), count: $0 == 0 ? 96 : 8) }
    var generator = SeededGenerator(state: 3)
    for _ in 0..<Self.variantCount {
      let variant = pickle.damaged(using: &generator)
      exercise(ZipAssembler.torch(variant, storages).bytes, checksums: .onFirstRead)
    }
  }

  @Test(
    "damaged objects beside the weights never crash, nor do negated tensors of a big-endian machine"
  )
  func objects() throws {
    var pickle = PickleAssembler()
    pickle.bytes = [0x80, 5]
    pickle.raw(0x7d)
    pickle.text("w")
    pickle.global("torch._tensor", "_rebuild_from_type_v2")
    pickle.mark()
    pickle.global("torch._utils", "_rebuild_tensor_v3")
    pickle.global("mylib", "Tagged")
    pickle.mark()
    pickle.storage("UntypedStorage", key: "0", count: 16)
    pickle.integer(1)
    pickle.tuple([3])
    pickle.tuple([1])
    pickle.raw(0x89, 0x4e)
    pickle.global("torch", "float32")
    pickle.raw(0x7d)
    pickle.text("neg")
    pickle.raw(0x88, 0x73, 0x74, 0x7d, 0x74, 0x52, 0x73)
    pickle.text("module")
    pickle.global("mylib", "Net")
    pickle.raw(0x29, 0x7d, 0x92, 0x7d, 0x28)
    for part in ["_parameters", "_buffers", "_modules"] {
      pickle.text(part)
      pickle.raw(0x7d)
    }
    pickle.raw(0x75, 0x4e, 0x86, 0x62, 0x73)
    pickle.raw(0x28, 0x4b, 1, 0x4b, 2, 0x86, 0x8f, 0x28, 0x4b, 3, 0x90)
    pickle.raw(0x4e, 0x28, 0x4e, 0x91, 0x88, 0x96, 2, 0, 0, 0, 0, 0, 0, 0, 1, 2)
    pickle.raw(0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x8b, 2, 0, 0, 0, 1, 1, 0x75)
    let storage = floatBytes([1, 2, 3, 4])
    let whole = ZipAssembler.torch(pickle.finished, [storage], byteOrder: "big")
    _ = try folder.checkpoint(whole.bytes)
    var generator = SeededGenerator(state: 6)
    for _ in 0..<Self.variantCount {
      let variant = pickle.finished.damaged(using: &generator)
      exercise(
        ZipAssembler.torch(variant, [storage], byteOrder: "big").bytes, checksums: .onFirstRead)
    }
  }

  @Test("damaged deflated archives never crash")
  func deflated() throws {
    var zip = ZipAssembler.torch(
      PickleAssembler.oneTensor(count: 4, shape: [2, 2], strides: [1, 2]),
      [floatBytes([1, 2, 3, 4])])
    for index in zip.records.indices { zip.records[index].method = 8 }
    try mutate(zip.bytes, seed: 7, checksums: .never)
    try mutate(zip.bytes, seed: 8, count: 500)
  }

  @Test("damaged indices of files never crash")
  func index() throws {
    try SafetensorsWriter(
      tensors: [TensorDescription(name: "w", elementType: .float32, shape: [1])]
    ).write(to: folder.file("one")) { _, sink in try sink.append(converting: [1]) }
    let path = folder.file("m.index.json")
    let whole = Array(
      #"{"metadata":{"total_size":4.5e0,"a":[null,{"b":[]}]},"weight_map":{"w":"one"}}"#.utf8)
    var generator = SeededGenerator(state: 9)
    for round in 0..<Self.variantCount {
      let bytes = round == 0 ? whole : whole.damaged(using: &generator)
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      let checkpoint = try? Checkpoint(contentsOf: path)
      #expect(round > 0 || checkpoint?.tensors.count == 1)
    }
  }

  @Test("damaged legacy files never crash")
  func legacy() throws {
    try mutate(TorchFixtures.legacy, seed: 4)
  }

  @Test("damaged safetensors files never crash")
  func safetensors() throws {
    let tensors = ElementType.allCases.map {
      TensorDescription(name: $0.rawValue, elementType: $0, shape: [2, 3])
    }
    try SafetensorsWriter(tensors: tensors, metadata: ["a": "b"]).write(
      to: folder.file("whole")
    ) { tensor, sink in
      let zeros = [UInt8](repeating: 1, count: 6 * tensor.elementType.byteCount)
      try zeros.withUnsafeBytes { try sink.append($0) }
    }
    try mutate(try bytes(ofFile: folder.file("whole")), seed: 5)
  }

  @Test("every truncation of a zip or legacy file is an error or reads fine")
  func truncations() throws {
    for whole in [TorchFixtures.zip, TorchFixtures.legacy] {
      for count in stride(from: 0, to: whole.count, by: 3) {
        exercise(Array(whole[..<count]), checksums: .onFirstRead)
      }
    }
  }

  private func mutate(
    _ whole: [UInt8], seed: UInt64, checksums: ChecksumPolicy = .onFirstRead,
    count: Int = variantCount
  ) throws {
    // The undamaged file must read, or the variants would all fail for another reason.
    _ = try folder.checkpoint(whole, checksums: checksums)
    var generator = SeededGenerator(state: seed)
    for _ in 0..<count {
      exercise(whole.damaged(using: &generator), checksums: checksums)
    }
  }

  /// Does with the file all that a caller may do.
  private func exercise(_ bytes: [UInt8], checksums: ChecksumPolicy) {
    guard let checkpoint = try? folder.reusedCheckpoint(bytes, checksums: checksums) else {
      return
    }
    _ = "\(checkpoint.root)"
    for entry in checkpoint.tensors where entry.elementCount <= 1 << 16 {
      _ = try? checkpoint.float32Values(entry)
      _ = try? checkpoint.int64Values(entry)
      _ = try? checkpoint.withBytes(of: entry) { $0.reduce(0) { $0 &+ $1 } }
      checkpoint.willNeed(entry)
      checkpoint.releasePages(of: entry)
    }
    try? checkpoint.verifyChecksums()
    let names = WeightNames(
      landmarks: ["w"], components: ["w", "wt"], buffers: ["tail"],
      dotless: DotlessNames(words: ["w", "wt", "half"]))
    _ = try? StateDictionary(in: checkpoint, networks: [names])
    _ = try? StateDictionary(in: checkpoint, networks: [names], wrapper: "state_dict")
    _ = StateDictionary.availableWrappers(in: checkpoint, networks: [names])
  }

  /// The record `data.pkl` of a zip file, found by its local header.
  private static func pickle(of zip: [UInt8]) throws -> [UInt8] {
    let start = try #require(zip.firstIndex(of: 0x80))
    let end = try #require(
      zip[start...].indices.first { zip[$0...].starts(with: [0x50, 0x4b, 7]) })
    return Array(zip[start..<end])
  }
}
