import CheckpointIO
import Testing

/// What stands beside weights in checkpoints: whatever its type, it is data, and it costs no weight.
@Suite("Objects in pickles")
struct PickleObjectTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func value(
    proto: UInt8 = 4, _ write: (inout PickleAssembler) -> Void
  ) throws -> CheckpointValue {
    try folder.pickledValue(proto: proto, write)
  }

  @Test("sets, frozen sets, byte arrays and long integers have instructions of their own")
  func containers() throws {
    #expect(try text(value { $0.raw(0x8f, 0x28, 0x4b, 1, 0x4b, 2, 0x90) }) == "[1, 2]")
    #expect(try text(value { $0.raw(0x28, 0x4b, 1, 0x4b, 2, 0x91) }) == "[1, 2]")
    #expect(
      try text(value(proto: 5) { $0.raw(0x96, 3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3) }) == "3 bytes")
    #expect(try text(value { $0.raw(0x8b, 2, 0, 0, 0, 0xff, 0xff) }) == "-1")
    let long = try value { pickle in
      pickle.raw(0x8b, 0, 2, 0, 0)
      pickle.bytes += [UInt8](repeating: 7, count: 512)
    }
    #expect(text(long) == "<an integer beyond 64 bits>")
  }

  @Test("strings of Python 2 that are no text are bytes")
  func oldStrings() throws {
    #expect(try text(value(proto: 2) { $0.raw(0x55, 2, 0xff, 0xfe) }) == "2 bytes")
    #expect(try text(value(proto: 2) { $0.raw(0x55, 2, 0x61, 0x62) }) == "\"ab\"")
  }

  @Test(
    "calls of any class are opaque under its name",
    arguments: [
      ("builtins", "complex"), ("collections", "Counter"), ("torch", "device"),
      ("torch.serialization", "_get_layout"), ("pathlib", "PosixPath"), ("datetime", "datetime"),
      ("functools", "partial"), ("uuid", "UUID"), ("decimal", "Decimal"),
    ])
  func calls(module: String, name: String) throws {
    let value = try value { pickle in
      pickle.global(module, name)
      pickle.raw(0x29, 0x52)
    }
    #expect(text(value) == "<\(module).\(name)>")
    let keywords = try self.value { pickle in
      pickle.global(module, name)
      pickle.raw(0x29, 0x7d, 0x92)
    }
    #expect(text(keywords) == "<\(module).\(name)>")
  }

  @Test("a class or type alone is its name, and what a result returns is opaque too")
  func names() throws {
    #expect(try text(value { $0.global("torch", "float8_e4m3fn") }) == "<torch.float8_e4m3fn>")
    let result = try value { pickle in
      pickle.global("functools", "partial")
      pickle.raw(0x29, 0x52, 0x29, 0x52)
    }
    #expect(text(result) == "<a result of functools.partial>")
  }

  /// An array of a type, with its elements' bytes, as protocols 3 and 4 write one.
  private func array(
    _ pickle: inout PickleAssembler, _ shape: [Int], type: String, order: String = "<",
    isFortran: Bool = false, _ bytes: [UInt8]
  ) {
    pickle.global("numpy.core.multiarray", "_reconstruct")
    pickle.global("numpy", "ndarray")
    pickle.raw(0x4b, 0, 0x85, 0x43, 1, 0x62, 0x87, 0x52, 0x28, 0x4b, 1)
    pickle.tuple(shape)
    pickle.global("numpy", "dtype")
    pickle.text(type)
    pickle.raw(0x89, 0x88, 0x87, 0x52, 0x28, 0x4b, 3)
    pickle.text(order)
    pickle.raw(0x4e, 0x4e, 0x4e, 0x74, 0x62, isFortran ? 0x88 : 0x89, 0x43, UInt8(bytes.count))
    pickle.bytes += bytes
    pickle.raw(0x74, 0x62)
  }

  @Test("arrays of numbers are tensors, of either order of axes and of bytes")
  func arrays() throws {
    let numbers = floatBytes([0, 1, 2, 3, 4, 5])
    var reversed: [UInt8] = []
    for start in stride(from: 0, to: 24, by: 4) {
      reversed += numbers[start..<(start + 4)].reversed()
    }
    var pickle = PickleAssembler()
    pickle.bytes = [0x80, 4, 0x7d]
    let cases: [(String, String, Bool, [UInt8])] = [
      ("rows", "<", false, numbers), ("columns", "<", true, numbers),
      ("turned", ">", false, reversed),
    ]
    for (name, order, isFortran, bytes) in cases {
      pickle.text(name)
      array(&pickle, [2, 3], type: "f4", order: order, isFortran: isFortran, bytes)
      pickle.raw(0x73)
    }
    pickle.text("words")
    array(&pickle, [1], type: "U1", [1, 0, 0, 0])
    pickle.raw(0x73)
    let checkpoint = try folder.checkpoint(pickle.finished)
    #expect(checkpoint.container == .pickle)
    func values(_ name: String) throws -> [Float] {
      try checkpoint.float32Values(checkpoint.entry(name))
    }
    #expect(try values("rows") == [0, 1, 2, 3, 4, 5])
    #expect(try values("columns") == [0, 2, 4, 1, 3, 5])
    #expect(try values("turned") == [0, 1, 2, 3, 4, 5])
    #expect(checkpoint.root["words"].map(text) == "<a NumPy array of U1>")
    // Within a zip they lie in the record of the pickle.
    let inside = try value { array(&$0, [2, 3], type: "f4", numbers) }
    guard case .tensor(let entry) = inside else {
      Issue.record("\(inside)")
      return
    }
    #expect(entry.shape == [2, 3])
  }

  @Test("a pickle that holds no array is no checkpoint")
  func emptyPickle() throws {
    var pickle = PickleAssembler()
    pickle.raw(0x7d)
    #expect(throws: CheckpointError.self) { try folder.checkpoint(pickle.finished) }
  }

  @Test("NumPy arrays and scalars are named, of either age of the library")
  func numpy() throws {
    for core in ["numpy.core", "numpy._core"] {
      let array = try value { pickle in
        pickle.global("\(core).multiarray", "_reconstruct")
        pickle.global("numpy", "ndarray")
        pickle.raw(0x4b, 0, 0x85, 0x43, 1, 0x62, 0x87, 0x52)
        pickle.raw(0x28, 0x4b, 1, 0x4b, 4, 0x85)
        pickle.global("numpy", "dtype")
        pickle.text("f8")
        pickle.raw(0x89, 0x88, 0x87, 0x52, 0x89, 0x43, 2, 1, 2, 0x74, 0x62)
      }
      #expect(
        text(array) == "<a NumPy array of 2 bytes, which are not those of its shape>")
      let scalar = try value { pickle in
        pickle.global("\(core).multiarray", "scalar")
        pickle.raw(0x29, 0x52)
      }
      #expect(text(scalar) == "<a NumPy scalar>")
    }
  }

  @Test("subclasses of dict and list show their members, other objects their attributes")
  func members() throws {
    let counter = try value { pickle in
      pickle.global("mylib", "AttrDict")
      pickle.raw(0x29, 0x81, 0x28)
      pickle.text("lr")
      pickle.raw(0x4b, 3, 0x75)
    }
    #expect(text(counter) == "{lr: 3}")
    let items = try value { pickle in
      pickle.global("mylib", "History")
      pickle.raw(0x29, 0x81, 0x28, 0x4b, 1, 0x4b, 2, 0x65)
    }
    #expect(text(items) == "[1, 2]")
    let namespace = try value { pickle in
      pickle.global("argparse", "Namespace")
      pickle.raw(0x29, 0x81, 0x7d)
      pickle.text("epochs")
      pickle.raw(0x4b, 9, 0x73, 0x62)
    }
    #expect(text(namespace) == "{epochs: 9}")
    let slots = try value { pickle in
      pickle.global("mylib", "Config")
      pickle.raw(0x29, 0x81, 0x7d)
      pickle.text("a")
      pickle.raw(0x4b, 1, 0x73, 0x4e, 0x86, 0x62)
    }
    #expect(text(slots) == "{a: 1}")
  }

  @Test("keys of any type are written as text, and two that look alike stay two")
  func keys() throws {
    let value = try value { pickle in
      pickle.raw(0x7d, 0x28)
      pickle.raw(0x4e, 0x4b, 1)
      pickle.raw(0x88, 0x4b, 2)
      pickle.raw(0x4b, 1, 0x4b, 2, 0x86, 0x4b, 3)
      pickle.raw(0x43, 1, 0xff, 0x4b, 4)
      pickle.raw(0x4b, 7, 0x4b, 5)
      pickle.text("7")
      pickle.raw(0x4b, 6)
      pickle.global("mylib", "Colour.RED")
      pickle.raw(0x4b, 7)
      pickle.raw(0x47, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x4b, 8, 0x75)
    }
    #expect(
      text(value)
        == "{None: 1, True: 2, (1, 2): 3, 1 bytes: 4, 7 (key 4): 5, 7: 6, mylib.Colour.RED: 7, 1.5: 8}"
    )
  }

  @Test("bytes of protocol 2 are bytes, and complex tensors are named")
  func bytesAndComplex() throws {
    let bytes = try value(proto: 2) { pickle in
      pickle.global("_codecs", "encode")
      pickle.text("\u{e9}\0")
      pickle.text("latin1")
      pickle.raw(0x86, 0x52)
    }
    guard case .bytes([0xe9, 0]) = bytes else {
      Issue.record("found \(bytes)")
      return
    }
    let complex = try value { pickle in
      pickle.tensor(shape: [1], strides: [1]) {
        $0.storage("ComplexFloatStorage", key: "9", count: 1)
      }
    }
    #expect(text(complex) == "<a tensor of ComplexFloatStorage>")
  }
}
