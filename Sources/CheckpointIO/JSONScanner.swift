/// The pieces of JSON that safetensors headers and the indices of shards are made of, read one after the
/// other.
struct JSONScanner {
  private let bytes: UnsafeRawBufferPointer
  private let part: String
  private var offset = 0

  /// Starts at the first of `bytes`; `part` names them in messages.
  init(_ bytes: UnsafeRawBufferPointer, part: String) {
    self.bytes = bytes
    self.part = part
  }

  /// Steps over blanks and then `character`, which must be there.
  mutating func expect(_ character: Unicode.Scalar) throws(CheckpointError.Kind) {
    guard skip(character) else { throw unexpected("\"\(character)\"") }
  }

  /// Steps over the blanks that may pad the header; nothing else may follow.
  mutating func expectEnd() throws(CheckpointError.Kind) {
    skipBlanks()
    guard offset == bytes.count else { throw unexpected("the end") }
  }

  /// The next key of an object with its colon, or nil after the closing brace.
  mutating func nextKey(isFirst: inout Bool) throws(CheckpointError.Kind) -> String? {
    if skip("}") { return nil }
    if !isFirst { try expect(",") }
    isFirst = false
    let key = try string()
    try expect(":")
    return key
  }

  /// An array of integers that are not negative, at most `limit` of them.
  mutating func integers(limit: Int) throws(CheckpointError.Kind) -> [Int] {
    var values: [Int] = []
    try expect("[")
    if skip("]") { return values }
    repeat {
      guard values.count < limit else {
        throw .limitExceeded(what: "the number of values in an array", limit: limit)
      }
      values.append(try integer())
    } while skip(",")
    try expect("]")
    return values
  }

  /// A string, its escapes resolved.
  mutating func string() throws(CheckpointError.Kind) -> String {
    try expect("\"")
    var units: [UInt8] = []
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else {
          throw unexpected("text in UTF-8")
        }
        return text
      case UInt8(ascii: "\\"): units += String(try escape()).utf8
      case 0..<0x20: throw unexpected("no control characters in a string")
      default: units.append(byte)
      }
    }
    throw unexpected("the end of a string")
  }

  /// Steps over a value of any kind, at most `depth` arrays and objects deep.
  mutating func skipValue(depth: Int = CheckpointLimits.depth) throws(CheckpointError.Kind) {
    guard depth > 0 else {
      throw .limitExceeded(what: "the depth of \(part)", limit: CheckpointLimits.depth)
    }
    skipBlanks()
    switch offset < bytes.count ? bytes[offset] : 0 {
    case UInt8(ascii: "{"):
      offset += 1
      var isFirst = true
      while try nextKey(isFirst: &isFirst) != nil { try skipValue(depth: depth - 1) }
    case UInt8(ascii: "["):
      offset += 1
      if skip("]") { return }
      repeat { try skipValue(depth: depth - 1) } while skip(",")
      try expect("]")
    case UInt8(ascii: "\""): _ = try string()
    default:
      let start = offset
      while offset < bytes.count, isOfNumberOrWord(bytes[offset]) { offset += 1 }
      guard offset > start else { throw unexpected("a value") }
    }
  }

  private func isOfNumberOrWord(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
      UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "+"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }

  private mutating func integer() throws(CheckpointError.Kind) -> Int {
    skipBlanks()
    let start = offset
    var value = 0
    while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) {
      let (product, tooFar) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow) = product.addingReportingOverflow(Int(bytes[offset] - 0x30))
      guard !tooFar, !overflow else { throw unexpected("an integer of 63 bits") }
      value = sum
      offset += 1
    }
    guard offset > start else { throw unexpected("an integer that is not negative") }
    return value
  }

  private mutating func escape() throws(CheckpointError.Kind) -> Unicode.Scalar {
    guard offset < bytes.count else { throw unexpected("an escaped character") }
    offset += 1
    switch bytes[offset - 1] {
    case UInt8(ascii: "\""): return "\""
    case UInt8(ascii: "\\"): return "\\"
    case UInt8(ascii: "/"): return "/"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw unexpected("a known escape")
    }
  }

  /// Four digits, or twice four if they are a surrogate pair.
  private mutating func unicodeEscape() throws(CheckpointError.Kind) -> Unicode.Scalar {
    let first = try fourDigits()
    if let scalar = Unicode.Scalar(first) { return scalar }
    guard first < 0xDC00, offset + 1 < bytes.count, bytes[offset] == UInt8(ascii: "\\"),
      bytes[offset + 1] == UInt8(ascii: "u")
    else { throw unexpected("a surrogate pair") }
    offset += 2
    let second = try fourDigits()
    guard (0xDC00...0xDFFF).contains(second),
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw unexpected("a surrogate pair") }
    return scalar
  }

  private mutating func fourDigits() throws(CheckpointError.Kind) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      guard offset < bytes.count, let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue
      else { throw unexpected("four hexadecimal digits") }
      value = value << 4 | UInt32(digit)
      offset += 1
    }
    return value
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    skipBlanks()
    guard offset < bytes.count, bytes[offset] == UInt8(ascii: character) else { return false }
    offset += 1
    return true
  }

  private mutating func skipBlanks() {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0a, 0x0d: offset += 1
      default: return
      }
    }
  }

  private func unexpected(_ expected: String) -> CheckpointError.Kind {
    .malformed(
      part: part,
      found: offset < bytes.count ? "byte \(bytes[offset]) at \(offset)" : "its end",
      expected: expected)
  }
}
