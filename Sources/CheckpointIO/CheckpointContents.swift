/// The kinds of files that hold named tensors.
public enum CheckpointContainer: String, Sendable, Hashable, CaseIterable {
  /// The zip archive that `torch.save` writes since PyTorch 1.6.
  case torchZip
  /// The run of pickles and storages that `torch.save` wrote before PyTorch 1.6.
  case torchLegacy
  /// A pickle of NumPy arrays.
  case pickle
  /// Hugging Face's safetensors: a JSON header and the elements.
  case safetensors
}

/// What a container's reader found, before any element was read.
struct CheckpointContents {
  let container: CheckpointContainer
  let root: CheckpointValue
  let metadata: [String: String]
  /// The records of a zip file, each with a checksum; none for other containers.
  let records: [ZipDirectory.Record]
}

extension CheckpointContents {
  /// Reads the directory of whichever container `bytes` are, told by content.
  static func read(
    _ bytes: UnsafeRawBufferPointer, checksums: ChecksumPolicy
  ) throws(CheckpointError.Kind) -> CheckpointContents {
    switch try CheckpointContainer(sniffing: bytes) {
    case .torchZip: try TorchZipReader.read(bytes, checksums: checksums)
    case .torchLegacy, .pickle: try TorchLegacyReader.read(bytes)
    case .safetensors: try SafetensorsReader.read(bytes)
    }
  }
}

extension CheckpointContainer {
  /// Tells the container by its first bytes.
  init(sniffing bytes: UnsafeRawBufferPointer) throws(CheckpointError.Kind) {
    if bytes.starts(with: "PK\u{3}\u{4}".utf8) || bytes.starts(with: "PK\u{5}\u{6}".utf8) {
      self = .torchZip
    } else if bytes.count > 8, bytes[8] == UInt8(ascii: "{") {
      // Before the pickle, because a header length may also start with a pickle's 0x80.
      self = .safetensors
    } else if bytes.count > 1, bytes[0] == PickleOpcode.proto.rawValue, bytes[1] <= 5 {
      self = .torchLegacy
    } else {
      throw .unknownContainer(found: Self.guess(bytes))
    }
  }

  /// Names what people often have in place of a checkpoint.
  private static func guess(_ bytes: UnsafeRawBufferPointer) -> String {
    let beginning = String(decoding: bytes.prefix(64), as: UTF8.self)
    let folded = beginning.lowercased().drop { $0.isWhitespace }
    if bytes.isEmpty { return "an empty file" }
    if folded.hasPrefix("version https://git-lfs") {
      return "a Git LFS pointer in place of the file it points to"
    }
    if folded.hasPrefix("<!doctype") || folded.hasPrefix("<html") { return "a web page" }
    if bytes.count > 262, bytes[257..<262].elementsEqual("ustar".utf8) {
      return "a tar archive, as PyTorch wrote before version 0.2"
    }
    return "the bytes \(bytes.prefix(8).hexadecimal(separator: " "))"
  }
}
