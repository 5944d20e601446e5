import CheckpointIO
import NeuralLayers
import TensorCore

/// The parameters of a network in a checkpoint, read one by one: each is lent straight from the mapped
/// file where it can be, and its pages are let go afterwards, so that loading needs no second copy.
package final class CheckpointParameters: ParameterSource {
  private let checkpoint: Checkpoint
  private let dictionary: StateDictionary

  package init(_ checkpoint: Checkpoint, _ dictionary: StateDictionary) {
    self.checkpoint = checkpoint
    self.dictionary = dictionary
  }

  package func shape(of name: String) -> [Int]? { dictionary[name]?.shape }

  package func withValues<Result>(
    of name: String, _ body: (UnsafeBufferPointer<Float>) throws -> Result
  ) throws -> Result {
    guard let entry = dictionary[name] else {
      throw ParameterError(name: name, problem: .missing(expected: []))
    }
    defer { checkpoint.releasePages(of: entry) }
    if entry.elementType == .float32 && entry.isContiguous {
      let direct: Result? = try checkpoint.withBytes(of: entry) { bytes -> Result? in
        // Records of .pth files are aligned to 64 bytes, tensors of safetensors usually to 8; a
        // file that puts one elsewhere is copied below.
        guard let base = bytes.baseAddress, UInt(bitPattern: base) % 4 == 0 else { return nil }
        return try body(
          UnsafeBufferPointer(
            start: base.assumingMemoryBound(to: Float.self), count: entry.elementCount))
      }
      if let direct { return direct }
    }
    return try checkpoint.float32Values(entry).withUnsafeBufferPointer(body)
  }
}
