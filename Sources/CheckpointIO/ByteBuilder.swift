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
