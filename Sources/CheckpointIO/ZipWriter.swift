/// Writes a zip archive of stored records, front to back, the way PyTorch lays it out: the bytes of
/// each record start at a multiple of 64, and sizes and checksum follow them in a descriptor.
///
/// Format: PKWARE APPNOTE 4.3; PyTorch, caffe2/serialize/inline_container.cc `getPadding`.
struct ZipWriter {
  private struct Entry {
    let name: [UInt8]
    let offset: Int
    let size: Int
    let crc32: UInt32
  }

  private let file: AtomicFile
  /// Values from here on go to zip64 fields. The format's limit, lowered only by tests, which
  /// cannot write 4 GB.
  private let wideLimit: Int
  private var entries: [Entry] = []
  private static let alignment = 64

  /// Starts an archive at the beginning of `file`.
  init(_ file: AtomicFile, wideLimit: Int = 0xFFFF_FFFF) {
    self.file = file
    self.wideLimit = wideLimit
  }

  /// Adds a record of `size` bytes, which `body` writes to the file; it returns their CRC-32.
  mutating func add(
    _ name: String, size: Int, _ body: () throws -> UInt32
  ) throws {
    let name = [UInt8](name.utf8)
    let isWide = size >= wideLimit
    let offset = file.count
    let fixedCount = 30 + name.count + (isWide ? 20 : 0) + 4
    let start = offset + fixedCount
    let padding = (Self.alignment - start % Self.alignment) % Self.alignment

    var header = ByteBuilder()
    header.append(UInt32(0x0403_4b50))
    header.append(UInt16(isWide ? 45 : 20))
    // Bit 3: sizes and checksum follow the data. Bit 11: the name is UTF-8.
    header.append(UInt16(0x0808))
    header.append(zeros: 10)
    header.append(UInt32(isWide ? 0xFFFF_FFFF : 0))
    header.append(UInt32(isWide ? 0xFFFF_FFFF : 0))
    header.append(UInt16(name.count))
    header.append(UInt16(padding + 4 + (isWide ? 20 : 0)))
    header.append(name)
    if isWide { header.append(wideFields: [size, size]) }
    // PyTorch's own extra field, whose only content is the padding.
    header.append([UInt8]("FB".utf8))
    header.append(UInt16(padding))
    header.append([UInt8](repeating: UInt8(ascii: "Z"), count: padding))
    try file.write(header.bytes)

    let crc32 = try body()
    var descriptor = ByteBuilder()
    descriptor.append(UInt32(0x0807_4b50))
    descriptor.append(crc32)
    for _ in 0..<2 {
      if isWide {
        descriptor.append(UInt64(size))
      } else {
        descriptor.append(UInt32(size))
      }
    }
    try file.write(descriptor.bytes)
    entries.append(Entry(name: name, offset: offset, size: size, crc32: crc32))
  }

  /// Adds a record of the given bytes.
  mutating func add(_ name: String, _ bytes: [UInt8]) throws {
    let file = file
    try add(name, size: bytes.count) {
      try file.write(bytes)
      return bytes.withUnsafeBytes { CRC32.checksum($0) }
    }
  }

  /// Writes the directory, which ends the archive.
  func finish() throws(CheckpointError) {
    let start = file.count
    for entry in entries { try file.write(directoryEntry(entry)) }
    let size = file.count - start
    var end = ByteBuilder()
    if entries.count >= 0xFFFF || start >= wideLimit || size >= wideLimit {
      appendWideEnd(&end, start: start, size: size)
    }
    let count = UInt16(min(entries.count, 0xFFFF))
    end.append(UInt32(0x0605_4b50))
    end.append(zeros: 4)
    end.append(count)
    end.append(count)
    end.append(narrow(size))
    end.append(narrow(start))
    end.append(zeros: 2)
    try file.write(end.bytes)
  }

  private func directoryEntry(_ entry: Entry) -> [UInt8] {
    let isWide = entry.size >= wideLimit
    var wide = isWide ? [entry.size, entry.size] : []
    if entry.offset >= wideLimit { wide.append(entry.offset) }
    var bytes = ByteBuilder()
    bytes.append(UInt32(0x0201_4b50))
    bytes.append(UInt16(wide.isEmpty ? 20 : 45))
    bytes.append(UInt16(wide.isEmpty ? 20 : 45))
    bytes.append(UInt16(0x0808))
    bytes.append(zeros: 6)
    bytes.append(entry.crc32)
    bytes.append(narrow(entry.size))
    bytes.append(narrow(entry.size))
    bytes.append(UInt16(entry.name.count))
    bytes.append(UInt16(wide.isEmpty ? 0 : 4 + 8 * wide.count))
    bytes.append(zeros: 10)
    bytes.append(narrow(entry.offset))
    bytes.append(entry.name)
    if !wide.isEmpty { bytes.append(wideFields: wide) }
    return bytes.bytes
  }

  /// The zip64 end record and its locator (APPNOTE 4.3.14 and 4.3.15).
  private func appendWideEnd(_ end: inout ByteBuilder, start: Int, size: Int) {
    end.append(UInt32(0x0606_4b50))
    end.append(UInt64(44))
    end.append(UInt16(45))
    end.append(UInt16(45))
    end.append(zeros: 8)
    end.append(UInt64(entries.count))
    end.append(UInt64(entries.count))
    end.append(UInt64(size))
    end.append(UInt64(start))
    end.append(UInt32(0x0706_4b50))
    end.append(zeros: 4)
    end.append(UInt64(start + size))
    end.append(UInt32(1))
  }

  /// The value, or the mark that a zip64 field has it.
  private func narrow(_ value: Int) -> UInt32 {
    value >= wideLimit ? 0xFFFF_FFFF : UInt32(truncatingIfNeeded: value)
  }
}

/// Collects little-endian numbers.
struct ByteBuilder {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ value: some FixedWidthInteger) {
    withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func append(_ more: [UInt8]) { bytes += more }

  mutating func append(zeros count: Int) { bytes += [UInt8](repeating: 0, count: count) }

  /// A zip64 extra field (APPNOTE 4.5.3).
  mutating func append(wideFields values: [Int]) {
    append(UInt16(1))
    append(UInt16(8 * values.count))
    for value in values { append(UInt64(value)) }
  }
}
