/// The CRC-32 that zip files store (polynomial 0xEDB88320, reflected; PKWARE APPNOTE 4.4.7).
///
/// Sixteen bytes a step through sixteen tables ("slicing by 16"), about 3 GB/s on one core.
struct CRC32 {
  /// The checksum of what was added so far.
  var value: UInt32 { ~register }
  private var register: UInt32 = ~0

  /// Table k gives the effect of one byte followed by k zero bytes; 16 tables of 256, in a row.
  private static let tables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 16 * 256)
    for byte in 0..<256 {
      var remainder = UInt32(byte)
      for _ in 0..<8 {
        remainder = (remainder >> 1) ^ (remainder & 1 == 1 ? 0xEDB8_8320 : 0)
      }
      tables[byte] = remainder
    }
    for index in 256..<tables.count {
      let previous = tables[index - 256]
      tables[index] = (previous >> 8) ^ tables[Int(previous & 0xFF)]
    }
    return tables
  }()

  /// The checksum of `bytes` alone.
  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    var sum = CRC32()
    sum.update(bytes)
    return sum.value
  }

  /// Adds `bytes` to the checksum.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    let count = bytes.count
    var crc = register
    Self.tables.withUnsafeBufferPointer { tables in
      guard let table = tables.baseAddress else { return }
      var offset = 0
      while offset &+ 16 <= count {
        let low = base.loadUnaligned(fromByteOffset: offset, as: UInt64.self).littleEndian
        let high = base.loadUnaligned(fromByteOffset: offset &+ 8, as: UInt64.self).littleEndian
        crc = Self.fold(low ^ UInt64(crc), table + 8 * 256) ^ Self.fold(high, table)
        offset &+= 16
      }
      while offset < count {
        let byte = base.load(fromByteOffset: offset, as: UInt8.self)
        crc = (crc >> 8) ^ table[Int((crc ^ UInt32(byte)) & 0xFF)]
        offset &+= 1
      }
    }
    register = crc
  }

  /// The joint effect of eight bytes, the first of which has the highest of the eight tables.
  @inline(__always)
  private static func fold(_ word: UInt64, _ table: UnsafePointer<UInt32>) -> UInt32 {
    let first = table[7 * 256 + Int(word & 0xFF)] ^ table[6 * 256 + Int((word >> 8) & 0xFF)]
    let second =
      table[5 * 256 + Int((word >> 16) & 0xFF)] ^ table[4 * 256 + Int((word >> 24) & 0xFF)]
    let third =
      table[3 * 256 + Int((word >> 32) & 0xFF)] ^ table[2 * 256 + Int((word >> 40) & 0xFF)]
    let fourth = table[256 + Int((word >> 48) & 0xFF)] ^ table[Int(word >> 56)]
    return (first ^ second) ^ (third ^ fourth)
  }
}
