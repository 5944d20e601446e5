/// Reads the zip container of `torch.save`: `data.pkl` with the structure, `data/N` with the
/// storages, in one folder of any name.
///
/// Format: PyTorch, torch/serialization.py `_save` and caffe2/serialize/inline_container.cc.
enum TorchZipReader {
  static func read(
    _ bytes: UnsafeRawBufferPointer, checksums: ChecksumPolicy
  ) throws(CheckpointError.Kind) -> CheckpointContents {
    let directory = try ZipDirectory(bytes)
    let folder = try folder(of: directory)
    try checkVersion(directory, bytes, folder: folder)
    try checkByteOrder(directory, bytes, folder: folder)

    let pickle = directory.records[try directory.storedIndex(of: folder + "data.pkl")]
    if checksums == .onFirstRead { try pickle.verify(bytes) }
    var machine = PickleMachine(
      UnsafeRawBufferPointer(rebasing: bytes[try pickle.range(in: bytes)]))
    let object = try machine.run()
    var tree = PickleTree(heap: machine.heap) { storage throws(CheckpointError.Kind) in
      let index = try directory.storedIndex(of: "\(folder)data/\(storage.key)")
      return PickleTree.Place(range: 0..<directory.records[index].size, record: index)
    }
    return CheckpointContents(
      container: .torchZip, root: try tree.value(object), metadata: [:],
      records: directory.records)
  }

  /// The folder that holds `data.pkl`, with its slash; it bears the name the file was saved under.
  private static func folder(of directory: ZipDirectory) throws(CheckpointError.Kind) -> String {
    let pickles = directory.records.map(\.name).filter {
      $0 == "data.pkl" || $0.hasSuffix("/data.pkl")
    }
    guard let shortest = pickles.min(by: { $0.utf8.count < $1.utf8.count }) else {
      throw .unknownContainer(found: "a zip archive without a record data.pkl")
    }
    return String(shortest.dropLast("data.pkl".count))
  }

  private static func checkVersion(
    _ directory: ZipDirectory, _ bytes: UnsafeRawBufferPointer, folder: String
  ) throws(CheckpointError.Kind) {
    guard let text = try smallText("version", directory, bytes, folder: folder) else { return }
    // 3 since PyTorch 1.6; later numbers up to 10 only concern TorchScript.
    guard let version = Int(text), (1...10).contains(version) else {
      throw .unsupported(
        part: "the archive's version", found: text.quotedForMessage, expected: "1 to 10")
    }
  }

  private static func checkByteOrder(
    _ directory: ZipDirectory, _ bytes: UnsafeRawBufferPointer, folder: String
  ) throws(CheckpointError.Kind) {
    let text = try smallText("byteorder", directory, bytes, folder: folder) ?? "little"
    guard text == "little" else {
      throw .unsupported(
        part: "the archive's byte order", found: text.quotedForMessage, expected: "\"little\"")
    }
  }

  /// The text of a record of a few bytes, trimmed; nil if there is no such record.
  private static func smallText(
    _ name: String, _ directory: ZipDirectory, _ bytes: UnsafeRawBufferPointer, folder: String
  ) throws(CheckpointError.Kind) -> String? {
    guard directory.index(of: folder + name) != nil else { return nil }
    let record = directory.records[try directory.storedIndex(of: folder + name)]
    var reader = ByteReader(
      UnsafeRawBufferPointer(rebasing: bytes[try record.range(in: bytes)]), part: "record \(name)")
    let text = try reader.text(min(record.size, 64))
    return String(text.prefix { !$0.isWhitespace })
  }
}

extension ZipDirectory.Record {
  /// Throws if the record's bytes within the file's `bytes` do not give the stored checksum.
  func verify(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError.Kind) {
    try check(CRC32.checksum(UnsafeRawBufferPointer(rebasing: bytes[try range(in: bytes)])))
  }

  /// Throws if `computed` is not the stored checksum.
  func check(_ computed: UInt32) throws(CheckpointError.Kind) {
    guard computed == crc32 else {
      throw .checksumMismatch(record: name, stored: crc32, computed: computed)
    }
  }
}
