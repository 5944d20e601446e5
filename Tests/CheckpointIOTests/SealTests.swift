import CheckpointIO
import Foundation
import TensorCore
import Testing

@Suite("Sealed files")
struct SealTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func write(isSealed: Bool, metadata: [String: String] = ["step": "7"]) throws -> String {
    let path = folder.file(isSealed ? "sealed" : "plain")
    let tensors = [
      TensorDescription(name: "a", elementType: .float32, shape: [3]),
      // More than the writer collects before it writes.
      TensorDescription(name: "b", elementType: .float32, shape: [100_000]),
    ]
    try SafetensorsWriter(tensors: tensors, metadata: metadata, isSealed: isSealed)
      .write(to: path) { tensor, sink in
        try sink.append(converting: (0..<tensor.shape[0]).map { Float($0) / 7 })
      }
    return path
  }

  @Test("what was written is recognised, and read as any other file")
  func intact() throws {
    let checkpoint = try Checkpoint(contentsOf: write(isSealed: true))
    #expect(try checkpoint.verifySeal())
    #expect(checkpoint.metadata["step"] == "7")
    #expect(try checkpoint.float32Values(checkpoint.entry("a")) == [0, 1.0 / 7, 2.0 / 7])
    #expect(checkpoint.tensors.map(\.name) == ["a", "b", "pvdm.sha256"])
  }

  @Test("a file without a seal says so")
  func plain() throws {
    let checkpoint = try Checkpoint(contentsOf: write(isSealed: false))
    #expect(try !checkpoint.verifySeal())
    #expect(checkpoint.tensors.map(\.name) == ["a", "b"])
  }

  @Test("a changed bit is noticed wherever it is")
  func flippedBits() throws {
    let whole = try bytes(ofFile: write(isSealed: true))
    let header = 8 + Int(whole[0]) + Int(whole[1]) << 8
    // Every byte of the header and of the seal, and some between.
    let places =
      Array(0..<header) + stride(from: header, to: whole.count - 32, by: 9973)
      + Array(whole.count - 32..<whole.count)
    for place in places {
      for bit in [0, 5] as [UInt8] {
        var damaged = whole
        damaged[place] ^= 1 << bit
        #expect(throws: CheckpointError.self, "byte \(place), bit \(bit)") {
          try folder.reusedCheckpoint(damaged, checksums: .onFirstRead).verifySeal()
        }
      }
    }
    for count in [whole.count - 1, whole.count - 33, header + 5] {
      #expect(throws: CheckpointError.self) {
        try folder.reusedCheckpoint(Array(whole.prefix(count)), checksums: .onFirstRead)
          .verifySeal()
      }
    }
  }

  @Test("metadata of the caller's cannot break the seal")
  func callersMetadata() throws {
    let path = try write(isSealed: true, metadata: ["pvdm.seal": "mine"])
    #expect(try Checkpoint(contentsOf: path).verifySeal())
  }
}
