/// What begins a sequence of a terminal: the byte after Escape, or the control of eight bits that is
/// this byte plus 0x40 (ECMA-48, section 5.3).
enum Introducer: UInt8 {
  /// CSI: keys, mouse, and answers to most questions.
  case control = 0x5B
  /// SS3: arrows and F1 to F4 in application mode.
  case singleShift = 0x4F
  /// OSC: colours, titles, the clipboard.
  case operatingSystem = 0x5D
  /// DCS: the terminal's version, settings and capabilities.
  case device = 0x50
  /// APC: answers about graphics.
  case application = 0x5F
  /// PM.
  case privacy = 0x5E
  /// SOS.
  case startOfString = 0x58

  /// Whether a byte that comes after a pause goes on with the sequence, rather than being a key that
  /// was pressed after Alt and the introducer's.
  ///
  /// - Parameter hasMore: Whether another byte came together with it, which keys do not.
  func isLikelyFollowed(by byte: UInt8, hasMore: Bool) -> Bool {
    let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    switch self {
    case .control: return (0x30...0x3F).contains(byte) || Self.finals.contains(byte)
    case .singleShift: return Self.shifted.contains(byte)
    // A number, or xterm's answers with a window's title and icon.
    case .operatingSystem: return isDigit || "lLI".utf8.contains(byte) && hasMore
    case .device: return isDigit || ">!$+=?|".utf8.contains(byte)
    case .application, .privacy, .startOfString: return byte >= 0x20 && byte != 0x7F && hasMore
    }
  }

  /// What ends the sequences of keys and of the focus, which have no parameter.
  private static let finals = Set("ABCDFHIOZ[".utf8)
  private static let shifted = Set("ABCDFHMPQRS".utf8)
}
