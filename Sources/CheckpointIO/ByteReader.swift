/// Reads little-endian numbers and runs of bytes one after the other, never past the end.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  /// What is being read, for messages ("the zip directory").
  let part: String
  private(set) var offset: Int

  /// Starts at `offset`, which is clamped to the bytes.
  init(_ bytes: UnsafeRawBufferPointer, part: String, offset: Int = 0) {
    self.bytes = bytes
    self.part = part
    self.offset = Swift.min(Swift.max(offset, 0), bytes.count)
  }

  /// Bytes not yet read.
  var remaining: Int { bytes.count - offset }

  /// The next `count` bytes.
  mutating func take(_ count: Int) throws(CheckpointError.Kind) -> UnsafeRawBufferPointer {
    guard count >= 0, count <= remaining else {
      throw .truncated(part: part, needed: count, available: remaining)
    }
    defer { offset += count }
    return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + count])
  }

  /// Steps over `count` bytes.
  mutating func skip(_ count: Int) throws(CheckpointError.Kind) { _ = try take(count) }

  /// The next integer, little-endian.
  mutating func integer<Number: FixedWidthInteger & BitwiseCopyable>(
    _ type: Number.Type
  ) throws(CheckpointError.Kind) -> Number {
    let raw = try take(MemoryLayout<Number>.size)
    return Number(littleEndian: raw.loadUnaligned(as: Number.self))
  }

  /// The next 64-bit count or offset, which must fit an `Int` and not be negative.
  mutating func size64() throws(CheckpointError.Kind) -> Int {
    let value = try integer(UInt64.self)
    guard let size = Int(exactly: value) else {
      throw .malformed(part: part, found: "a size of \(value)", expected: "at most \(Int.max)")
    }
    return size
  }

  /// The next `count` bytes as text, which must be UTF-8.
  mutating func text(_ count: Int) throws(CheckpointError.Kind) -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw .malformed(part: part, found: "bytes that are not UTF-8", expected: "text in UTF-8")
    }
    return text
  }

  /// Text of at most `limit` bytes up to a line feed, which is consumed and not returned.
  mutating func line(limit: Int) throws(CheckpointError.Kind) -> String {
    // Looked for within the limit only, since the rest of the file may be terabytes.
    guard let end = bytes[offset...].prefix(limit + 1).firstIndex(of: UInt8(ascii: "\n")) else {
      guard remaining <= limit else {
        throw .limitExceeded(what: "the length of a name in \(part)", limit: limit)
      }
      throw .truncated(part: part, needed: remaining + 1, available: remaining)
    }
    let text = try text(end - offset)
    offset += 1
    return text
  }
}
