import CheckpointIO
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
      #"{"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}"#,
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

  @Test("a header longer than 100 MB, or than the file, is refused without reading it")
  func headerLength() {
    for length in [100_000_001, .max, UInt64(1) << 63] {
      #expect(
        errorKind { _ = try folder.checkpoint(bytes(length) + Array("{}".utf8)) }
          == .limitExceeded(what: "the length of the safetensors header", limit: 100_000_000))
    }
    #expect(
      errorKind { _ = try folder.checkpoint(bytes(UInt64(50)) + Array("{}".utf8)) }
        == .truncated(part: "the safetensors header", needed: 50, available: 2))
  }
}
