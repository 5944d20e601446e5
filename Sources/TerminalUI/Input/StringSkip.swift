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

/// A string of a terminal on its way past: only its length is kept, and the beginning of one that may be about
/// pictures.
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
  /// The beginning of an application's string, as far as answers about pictures go.
  private var kept: [UInt8] = []

  /// Longer than any answer, the clipboard's included.
  private static let longest = 1 << 20
  /// Longer than any answer about pictures.
  private static let longestKept = 256

  init(_ introducer: Introducer, start: Duration) {
    self.introducer = introducer
    self.start = start
  }

  /// What a string that is complete says: kitty's graphics protocol answers with `APC G text ST`.
  var answer: KeyDecoder.Answer? {
    guard kept.first == UInt8(ascii: "G"), kept.count < Self.longestKept else { return nil }
    return .graphics(String(decoding: kept.dropFirst(), as: UTF8.self))
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
    default:
      if introducer == .application, kept.count < Self.longestKept { kept.append(byte) }
    }
    return count < Self.longest ? .more : .cancelled
  }
}
