import CheckpointIO
import Foundation
import TensorCore
import Testing

@Suite("Writers")
struct WriterTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// One tensor of each type, a number, an empty tensor and one across several blocks.
  private static let tensors =
    ElementType.allCases.map {
      TensorDescription(name: "layer.\($0.rawValue)", elementType: $0, shape: [3, 5])
    } + [
      TensorDescription(name: "scalar \"é\"\n", elementType: .float32, shape: []),
      TensorDescription(name: "empty", elementType: .float16, shape: [4, 0]),
      TensorDescription(name: "large", elementType: .bfloat16, shape: [300, 1000]),
    ]

  /// Bytes that differ from tensor to tensor; booleans are 0 and 1.
  private static func content(_ tensor: TensorDescription) -> [UInt8] {
    var generator = SeededGenerator(state: UInt64(tensor.name.utf8.count))
    let count = tensor.shape.reduce(1, *) * tensor.elementType.byteCount
    return (0..<count).map { _ in
      tensor.elementType == .bool
        ? UInt8.random(in: 0...1, using: &generator) : UInt8.random(in: 0...255, using: &generator)
    }
  }

  private static func give(_ tensor: TensorDescription, _ sink: TensorSink) throws {
    try content(tensor).withUnsafeBytes { raw in
      // In two pieces, the first of odd length.
      try sink.append(UnsafeRawBufferPointer(rebasing: raw.prefix(7)))
      try sink.append(UnsafeRawBufferPointer(rebasing: raw.dropFirst(7)))
    }
  }

  private func expectSame(_ checkpoint: Checkpoint, prefix: String = "") throws {
    #expect(checkpoint.tensors.map(\.name) == Self.tensors.map { prefix + $0.name })
    for (entry, tensor) in zip(checkpoint.tensors, Self.tensors) {
      #expect(entry.elementType == tensor.elementType && entry.shape == tensor.shape)
      try checkpoint.withBytes(of: entry) { raw in
        #expect(raw.elementsEqual(Self.content(tensor)), "\(entry)")
      }
    }
    try checkpoint.verifyChecksums()
  }

  @Test("a safetensors file reads back with every type, shape, name and its metadata")
  func safetensors() throws {
    let metadata = ["note": "tab\t quote\" é", "": "empty key"]
    try SafetensorsWriter(tensors: Self.tensors, metadata: metadata).write(
      to: folder.file(), data: Self.give)
    let checkpoint = try Checkpoint(contentsOf: folder.file())
    #expect(checkpoint.container == .safetensors)
    #expect(checkpoint.metadata == metadata)
    try expectSame(checkpoint)
    let header = try Data(contentsOf: URL(fileURLWithPath: folder.file())).prefix(8)
    #expect(header[0] % 8 == 0)
  }

  @Test("a .pth file reads back with every type, shape and name")
  func torch() throws {
    try TorchWriter(tensors: Self.tensors).write(to: folder.file(), data: Self.give)
    let checkpoint = try Checkpoint(contentsOf: folder.file())
    #expect(checkpoint.container == .torchZip)
    try expectSame(checkpoint)
    for entry in checkpoint.tensors {
      let range = try #require(try checkpoint.byteRange(of: entry))
      #expect(range.lowerBound % 64 == 0)
      #expect(range.count == entry.byteCount)
    }
  }

  @Test("a .pth file can hold a nested dictionary with plain values")
  func nestedTorch() throws {
    let value = TorchValue.dictionary([
      .init(key: "state_dict", value: .stateDictionary(Self.tensors)),
      .init(key: "step", value: .integer(1 << 40)), .init(key: "minus", value: .integer(-300)),
      .init(key: "word", value: .integer(65535)), .init(key: "lr", value: .float(1e-4)),
      .init(key: "name", value: .string("é")), .init(key: "none", value: .none),
      .init(key: "list", value: .list([.boolean(true), .boolean(false), .list([])])),
      .init(key: "inner", value: .dictionary([])),
    ])
    try TorchWriter(value, archiveName: "run é").write(to: folder.file(), data: Self.give)
    let checkpoint = try Checkpoint(contentsOf: folder.file())
    try expectSame(checkpoint, prefix: "state_dict.")
    let root = checkpoint.root
    #expect(root["step"]?.integer == 1 << 40)
    #expect(root["minus"]?.integer == -300)
    #expect(root["word"]?.integer == 65535)
    guard case .float(1e-4) = root["lr"], case .string("é") = root["name"],
      case .none? = root["none"], case .list(let list) = root["list"],
      case .boolean(true) = list[0], case .list = list[2], root["inner"]?.members?.isEmpty == true
    else {
      Issue.record("unexpected values: \(root.members ?? [])")
      return
    }
  }

  @Test("zip64 fields read back, made by lowering the limit from 4 GB", arguments: [1, 64, 5000])
  func zip64(limit: Int) throws {
    try TorchWriter(.stateDictionary(Self.tensors), archiveName: "a", wideLimit: limit).write(
      to: folder.file(), data: Self.give)
    try expectSame(try Checkpoint(contentsOf: folder.file()))
  }

  @Test("more records than 16 bits can count read back")
  func manyRecords() throws {
    let tensors = (0..<66_000).map {
      TensorDescription(name: "\($0)", elementType: .uint8, shape: [])
    }
    try TorchWriter(tensors: tensors).write(to: folder.file()) { tensor, sink in
      try [UInt8(truncatingIfNeeded: Int(tensor.name) ?? 0)].withUnsafeBytes {
        try sink.append($0)
      }
    }
    let checkpoint = try Checkpoint(contentsOf: folder.file())
    #expect(checkpoint.tensors.count == 66_000)
    #expect(try checkpoint.int64Values(checkpoint.tensors[65_999]) == [65_999 % 256])
  }

  @Test("float32 numbers are rounded to the nearest half or bfloat16, ties to even")
  func rounding() throws {
    var generator = SeededGenerator(state: 1)
    var values: [Float] = [
      0, -0, 1, 65504, 65519.996, 65520, 1e9, -1e9, 0x1p-24, 0x1p-25, 0x1.8p-25, 0x1p-14,
      0x1.ffcp-15, 0x1.ffep-15, .infinity, -.infinity, .nan, .leastNonzeroMagnitude,
      .greatestFiniteMagnitude,
    ]
    for _ in 0..<20_000 {
      values.append(Float(bitPattern: UInt32.random(in: 0 ... .max, using: &generator)))
      values.append(Float.random(in: -1...1, using: &generator))
    }
    let types: [ElementType] = [.float16, .bfloat16, .float32, .float64]
    let tensors = types.map {
      TensorDescription(name: $0.rawValue, elementType: $0, shape: [values.count])
    }
    try SafetensorsWriter(tensors: tensors).write(to: folder.file()) { _, sink in
      try sink.append(converting: values)
    }
    let checkpoint = try Checkpoint(contentsOf: folder.file())
    let expected: [(ElementType, (Float) -> Float)] = [
      (.float16, { Float(Float16($0)) }), (.bfloat16, Self.nearestBrainFloat), (.float32, { $0 }),
      (.float64, { $0 }),
    ]
    for (type, convert) in expected {
      let found = try checkpoint.float32Values(checkpoint.entry(type.rawValue))
      let wrong = values.indices.first { index in
        let wanted = convert(values[index])
        return found[index].bitPattern != wanted.bitPattern
          && !(found[index].isNaN && wanted.isNaN)
      }
      #expect(wrong == nil, "\(type): \(wrong.map { values[$0] } ?? 0)")
    }
  }

  /// The nearer of the two neighbours with 7 bits of fraction, from the definition.
  private static func nearestBrainFloat(_ value: Float) -> Float {
    guard value.isFinite else { return value }
    let below = Float(bitPattern: value.bitPattern & 0xFFFF_0000)
    let aboveBits = (value.bitPattern & 0xFFFF_0000) &+ 0x1_0000
    let above = Float(bitPattern: aboveBits)
    let step = above.isFinite ? Double(above) : (value < 0 ? -0x1p128 : 0x1p128)
    let toBelow = abs(Double(value) - Double(below))
    let toAbove = abs(step - Double(value))
    if toBelow == toAbove { return aboveBits & 0x1_0000 == 0 ? above : below }
    return toBelow < toAbove ? below : above
  }

  @Test("too few or too many elements, a repeated name or a bad shape leave no file")
  func refusals() throws {
    let one = TensorDescription(name: "x", elementType: .float32, shape: [2])
    let bad = TensorDescription(name: "x", elementType: .float32, shape: [-2])
    let huge = TensorDescription(name: "x", elementType: .float32, shape: [.max, .max])
    let integer = TensorDescription(name: "i", elementType: .int32, shape: [1])
    typealias Give = (TensorDescription, TensorSink) throws -> Void
    let few: Give = { _, sink in try sink.append(converting: [1]) }
    let many: Give = { _, sink in try sink.append(converting: [1, 2, 3]) }
    let right: Give = { _, sink in try sink.append(converting: [1, 2]) }
    let cases: [([TensorDescription], Give)] = [
      ([one], few), ([one], many), ([one, one], right), ([bad], right), ([huge], right),
      ([integer], few),
    ]
    for (tensors, give) in cases {
      #expect(throws: CheckpointError.self) {
        try SafetensorsWriter(tensors: tensors).write(to: folder.file(), data: give)
      }
      #expect(throws: CheckpointError.self) {
        try TorchWriter(tensors: tensors).write(to: folder.file(), data: give)
      }
    }
    #expect(throws: CheckpointError.self) {
      try TorchWriter(tensors: [one], archiveName: "a/b").write(to: folder.file(), data: right)
    }
    #expect(try folder.names() == [])
  }
}
