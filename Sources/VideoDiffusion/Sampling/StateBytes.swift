/// Writes the fields of a saved state, little-endian on every machine.
struct StateWriter {
  private(set) var bytes: [UInt8] = []

  mutating func reserve(_ count: Int) {
    bytes.reserveCapacity(count)
  }

  mutating func write<Word: FixedWidthInteger>(_ word: Word) {
    withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func write(_ values: [Float]) {
    for value in values { write(value.bitPattern) }
  }

  mutating func write(_ raw: [UInt8]) {
    bytes.append(contentsOf: raw)
  }

  /// A text of at most 255 bytes, after its length.
  mutating func write(_ text: String) {
    let encoded = Array(text.utf8.prefix(255))
    write(UInt8(encoded.count))
    write(encoded)
  }
}

/// Reads the fields of a saved state; every read is checked against the bytes that are left.
struct StateReader {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) {
    self.bytes = bytes
    self.position = bytes.startIndex
  }

  var remaining: Int { bytes.endIndex - position }

  mutating func raw(_ count: Int) throws(SamplingError) -> ArraySlice<UInt8> {
    guard count <= remaining else {
      throw .stateDamaged(.truncated(offset: position - bytes.startIndex, needed: count))
    }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  mutating func word<Word: FixedWidthInteger & UnsignedInteger>(
    _: Word.Type = Word.self
  ) throws(SamplingError) -> Word {
    var word: Word = 0
    for byte in try raw(Word.bitWidth / 8).reversed() {
      word = (word << 8) | Word(truncatingIfNeeded: byte)
    }
    return word
  }

  mutating func floats(_ count: Int) throws(SamplingError) -> [Float] {
    let (byteCount, overflows) = count.multipliedReportingOverflow(by: 4)
    let raw = try raw(overflows ? .max : byteCount)
    return raw.withUnsafeBytes { raw in
      (0..<count).map { index in
        let bits = raw.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self)
        return Float(bitPattern: UInt32(littleEndian: bits))
      }
    }
  }

  mutating func text() throws(SamplingError) -> String {
    let count = try word(UInt8.self)
    return String(decoding: try raw(Int(count)), as: UTF8.self)
  }
}
