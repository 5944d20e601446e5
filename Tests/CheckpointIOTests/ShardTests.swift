import CheckpointIO
import Foundation
import Testing

@Suite("Checkpoints in several files")
struct ShardTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(_ name: String, _ tensors: [String: Float]) throws {
    let order = tensors.keys.sorted()
    let writer = SafetensorsWriter(
      tensors: order.map { TensorDescription(name: $0, elementType: .float32, shape: [1]) })
    try writer.write(to: folder.file(name)) { tensor, sink in
      try sink.append(converting: [tensors[tensor.name] ?? 0])
    }
  }

  private func values(_ name: String) throws -> [String: Float] {
    let checkpoint = try Checkpoint(contentsOf: folder.file(name))
    var values: [String: Float] = [:]
    for entry in checkpoint.tensors { values[entry.name] = try checkpoint.float32Values(entry)[0] }
    try checkpoint.verifyChecksums()
    return values
  }

  @Test("any of the files opens all of them")
  func numbered() throws {
    try write("model-00001-of-00002.safetensors", ["a": 1, "b": 2])
    try write("model-00002-of-00002.safetensors", ["c": 3])
    let expected: [String: Float] = ["a": 1, "b": 2, "c": 3]
    #expect(try values("model-00001-of-00002.safetensors") == expected)
    #expect(try values("model-00002-of-00002.safetensors") == expected)
    let first = try Checkpoint(contentsOf: folder.file("model-00001-of-00002.safetensors"))
    #expect(first.tensors.map(\.name) == ["a", "b", "c"])
    #expect(try first.withBytes(of: first.entry("c")) { Array($0) } == floatBytes([3]))
    #expect(!CheckpointShards.isContinuation("x/model-00001-of-00002.safetensors"))
    #expect(CheckpointShards.isContinuation("x/model-00002-of-00002.safetensors"))
    #expect(!CheckpointShards.isContinuation("x/model-2-of-2.safetensors"))
  }

  @Test("pickled files make one checkpoint too, their dictionaries joined")
  func pickled() throws {
    for (number, name) in ["a", "b"].enumerated() {
      let value = TorchValue.dictionary([
        .init(key: "epoch", value: .integer(4)),
        .init(
          key: "model",
          value: .stateDictionary([TensorDescription(name: name, elementType: .float32, shape: [1])]
          )),
      ])
      try TorchWriter(value).write(to: folder.file("pytorch_model-0000\(number + 1)-of-00002.bin"))
      {
        _, sink in try sink.append(converting: [Float(number)])
      }
    }
    #expect(
      try values("pytorch_model-00001-of-00002.bin") == ["model.a": 0, "model.b": 1])
  }

  @Test("a missing file is named, and a tensor in two files is an error")
  func missing() throws {
    try write("m-00001-of-00002.safetensors", ["a": 1])
    let path = folder.file("m-00001-of-00002.safetensors")
    #expect(
      errorKind { _ = try Checkpoint(contentsOf: path) }
        == .missingShard(name: "m-00002-of-00002.safetensors", count: 2))
    try write("m-00002-of-00002.safetensors", ["a": 2])
    #expect(errorKind { _ = try Checkpoint(contentsOf: path) } == .duplicateName(name: "a"))
  }

  @Test("a damaged file is named by its own path")
  func damaged() throws {
    try write("m-00001-of-00002.safetensors", ["a": 1])
    try Data([1, 2, 3]).write(to: URL(fileURLWithPath: folder.file("m-00002-of-00002.safetensors")))
    do {
      _ = try Checkpoint(contentsOf: folder.file("m-00001-of-00002.safetensors"))
      Issue.record("a damaged file was accepted")
    } catch {
      #expect(error.path == folder.file("m-00002-of-00002.safetensors"))
    }
  }

  private func index(_ text: String) throws -> String {
    let path = folder.file("model.safetensors.index.json")
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return path
  }

  @Test("an index opens its files, whatever they are called")
  func indexed() throws {
    try write("one.safetensors", ["a": 1])
    try write("two.safetensors", ["b": 2])
    _ = try index(
      #"{"metadata": {"total_size": 8.0, "x": [null, true, {"y": "z"}]}, "weight_map": "#
        + #"{"a": "one.safetensors", "b": "two.safetensors"}}"#)
    #expect(try values("model.safetensors.index.json") == ["a": 1, "b": 2])
  }

  @Test(
    "an index leads nowhere but into its own folder, and promises what is there",
    arguments: [
      #"{}"#, #"{"weight_map": {}}"#, #"{"weight_map": {"a": "../one.safetensors"}}"#,
      #"{"weight_map": {"a": "/etc/passwd"}}"#, #"{"weight_map": {"a": ".."}}"#,
      #"{"weight_map": {"a": "model.safetensors.index.json"}}"#, #"{"weight_map": {"a": 1}}"#,
      #"{"weight_map": {"a": "one.safetensors"}"#, #"{"weight_map": {"z": "one.safetensors"}}"#,
      #"{"weight_map": {"a": "none.safetensors"}}"#, #"{"metadata": [[[}"#,
    ])
  func hostileIndex(text: String) throws {
    try write("one.safetensors", ["a": 1])
    let path = try index(text)
    _ = errorKind { _ = try Checkpoint(contentsOf: path) }
  }

  @Test("an index of arrays within arrays hits the limit of depth")
  func deepIndex() throws {
    let path = try index(#"{"metadata": \#(String(repeating: "[", count: 100_000))"#)
    guard case .limitExceeded = errorKind({ _ = try Checkpoint(contentsOf: path) }) else {
      Issue.record("deep nesting was accepted")
      return
    }
  }
}
