import CheckpointIO
import Foundation
import Testing

@Suite("Safetensors headers")
struct SafetensorsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func file(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
    bytes(UInt64(header.utf8.count)) + Array(header.utf8) + data
  }

  @Test("tensors, escapes, metadata and blanks are read")
  func reading() throws {
    let header = #"""
      { "__metadata__" : {"a\n\"b": "\u00e9\ud83d\ude00"}, "x\/y":{"dtype":"F32","shape":[2],
      "data_offsets":[8,16]},"z":{"data_offsets":[0,8],"dtype":"I64","shape":[]},
      "e":{"dtype":"BF16","shape":[0,7],"data_offsets":[0,0]} }
      """#
    let checkpoint = try folder.checkpoint(file(header, bytes(Int64(-9)) + floatBytes([1, 2])))
    #expect(checkpoint.metadata == ["a\n\"b": "é😀"])
    #expect(checkpoint.tensors.map(\.name) == ["x/y", "z", "e"])
    #expect(try checkpoint.float32Values(checkpoint.entry("x/y")) == [1, 2])
    #expect(try checkpoint.int64Values(checkpoint.entry("z")) == [-9])
    #expect(try checkpoint.float32Values(checkpoint.entry("e")) == [])
    try checkpoint.verifyChecksums()
  }

  @Test("every float16 and bfloat16 is converted exactly, NaN and subnormals included")
  func halves() throws {
    let all = (0...UInt16.max).flatMap { bytes($0) }
    let checkpoint = try folder.checkpoint(
      file(
        #"{"h":{"dtype":"F16","shape":[65536],"data_offsets":[0,131072]},"#
          + #""b":{"dtype":"BF16","shape":[65536],"data_offsets":[131072,262144]}}"#, all + all))
    let halves = try checkpoint.float32Values(checkpoint.entry("h"))
    let brains = try checkpoint.float32Values(checkpoint.entry("b"))
    for pattern in 0...UInt16.max {
      let half = Float(Float16(bitPattern: pattern))
      let found = halves[Int(pattern)]
      guard found.bitPattern == half.bitPattern || (found.isNaN && half.isNaN),
        brains[Int(pattern)].bitPattern == UInt32(pattern) << 16
      else {
        Issue.record("pattern \(pattern) became \(found)")
        return
      }
    }
  }

  @Test(
    "a damaged header is an error",
    arguments: [
      "", "{", "[]", "{}x", #"{"x":1}"#, #"{"x":{}}"#, #"{"x":{"dtype":"F32","shape":[1]}}"#,
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}}"#,
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}"#,
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}"#,
      #"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"F32","shape":[1.0],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}"#,
      #"{"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,99]}}"#,
      #"{"x":{"dtype":"F32","shape":[0,4611686018427387904],"data_offsets":[0,0]}}"#,
      #"{"x":{"dtype":"F32","shape":[2147483648,0,2147483648],"data_offsets":[0,0]}}"#,
      #"{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"more":1}}"#,
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},}"#,
      #"{"x\ud800":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#,
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"x":{"dtype":"F32","shape":[1],"#
        + #""data_offsets":[4,8]}}"#,
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F16","shape":[2],"#
        + #""data_offsets":[2,6]}}"#,
      #"{"__metadata__":{"a":"1","a":"2"}}"#, #"{"__metadata__":{"a":1}}"#,
    ])
  func damagedHeader(header: String) {
    _ = errorKind { _ = try folder.checkpoint(file(header, floatBytes([1, 2]))) }
  }

  @Test("tensors that share bytes are refused by name")
  func overlap() {
    let header =
      #"{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"#
      + #""y":{"dtype":"U8","shape":[2],"data_offsets":[3,5]}}"#
    guard
      case .outOfBounds("y", "bytes that also belong to \"x\"", _) = errorKind({
        _ = try folder.checkpoint(file(header, floatBytes([1, 2])))
      })
    else {
      Issue.record("overlapping tensors were accepted")
      return
    }
  }

  @Test("tensors of types that are not read are named and do no harm to the others")
  func otherTypes() throws {
    let header =
      #"{"f":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]},"#
      + #""u":{"dtype":"U16","shape":[1],"data_offsets":[2,4]},"#
      + #""c":{"dtype":"C64","shape":[1],"data_offsets":[8,16]},"#
      + #""x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}"#
    let data = [1, 2, 3, 4] + floatBytes([7, 8, 9])
    let checkpoint = try folder.checkpoint(file(header, data))
    #expect(checkpoint.tensors.map(\.name) == ["x"])
    #expect(try checkpoint.float32Values(checkpoint.entry("x")) == [7])
    #expect(checkpoint.root["u"].map { "\($0)" } == "\"a tensor of U16\"")
  }

  @Test("a header longer than 16 MiB, or than the file, is refused without reading it")
  func headerLength() {
    for length in [(16 << 20) + 1, .max, UInt64(1) << 63] {
      #expect(
        errorKind { _ = try folder.checkpoint(bytes(length) + Array("{}".utf8)) }
          == .limitExceeded(what: "the length of the safetensors header", limit: 16 << 20))
    }
    #expect(
      errorKind { _ = try folder.checkpoint(bytes(UInt64(50)) + Array("{}".utf8)) }
        == .truncated(part: "the safetensors header", needed: 50, available: 2))
  }

  @Test("a name of more than 1024 bytes is refused")
  func longName() {
    let name = String(repeating: "module.", count: 20_000)
    let header = #"{"\#(name)":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#
    #expect(
      errorKind { _ = try folder.checkpoint(file(header, floatBytes([1]))) }
        == .limitExceeded(what: "the length of a tensor's name", limit: 1024))
  }

  @Test("opening ends early in a task that was cancelled")
  func cancelled() async throws {
    let items = (0..<3_000).map {
      #""n\#($0)":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}"#
    }
    let path = folder.file("many")
    try Data(file("{\(items.joined(separator: ","))}")).write(to: URL(fileURLWithPath: path))
    let task = Task {
      withUnsafeCurrentTask { $0?.cancel() }
      return errorKind { _ = try Checkpoint(contentsOf: path) }
    }
    #expect(await task.value == .cancelled)
    #expect(try Checkpoint(contentsOf: path).tensors.count == 3_000)
  }
}
