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
    let isBigEndian = try isBigEndian(directory, bytes, folder: folder)
    let place = try directory.readableIndex(of: folder + "data.pkl")
    let (heap, object) = try directory.records[place]
      .withContents(of: bytes, limit: CheckpointLimits.pickleBytes, checksums: checksums) {
        pickle throws(CheckpointError.Kind) in
        var machine = PickleMachine(pickle)
        let object = try machine.run()
        return (machine.heap, object)
      }
    var tree = PickleTree(
      heap: heap, pickleRecord: (index: place, isPacked: directory.records[place].isPacked)
    ) { storage throws(CheckpointError.Kind) in
      let index = try directory.readableIndex(of: "\(folder)data/\(storage.key)")
      let record = directory.records[index]
      return PickleTree.Place(
        range: 0..<record.unpackedSize, isBigEndian: isBigEndian, isPacked: record.isPacked,
        record: index)
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

  /// Whether the storages hold their elements with the highest byte first, as a machine such as s390x
  /// writes them; files from before PyTorch 2.1 do not say and are little-endian.
  private static func isBigEndian(
    _ directory: ZipDirectory, _ bytes: UnsafeRawBufferPointer, folder: String
  ) throws(CheckpointError.Kind) -> Bool {
    switch try smallText("byteorder", directory, bytes, folder: folder) {
    case nil, "little": return false
    case "big": return true
    case let text?:
      throw .unsupported(
        part: "the archive's byte order", found: text.quotedForMessage,
        expected: "\"little\" or \"big\"")
    }
  }

  /// The text of a record of a few bytes, trimmed; nil if there is no such record.
  private static func smallText(
    _ name: String, _ directory: ZipDirectory, _ bytes: UnsafeRawBufferPointer, folder: String
  ) throws(CheckpointError.Kind) -> String? {
    guard directory.index(of: folder + name) != nil else { return nil }
    let record = directory.records[try directory.readableIndex(of: folder + name)]
    return try record.withContents(of: bytes, limit: 4096, checksums: .never) {
      contents throws(CheckpointError.Kind) in
      var reader = ByteReader(contents, part: "record \(name)")
      let text = try reader.text(min(contents.count, 64))
      return String(text.prefix { !$0.isWhitespace })
    }
  }
}

extension ZipDirectory.Record {
  /// Gives `body` the record's bytes within the file's `bytes`, unpacked and with the right checksum.
  ///
  /// - Throws: `limitExceeded` for more than `limit` bytes, before any is looked at.
  func withContents<Result>(
    of bytes: UnsafeRawBufferPointer, limit: Int, checksums: ChecksumPolicy,
    _ body: (UnsafeRawBufferPointer) throws(CheckpointError.Kind) -> Result
  ) throws(CheckpointError.Kind) -> Result {
    guard size <= limit, unpackedSize <= limit else {
      throw .limitExceeded(what: "the length of zip record \(name.quotedForMessage)", limit: limit)
    }
    guard isPacked else {
      if checksums == .onFirstRead { try verify(bytes) }
      return try body(UnsafeRawBufferPointer(rebasing: bytes[try range(in: bytes)]))
    }
    let unpacked = try unpack(bytes, checksums: checksums)
    return try unpacked.withUnsafeBufferPointer { contents throws(CheckpointError.Kind) in
      try body(UnsafeRawBufferPointer(contents))
    }
  }

  /// The bytes of a deflated record.
  func unpack(
    _ bytes: UnsafeRawBufferPointer, checksums: ChecksumPolicy
  ) throws(CheckpointError.Kind) -> [UInt8] {
    let unpacked = try ZipInflation.unpack(
      UnsafeRawBufferPointer(rebasing: bytes[try range(in: bytes)]), count: unpackedSize,
      part: "zip record \(name.quotedForMessage)")
    if checksums == .onFirstRead {
      try check(unpacked.withUnsafeBytes { CRC32.checksum($0) })
    }
    return unpacked
  }

  /// Throws if the record's bytes within the file's `bytes` do not give the stored checksum.
  func verify(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError.Kind) {
    if isPacked {
      _ = try unpack(bytes, checksums: .onFirstRead)
      return
    }
    let stored = UnsafeRawBufferPointer(rebasing: bytes[try range(in: bytes)])
    var sum = CRC32()
    for start in stride(from: 0, to: stored.count, by: 16 << 20) {
      if Task.isCancelled { throw .cancelled }
      let end = min(start + (16 << 20), stored.count)
      sum.update(UnsafeRawBufferPointer(rebasing: stored[start..<end]))
    }
    try check(sum.value)
  }

  /// Throws if `computed` is not the stored checksum.
  func check(_ computed: UInt32) throws(CheckpointError.Kind) {
    guard computed == crc32 else {
      throw .checksumMismatch(record: name, stored: crc32, computed: computed)
    }
  }
}
