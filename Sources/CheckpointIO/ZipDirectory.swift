/// The list of records of a zip archive, read from its central directory.
///
/// One disk and no encryption; records stored, as PyTorch writes them, or deflated, as archives are that were
/// packed anew; zip64 throughout.
/// Format: PKWARE APPNOTE 4.3 to 4.5.
struct ZipDirectory {
  /// One record as the directory states it.
  struct Record {
    let name: String
    /// Bytes of the record's data in the archive.
    let size: Int
    /// Bytes of the record's data once unpacked.
    let unpackedSize: Int
    let crc32: UInt32
    /// 0 for stored, 8 for deflated (APPNOTE 4.4.5).
    let method: UInt16
    /// Where the local header lies, which stands right before the data.
    let headerOffset: Int
    /// Where the directory starts; all data end before it.
    let limit: Int

    /// Whether the data are deflated.
    var isPacked: Bool { method == 8 }

    /// Where the record's bytes lie in the file.
    ///
    /// Only the local header tells (APPNOTE 4.3.7). It is read no sooner than the data, because
    /// visiting the header of every record of a cold file takes seconds.
    func range(in archive: UnsafeRawBufferPointer) throws(CheckpointError.Kind) -> Range<Int> {
      let part = "zip record \(name.quotedForMessage)"
      var reader = ByteReader(
        UnsafeRawBufferPointer(rebasing: archive[..<min(limit, archive.count)]), part: part,
        offset: headerOffset)
      guard try reader.integer(UInt32.self) == 0x0403_4b50 else {
        throw .malformed(
          part: part, found: "another signature at byte \(headerOffset)",
          expected: "a local header")
      }
      try reader.skip(22)
      let nameCount = Int(try reader.integer(UInt16.self))
      let extraCount = Int(try reader.integer(UInt16.self))
      try reader.skip(nameCount + extraCount)
      let start = reader.offset
      try reader.skip(size)
      return start..<reader.offset
    }
  }

  /// Records in the order of the directory.
  let records: [Record]
  private let indices: [String: Int]

  /// Reads the directory at the end of `bytes`.
  init(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError.Kind) {
    let end = try EndRecord(bytes)
    var reader = ByteReader(
      UnsafeRawBufferPointer(rebasing: bytes[..<end.directory.upperBound]),
      part: "the zip directory", offset: end.directory.lowerBound)
    var records: [Record] = []
    var indices: [String: Int] = [:]
    guard end.count <= CheckpointLimits.records else {
      throw .limitExceeded(what: "the number of records", limit: CheckpointLimits.records)
    }
    guard end.directory.count <= CheckpointLimits.directoryBytes else {
      throw .limitExceeded(
        what: "the length of the zip directory", limit: CheckpointLimits.directoryBytes)
    }
    // The count is a claim; a directory entry takes 46 bytes, which bounds what to reserve.
    records.reserveCapacity(min(end.count, end.directory.count / 46))
    for number in 0..<end.count {
      if number.isMultiple(of: 4096), Task.isCancelled { throw .cancelled }
      let record = try Self.record(&reader, limit: end.directory.lowerBound)
      guard indices.updateValue(records.count, forKey: record.name) == nil else {
        throw .duplicateName(name: record.name)
      }
      records.append(record)
    }
    self.records = records
    self.indices = indices
  }

  /// The position in `records` of the record called `name`.
  func index(of name: String) -> Int? { indices[name] }

  /// The position of the record called `name`, which must be there and be of a kind that is read.
  func readableIndex(of name: String) throws(CheckpointError.Kind) -> Int {
    guard let index = indices[name] else {
      throw .malformed(
        part: "the zip archive", found: "no record \(name.quotedForMessage)",
        expected: "one, since the pickle refers to it")
    }
    guard records[index].method == 0 || records[index].isPacked else {
      throw .unsupported(
        part: "zip record \(name.quotedForMessage)",
        found: "compression method \(records[index].method)",
        expected: "stored or deflated data")
    }
    return index
  }

  /// One entry of the central directory (APPNOTE 4.3.12).
  private static func record(
    _ reader: inout ByteReader, limit: Int
  ) throws(CheckpointError.Kind) -> Record {
    guard try reader.integer(UInt32.self) == 0x0201_4b50 else {
      throw .malformed(
        part: reader.part, found: "another signature at byte \(reader.offset - 4)",
        expected: "a directory entry")
    }
    try reader.skip(4)
    let flags = try reader.integer(UInt16.self)
    let method = try reader.integer(UInt16.self)
    try reader.skip(4)
    let crc32 = try reader.integer(UInt32.self)
    var packedSize = Int(try reader.integer(UInt32.self))
    var size = Int(try reader.integer(UInt32.self))
    let nameCount = Int(try reader.integer(UInt16.self))
    let extraCount = Int(try reader.integer(UInt16.self))
    let commentCount = Int(try reader.integer(UInt16.self))
    try reader.skip(8)
    var offset = Int(try reader.integer(UInt32.self))
    let name = try reader.text(nameCount)
    var extra = ByteReader(try reader.take(extraCount), part: "a zip extra field")
    try reader.skip(commentCount)
    try readZip64(&extra, size: &size, packedSize: &packedSize, offset: &offset)
    let part = "zip record \(name.quotedForMessage)"
    guard flags & 1 == 0 else {
      throw .unsupported(part: part, found: "encrypted data", expected: "plain data")
    }
    guard method != 0 || size == packedSize else {
      throw .malformed(
        part: part, found: "stored sizes \(packedSize) and \(size)", expected: "equal sizes")
    }
    guard offset <= limit, packedSize <= limit - offset else {
      throw .truncated(part: part, needed: packedSize, available: max(limit - offset, 0))
    }
    // No deflated byte stands for more than 1,032 (zlib's technical details).
    guard method == 0 || size / 1032 <= packedSize + 1 else {
      throw .malformed(
        part: part, found: "\(size) bytes packed in \(packedSize)", expected: "1,032 a byte at most"
      )
    }
    return Record(
      name: name, size: packedSize, unpackedSize: size, crc32: crc32, method: method,
      headerOffset: offset,
      limit: limit)
  }

  /// Replaces the sizes that do not fit 32 bits by those of the zip64 field, which holds only the
  /// values that are missing, in this order (APPNOTE 4.5.3).
  private static func readZip64(
    _ extra: inout ByteReader, size: inout Int, packedSize: inout Int, offset: inout Int
  ) throws(CheckpointError.Kind) {
    let missing = 0xFFFF_FFFF
    guard size == missing || packedSize == missing || offset == missing else { return }
    while extra.remaining >= 4 {
      let identifier = try extra.integer(UInt16.self)
      let count = Int(try extra.integer(UInt16.self))
      var field = ByteReader(try extra.take(count), part: "a zip64 extra field")
      guard identifier == 1 else { continue }
      if size == missing { size = try field.size64() }
      if packedSize == missing { packedSize = try field.size64() }
      if offset == missing { offset = try field.size64() }
      return
    }
    throw .malformed(
      part: "the zip directory", found: "a record of 4 GB or more without a zip64 field",
      expected: "one")
  }
}
