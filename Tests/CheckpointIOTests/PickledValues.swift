import CheckpointIO
import Testing

extension TemporaryFolder {
  /// The value under "it", which `write` puts on the stack, beside a weight that must be read.
  func pickledValue(
    proto: UInt8 = 4, _ write: (inout PickleAssembler) -> Void
  ) throws -> CheckpointValue {
    var pickle = PickleAssembler()
    pickle.bytes = [0x80, proto]
    pickle.raw(0x7d)
    pickle.text("it")
    write(&pickle)
    pickle.raw(0x73)
    pickle.text("w")
    pickle.tensor(shape: [2], strides: [1]) { $0.storage("FloatStorage", key: "0", count: 2) }
    pickle.raw(0x73)
    let checkpoint = try self.checkpoint(
      ZipAssembler.torch(pickle.finished, [floatBytes([3, 4])]).bytes)
    #expect(try checkpoint.float32Values(checkpoint.entry("w")) == [3, 4])
    return try #require(checkpoint.root["it"])
  }
}

/// A short form of a tree, for comparison.
func text(_ value: CheckpointValue) -> String {
  switch value {
  case .dictionary(let members):
    "{" + members.map { "\($0.key): \(text($0.value))" }.joined(separator: ", ") + "}"
  case .list(let values): "[" + values.map(text).joined(separator: ", ") + "]"
  case .opaque(let name): "<\(name)>"
  default: "\(value)"
  }
}
