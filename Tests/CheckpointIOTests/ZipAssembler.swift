/// Puts zip archives together field by field, wrong ones too. Independent of the module's own
/// writer, so that the two check each other.
struct ZipAssembler {
  struct Record {
    var name: String
    var bytes: [UInt8]
    /// 0 for stored; 8 for deflated, in blocks that pack nothing.
    var method: UInt16 = 0
    var flags: UInt16 = 0
    /// Nil for the right one.
    var crc32: UInt32?
    /// Nil for the right one.
    var claimedSize: Int?

    /// The data as they lie in the archive.
    var packed: [UInt8] {
      guard method == 8 else { return bytes }
      // Stored blocks (RFC 1951, 3.2.4): a header byte, the length and its complement.
      var packed: [UInt8] = []
      for start in stride(from: 0, to: max(bytes.count, 1), by: 0xffff) {
        let block = bytes[start..<min(start + 0xffff, bytes.count)]
        packed.append(start + 0xffff >= bytes.count ? 1 : 0)
        packed += CheckpointIOTests.bytes(UInt16(block.count), ~UInt16(block.count)) + block
      }
      return packed
    }
  }

  var records: [Record] = []
  /// Writes all sizes and offsets to zip64 fields.
  var isWide = false
  /// Goes behind everything else.
  var comment: [UInt8] = []
  /// Where in the file the archive starts; its offsets count from the file's start.
  var base = 0
  /// How far the directory lies behind the data, for files with holes.
  var shift = 0

  /// An archive as `torch.save` makes it, of a pickle and its storages.
  static func torch(
    _ pickle: [UInt8], _ storages: [[UInt8]] = [], folder: String = "archive/",
    byteOrder: String? = "little", version: String? = "3\n"
  ) -> ZipAssembler {
    var zip = ZipAssembler()
    zip.add(folder + "data.pkl", pickle)
    if let byteOrder { zip.add(folder + "byteorder", Array(byteOrder.utf8)) }
    for (index, storage) in storages.enumerated() { zip.add(folder + "data/\(index)", storage) }
    if let version { zip.add(folder + "version", Array(version.utf8)) }
    return zip
  }

  mutating func add(_ name: String, _ bytes: [UInt8]) {
    records.append(Record(name: name, bytes: bytes))
  }

  var bytes: [UInt8] {
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for record in records {
      let crc = record.crc32 ?? Self.crc32(record.bytes)
      let packed = record.packed
      let size = record.claimedSize ?? record.bytes.count
      let packedSize = record.method == 0 ? size : packed.count
      let name = Array(record.name.utf8)
      let narrow = isWide ? UInt32.max : UInt32(size)
      let narrowPacked = isWide ? UInt32.max : UInt32(packedSize)
      let offset = isWide ? UInt32.max : UInt32(file.count)
      let wide =
        isWide
        ? number(UInt16(1), UInt16(24)) + number(size, packedSize, base + file.count) : [UInt8]()
      directory += number(UInt32(0x0201_4b50)) + number(UInt16(20), 20, record.flags)
      directory += number(record.method, 0, 0) + number(crc, narrowPacked, narrow)
      directory += number(UInt16(name.count), UInt16(wide.count), 0, 0, 0)
      directory += number(UInt32(0), offset) + name + wide
      file += number(UInt32(0x0403_4b50)) + number(UInt16(20), record.flags, record.method, 0, 0)
      file += number(crc, UInt32(truncatingIfNeeded: packedSize), UInt32(truncatingIfNeeded: size))
      file += number(UInt16(name.count), 0) + name + packed
    }
    let start = file.count + shift
    file += directory
    if isWide {
      let place = file.count + shift
      file += number(UInt32(0x0606_4b50)) + number(44) + number(UInt16(45), 45)
      file += number(UInt32(0), 0)
      file += number(records.count, records.count, directory.count, base + start)
      file += number(UInt32(0x0706_4b50), 0) + number(base + place) + number(UInt32(1))
    }
    let count = isWide ? UInt16.max : UInt16(records.count)
    file += number(UInt32(0x0605_4b50)) + number(UInt16(0), 0, count, count)
    file += isWide ? number(UInt32.max, .max) : number(UInt32(directory.count), UInt32(start))
    return file + number(UInt16(comment.count)) + comment
  }

  /// Where the directory begins in `bytes`.
  var directoryStart: Int {
    records.reduce(0) { $0 + 30 + $1.name.utf8.count + $1.packed.count }
  }

  /// CRC-32 bit by bit, straight from its definition.
  static func crc32(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = (crc >> 1) ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~crc
  }

  private func number<Number: FixedWidthInteger>(_ values: Number...) -> [UInt8] {
    values.flatMap { CheckpointIOTests.bytes($0) }
  }
}
