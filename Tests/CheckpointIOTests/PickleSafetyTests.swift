import CheckpointIO
import TestSupport
import Testing

@Suite("Hostile pickles")
struct PickleSafetyTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The error that a zip file with this pickle gives.
  private func kind(
    _ pickle: [UInt8], _ storages: [[UInt8]] = [], location: SourceLocation = #_sourceLocation
  ) -> CheckpointError.Kind? {
    errorKind(
      { _ = try folder.checkpoint(ZipAssembler.torch(pickle, storages).bytes) }, location: location)
  }

  @Test(
    "a name that runs commands or code is refused and named",
    arguments: [
      ("os", "system"), ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"),
      ("os.path", "join"), ("builtins", "eval"), ("__builtin__", "exec"), ("builtins", "open"),
      ("runpy", "_run_code"), ("pickle", "loads"),
    ])
  func refusedNames(module: String, name: String) {
    var pickle = PickleAssembler()
    pickle.global(module, name)
    pickle.text("rm -rf /")
    pickle.raw(0x85, 0x52)
    #expect(kind(pickle.finished) == .refusedGlobal(name: "\(module).\(name)"))
    let error = CheckpointError(path: "x", kind: .refusedGlobal(name: "os.system"))
    #expect(
      "\(error)".contains("wanted \"os.system\", which runs commands or code; nothing was run"))
  }

  @Test(
    "any other name is a name only: what it makes is opaque, and no file or tensor comes of it",
    arguments: [
      ("torch", "load"), ("torch.storage", "_load_from_bytes"), ("collections", "OrderedDict.x"),
      ("builtins", "getattr"), ("mylib.models", "Denoiser"), ("", ""),
    ])
  func otherNames(module: String, name: String) throws {
    var pickle = PickleAssembler()
    pickle.raw(0x7d)
    pickle.text("it")
    pickle.global(module, name)
    pickle.text("/etc/passwd")
    pickle.raw(0x85, 0x52, 0x73)
    let checkpoint = try folder.checkpoint(ZipAssembler.torch(pickle.finished).bytes)
    guard case .opaque("\(module).\(name)") = checkpoint.root["it"] else {
      Issue.record("found \(String(describing: checkpoint.root["it"]))")
      return
    }
    #expect(checkpoint.tensors.isEmpty)
  }

  @Test("a name assembled from strings on the stack is refused as well")
  func refusedStackName() {
    var pickle = PickleAssembler()
    pickle.text("os")
    pickle.text("system")
    pickle.raw(0x93)
    #expect(kind(pickle.finished) == .refusedGlobal(name: "os.system"))
  }

  @Test(
    "every instruction outside the allow-list is refused with its place",
    arguments: [
      0x69, 0x6f, 0x50, 0x82, 0x83, 0x84, 0x97, 0x98, 0x49, 0x00, 0xff,
    ] as [UInt8])
  func refusedInstructions(opcode: UInt8) {
    #expect(kind([0x80, 2, opcode, 0x2e]) == .refusedOpcode(opcode: opcode, offset: 2))
  }

  @Test(
    "instructions on missing operands are errors",
    arguments: [
      [0x2e], [0x30], [0x31], [0x32], [0x61], [0x65], [0x73], [0x75], [0x74], [0x85], [0x86],
      [0x87],
      [0x52], [0x81], [0x62], [0x51], [0x71, 0], [0x68, 9], [0x6a, 9, 0, 0, 0], [0x94], [0x93],
      [0x28, 0x2e], [0x5d, 0x28, 0x61], [0x4e, 0x62], [0x4e, 0x51], [0x29, 0x28, 0x4e, 0x75],
      [0x7d, 0x28, 0x4e, 0x75], [0x29, 0x4e, 0x61], [0x90], [0x91], [0x92], [0x29, 0x29, 0x92],
      [0x4e, 0x28, 0x90], [0x4e, 0x29, 0x52], [0x28, 0x4e, 0x64],
    ] as [[UInt8]])
  func missingOperands(instructions: [UInt8]) {
    guard case .malformed = kind([0x80, 2] + instructions + [0x2e]) else {
      Issue.record("accepted \(instructions)")
      return
    }
  }

  @Test("a pickle that ends early is an error wherever it ends")
  func truncatedPickle() {
    let pickle = PickleAssembler.oneTensor(count: 4, shape: [2, 2], strides: [2, 1])
    for count in 0..<pickle.count {
      #expect(kind(Array(pickle[..<count]), [floatBytes([1, 2, 3, 4])]) != nil)
    }
  }

  @Test("a few bytes that claim gigabytes of text are an error")
  func hugeClaims() {
    for claim in [
      [0x58, 0xff, 0xff, 0xff, 0xff], [0x8b, 0xff, 0xff, 0xff, 0xff],
      [0x8d] + [UInt8](repeating: 0x7f, count: 8), [0x96] + [UInt8](repeating: 0x7f, count: 8),
    ] {
      #expect(kind([0x80, 2] + claim + [0x2e]) != nil)
    }
    #expect(kind([0x80, 2, 0x8d] + [UInt8](repeating: 0xff, count: 8)) != nil)
  }

  @Test("nesting without end, cycles and doubling lists hit limits, not the stack or the memory")
  func expansion() {
    let nested =
      [0x80, 2] + [UInt8](repeating: 0x29, count: 1)
      + [UInt8](repeating: 0x85, count: 1_000_000) + [0x2e]
    guard case .limitExceeded = kind(nested) else {
      Issue.record("deep nesting was accepted")
      return
    }
    let cycle: [UInt8] = [0x80, 2, 0x5d, 0x71, 0, 0x68, 0, 0x61, 0x2e]
    guard case .limitExceeded = kind(cycle) else {
      Issue.record("a list within itself was accepted")
      return
    }
    // Each tuple holds the one before twice: 2^40 values from 80 bytes.
    var doubling: [UInt8] = [0x80, 2, 0x29]
    for _ in 0..<40 { doubling += [0x32, 0x86] }
    guard case .limitExceeded = kind(doubling + [0x2e]) else {
      Issue.record("doubling was accepted")
      return
    }
    // An instruction that makes nothing, without end: five million times a number that is dropped.
    let idle = [0x80, 2] + [UInt8]((0..<2_500_000).flatMap { _ in [0x88, 0x30] as [UInt8] })
    guard case .limitExceeded("the number of the pickle's instructions", _) = kind(idle) else {
      Issue.record("idling was accepted")
      return
    }
    let marks = [0x80, 2] + [UInt8](repeating: 0x28, count: 3_000_000)
    guard case .limitExceeded = kind(marks) else {
      Issue.record("marks without end were accepted")
      return
    }
  }

  /// Some tenths of a second; copying all members for each new one would take minutes.
  @Test(
    "containers that grow by one member at a time cost as much a member as small ones",
    arguments: ["list", "dictionary", "object"])
  func growth(container: String) throws {
    var pickle = PickleAssembler()
    if container == "object" {
      pickle.global("mylib", "Bag")
      pickle.raw(0x29, 0x52)
    } else {
      pickle.raw(container == "list" ? 0x5d : 0x7d)
    }
    for number in 0..<200_000 {
      if container != "list" { pickle.integer(number) }
      pickle.raw(0x4e)
      pickle.raw(container == "list" ? 0x61 : 0x73)
    }
    let bytes = ZipAssembler.torch(pickle.finished).bytes
    let seconds = try ProcessorTime.seconds {
      switch try folder.checkpoint(bytes).root {
      case .list(let values): #expect(values.count == 200_000)
      case .dictionary(let members): #expect(members.count == 200_000)
      case let other: Issue.record("found \(other)")
      }
    }
    #expect(seconds < 30)
  }

  @Test(
    "a tensor beyond its storage is an error, whatever overflows on the way",
    arguments: [
      ([5], [1], 0), ([4], [1], 1), ([2, 2], [3, 1], 0), ([-1], [1], 0), ([2], [-1], 1),
      ([2], [1], -1), ([Int.max, Int.max], [1, 1], 0), ([2], [Int.max], Int.max),
      ([1 << 32, 1 << 32], [0, 0], 0), ([0, Int.max], [1, 1], 0),
      ([1 << 31, 0, 1 << 31], [0, 1, 1], 0), ([1 << 31], [0], 0), ([1], [1], 4),
    ])
  func outOfBounds(shape: [Int], strides: [Int], offset: Int) {
    let pickle = PickleAssembler.oneTensor(
      count: 4, shape: shape, strides: strides, offset: offset)
    switch kind(pickle, [floatBytes([1, 2, 3, 4])]) {
    case .outOfBounds, .limitExceeded: break
    case let other: Issue.record("shape \(shape): \(String(describing: other))")
    }
  }

  @Test("a storage must hold as many bytes as the pickle says, and must be there")
  func storageSizes() {
    let pickle = PickleAssembler.oneTensor(count: 4, shape: [2], strides: [1])
    for bytes in [[], [1], [UInt8](repeating: 0, count: 15), [UInt8](repeating: 0, count: 20)] {
      guard case .malformed(_, let found, _) = kind(pickle, [bytes]) else {
        Issue.record("\(bytes.count) bytes were accepted")
        continue
      }
      #expect(found == "\(bytes.count) bytes")
    }
    guard case .malformed = kind(pickle) else {
      Issue.record("a missing storage was accepted")
      return
    }
  }

  @Test("a dictionary that repeats a key is an error")
  func repeatedKey() {
    var pickle = PickleAssembler()
    pickle.raw(0x7d)
    pickle.mark()
    for _ in 0..<2 {
      pickle.text("a")
      pickle.raw(0x4e)
    }
    pickle.raw(0x75)
    #expect(kind(pickle.finished) == .duplicateName(name: "a"))
  }

  @Test("names from a file cannot bring control characters into messages")
  func cleanMessages() {
    var pickle = PickleAssembler()
    pickle.global("os", "\u{1b}[31msystem")
    let kind = kind(pickle.finished)
    #expect(kind?.description.contains("\u{1b}") == false)
    #expect(kind?.description.contains("os.\\u{27}[31msystem") == true)
  }
}
