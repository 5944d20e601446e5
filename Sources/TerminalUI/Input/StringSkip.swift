/// How a byte was taken by a sequence in progress.
enum SequenceStep {
  /// The sequence goes on.
  case more
  /// The byte ended it.
  case complete
  /// The byte ended it without effect (CAN and SUB).
  case cancelled
  /// The byte is not of it and begins something else.
  case broken
}

/// A string of a terminal on its way past: only its length is kept.
///
/// OSC, DCS, APC, PM and SOS end with ST, which is Escape and a backslash or one control of eight
/// bits; OSC also with BEL, as xterm does it.
struct StringSkip {
  /// When it began.
  let start: Duration
  /// Whether Escape was the last byte: the first half of ST, or the beginning of something else.
  private(set) var hasEscape = false

  private let introducer: Introducer
  private var count = 0
  /// Whether 0xC2 was the last byte, which makes 0x9C the ST of UTF-8 and no part of a character.
  private var hasLead = false

  /// Longer than any answer, the clipboard's included.
  private static let longest = 1 << 20

  init(_ introducer: Introducer, start: Duration) {
    self.introducer = introducer
    self.start = start
  }

  mutating func take(_ byte: UInt8, isUTF8: Bool) -> SequenceStep {
    if hasEscape { return byte == UInt8(ascii: "\\") ? .complete : .broken }
    defer { hasLead = byte == 0xC2 }
    count += 1
    switch byte {
    case 0x1B:
      hasEscape = true
      return .more
    case 0x9C where hasLead || !isUTF8: return .complete
    case 0x07 where introducer == .operatingSystem: return .complete
    case 0x18, 0x1A: return .cancelled
    // ECMA-48 allows format effectors in strings, and terminals pad with zeros.
    case 0x00, 0x07...0x0D: break
    // Ctrl-C and other keys reach the program, although a string did not end.
    case ..<0x20: return .broken
    default: break
    }
    return count < Self.longest ? .more : .cancelled
  }
}
