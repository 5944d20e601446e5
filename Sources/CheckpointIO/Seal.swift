import TensorCore

/// A safetensors file's own SHA-256, as its last tensor: 32 bytes that are the digest of every byte of the
/// file before them, the header included.
///
/// It tells damage from what was written, also where a changed bit leaves a number that looks like any
/// other. It does not tell who wrote the file.
enum Seal {
  /// The tensor's name.
  static let tensor = TensorDescription(name: "pvdm.sha256", elementType: .uint8, shape: [32])
  /// Says in the metadata that there is such a tensor, so that damage to its name is noticed too.
  static let metadata = (key: "pvdm.seal", value: "sha256")
}

extension Checkpoint {
  /// The metadata without what the seal adds.
  public var ownMetadata: [String: String] { metadata.filter { $0.key != Seal.metadata.key } }

  /// Compares a sealed file's digest with its bytes; see ``SafetensorsWriter/isSealed``.
  ///
  /// - Returns: `false` if the file was written without a seal.
  /// - Throws: `malformed` if the file is not what was written.
  @discardableResult
  public func verifySeal() throws(CheckpointError) -> Bool {
    let entry = tensors.first { $0.name == Seal.tensor.name }
    let isNoted = metadata[Seal.metadata.key] != nil
    guard entry != nil || isNoted else { return false }
    guard let entry, isNoted, entry.elementType == Seal.tensor.elementType,
      entry.shape == Seal.tensor.shape, let place = try byteRange(of: entry)
    else { throw brokenSeal() }
    let file = try part(of: entry).file
    guard place.upperBound == file.count else { throw brokenSeal() }
    let isIntact = file.withBytes { bytes in
      let digest = SHA256Digest()
      // In pieces, so that a file of any size takes little memory.
      for start in stride(from: 0, to: place.lowerBound, by: Self.sealPieceBytes) {
        let piece = start..<min(start + Self.sealPieceBytes, place.lowerBound)
        digest.update(UnsafeRawBufferPointer(rebasing: bytes[piece]))
        file.release(piece)
      }
      return digest.bytes.elementsEqual(bytes[place])
    }
    guard isIntact else {
      throw CheckpointError(
        path: path,
        kind: .malformed(
          part: "the file", found: "contents with another SHA-256",
          expected: "those that it was sealed with"))
    }
    return true
  }

  private func brokenSeal() -> CheckpointError {
    CheckpointError(
      path: path,
      kind: .malformed(
        part: "the file's seal", found: "half of one",
        expected: "its name in the metadata and 32 bytes at the end"))
  }

  private static var sealPieceBytes: Int { 16 << 20 }
}
