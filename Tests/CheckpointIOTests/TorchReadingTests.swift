import CheckpointIO
import TensorCore
import Testing

@Suite("Files that PyTorch wrote")
struct TorchReadingTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private static let files: [(CheckpointContainer, [UInt8])] = [
    (.torchZip, TorchFixtures.zip), (.torchLegacy, TorchFixtures.legacy),
  ]

  @Test("the container is told by content and all tensors are listed", arguments: files)
  func listing(container: CheckpointContainer, bytes: [UInt8]) throws {
    let checkpoint = try folder.checkpoint(bytes)
    #expect(checkpoint.container == container)
    #expect(checkpoint.fileSize == bytes.count)
    #expect(
      checkpoint.tensors.map { "\($0)" } == [
        "state_dict.module.w float32 [4, 6]", "state_dict.module.wt float32 [6, 4]",
        "state_dict.module.tail float32 [6]", "state_dict.module.half float16 [4]",
        "state_dict.module.brain bfloat16 [2]", "state_dict.module.wide float64 [1]",
        "state_dict.module.expanded float32 [2, 3]", "state_dict.module.count int64 []",
        "state_dict.module.mask bool [3]", "state_dict.module.small int16 [1, 2]",
        "state_dict.module.param float32 [2]", "state_dict.module.empty float32 [0, 3]",
      ])
  }

  @Test("views into a shared storage keep their offsets and strides", arguments: files)
  func views(container: CheckpointContainer, bytes: [UInt8]) throws {
    let checkpoint = try folder.checkpoint(bytes)
    let whole = try checkpoint.float32Values(checkpoint.entry("state_dict.module.w"))
    #expect(whole == (0..<24).map(Float.init))
    let transposed = try checkpoint.entry("state_dict.module.wt")
    #expect(transposed.strides == [1, 6])
    #expect(!transposed.isContiguous)
    #expect(try checkpoint.byteRange(of: transposed) == nil)
    #expect(
      try checkpoint.float32Values(transposed)
        == (0..<24).map { Float($0 % 4 * 6 + $0 / 4) })
    let tail = try checkpoint.entry("state_dict.module.tail")
    #expect(tail.isContiguous)
    #expect(try checkpoint.float32Values(tail) == [18, 19, 20, 21, 22, 23])
    let expanded = try checkpoint.entry("state_dict.module.expanded")
    #expect(expanded.strides == [0, 0])
    #expect(
      try checkpoint.float32Values(expanded) == [7, 7, 7, 7, 7, 7])
  }

  @Test("each element type is converted exactly", arguments: files)
  func types(container: CheckpointContainer, bytes: [UInt8]) throws {
    let checkpoint = try folder.checkpoint(bytes)
    func floats(_ name: String) throws -> [Float] {
      try checkpoint.float32Values(checkpoint.entry("state_dict.module.\(name)"))
    }
    func integers(_ name: String) throws -> [Int64] {
      try checkpoint.int64Values(checkpoint.entry("state_dict.module.\(name)"))
    }
    #expect(try floats("half") == [1.5, -0.25, 65504, .infinity])
    #expect(try floats("brain") == [1.5, -3])
    #expect(try floats("wide") == [0.1])
    #expect(try floats("param") == [2, 4])
    #expect(try floats("empty") == [])
    #expect(try integers("count") == [-5])
    #expect(try integers("mask") == [1, 0, 1])
    #expect(try integers("small") == [-1, 2])
  }

  @Test("plain values beside the tensors are given as data", arguments: files)
  func values(container: CheckpointContainer, bytes: [UInt8]) throws {
    let root = try folder.checkpoint(bytes).root
    #expect(root["epoch"]?.integer == 12)
    #expect(root["big"]?.integer == 1 << 40)
    guard case .float(1e-4) = root["lr"], case .string("run é") = root["name"],
      case .none? = root["none"], case .opaque("torch.float16") = root["dtype"],
      case .list(let betas) = root["betas"], case .float(0.9) = betas[1],
      case .list(let flags) = root["flags"], case .boolean(true) = flags[0],
      case .list(let size) = root["size"], size[1].integer == 3
    else {
      Issue.record("unexpected values: \(root.members ?? [])")
      return
    }
  }

  @Test("a tensor's type must suit the call, and a buffer its length")
  func wrongCalls() throws {
    let checkpoint = try folder.checkpoint(TorchFixtures.zip)
    let count = try checkpoint.entry("state_dict.module.count")
    let weights = try checkpoint.entry("state_dict.module.w")
    let transposed = try checkpoint.entry("state_dict.module.wt")
    #expect(
      errorKind { _ = try checkpoint.float32Values(count) }
        == .elementType(tensor: count.name, found: .int64, expected: "a floating type"))
    #expect(
      errorKind { _ = try checkpoint.int64Values(weights) }
        == .elementType(
          tensor: weights.name, found: .float32, expected: "integers or booleans"))
    var short = [Float](repeating: 0, count: 23)
    #expect(
      errorKind {
        try short.withUnsafeMutableBufferPointer { try checkpoint.readFloat32(weights, into: $0) }
      } == .length(tensor: weights.name, found: 23, expected: 24, unit: "buffer elements"))
    #expect(
      errorKind { try checkpoint.withBytes(of: transposed) { _ in } }
        == .notContiguous(tensor: transposed.name))
    let raw = try checkpoint.withBytes(of: weights) { Array($0) }
    #expect(raw == floatBytes((0..<24).map(Float.init)))
  }

  @Test("storage views of old legacy files are honoured and checked")
  func legacyViews() throws {
    func file(view: (offset: Int, count: Int)) -> [UInt8] {
      var pickle = PickleAssembler()
      pickle.raw(0x7d)
      pickle.text("x")
      pickle.tensor(shape: [2], strides: [1], offset: 1) {
        $0.storage("FloatStorage", key: "77", count: 6, view: view)
      }
      pickle.raw(0x73)
      return PickleAssembler.legacyFile(
        pickle.finished, storages: [("77", 6, floatBytes([0, 1, 2, 3, 4, 5]))])
    }
    let checkpoint = try folder.checkpoint(file(view: (2, 3)))
    #expect(try checkpoint.float32Values(checkpoint.tensors[0]) == [3, 4])
    for view in [(2, 2), (5, 2), (Int.max, 1), (0, Int.max)] {
      guard case .outOfBounds = errorKind({ _ = try folder.checkpoint(file(view: view)) }) else {
        Issue.record("a view \(view) was accepted")
        continue
      }
    }
  }

  @Test(
    "a legacy file of a big-endian machine is read, for its storages are little-endian all the same"
  )
  func legacyByteOrder() throws {
    var pickle = PickleAssembler()
    pickle.raw(0x7d)
    pickle.text("x")
    pickle.tensor(shape: [2], strides: [1]) {
      $0.storage("FloatStorage", key: "7", count: 2, isLegacy: true)
    }
    pickle.raw(0x73)
    let checkpoint = try folder.checkpoint(
      PickleAssembler.legacyFile(
        pickle.finished, storages: [("7", 2, floatBytes([1.5, -2]))], littleEndian: false))
    #expect(try checkpoint.float32Values(checkpoint.tensors[0]) == [1.5, -2])
  }

  @Test(
    "other files are named for what they are",
    arguments: [
      ("", "an empty file"), ("<!DOCTYPE html><html>", "a web page"),
      ("version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
      ("\u{4}ABCDEFGHIJ", "the bytes 04 41 42 43"),
      ("PK\u{5}\u{6}" + String(repeating: "\0", count: 18), "a zip archive without"),
    ])
  func otherFiles(content: String, expected: String) throws {
    let kind = errorKind { _ = try folder.checkpoint(Array(content.utf8)) }
    guard case .unknownContainer(let found) = kind else {
      Issue.record("found \(String(describing: kind))")
      return
    }
    #expect(found.hasPrefix(expected))
  }

  @Test("a missing file and a folder give errors that name the path")
  func missingFile() throws {
    #expect(
      errorKind { _ = try Checkpoint(contentsOf: folder.file("none")) }
        == .fileSystem(operation: "open the file", code: 2))
    #expect(
      errorKind { _ = try Checkpoint(contentsOf: folder.path) }
        == .unknownContainer(found: "a folder or a device"))
    #expect(throws: CheckpointError.self) { try Checkpoint(contentsOf: "/dev/null") }
    do {
      _ = try Checkpoint(contentsOf: folder.file("none"))
    } catch {
      #expect("\(error)".hasPrefix(folder.file("none") + ": cannot open the file: No such file"))
    }
  }
}
