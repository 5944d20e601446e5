/// How many columns characters take on a terminal, by Unicode's East Asian Width.
public enum CharacterWidth {
  /// Blocks whose characters all take two columns. Emoji outside them are told by their
  /// presentation property.
  private static let wideRanges: [ClosedRange<UInt32>] = [
    0x1100...0x115F,  // Hangul initial consonants
    0x2329...0x232A,  // angle brackets
    0x2E80...0x303E,  // CJK radicals and punctuation
    0x3041...0xA4CF,  // kana, CJK ideographs, Yi
    0xA960...0xA97C,  // Hangul extended A
    0xAC00...0xD7A3,  // Hangul syllables
    0xF900...0xFAFF,  // CJK compatibility ideographs
    0xFE10...0xFE19,  // vertical forms
    0xFE30...0xFE6B,  // CJK compatibility forms, small forms
    0xFF01...0xFF60,  // fullwidth ASCII
    0xFFE0...0xFFE6,  // fullwidth signs
    0x16FE0...0x18CFF,  // Tangut, Khitan
    0x1AFF0...0x1B2FF,  // kana supplements, Nushu
    0x1F200...0x1F265,  // enclosed ideographs
    0x20000...0x3FFFD,  // CJK extensions
  ]

  /// Columns taken by a scalar: 0 for combining marks, format and control characters, otherwise
  /// 1 or 2.
  public static func columns(of scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    if value < 0x300 { return value < 0x20 || (0x7F..<0xA0).contains(value) ? 0 : 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control, .lineSeparator, .paragraphSeparator:
      return 0
    default: break
    }
    // Medial vowels and final consonants join the Hangul syllable before them.
    if (0x1160...0x11FF).contains(value) { return 0 }
    // Half-cell shapes (2500-25FF), braille and sextants are common here and never wide.
    if (0x2500...0x25FA).contains(value) || (0x2800...0x28FF).contains(value) { return 1 }
    let isWide = wideRanges.contains { $0.contains(value) } || scalar.properties.isEmojiPresentation
    return isWide ? 2 : 1
  }

  /// Columns taken by a text that is drawn in one line.
  public static func columns(of text: some StringProtocol) -> Int {
    var total = 0
    for character in text { total += columns(of: character) }
    return total
  }

  /// Columns taken by a character: those of its first scalar, since terminals without emoji
  /// joining and terminals with it agree on no more than that.
  public static func columns(of character: Character) -> Int {
    character.unicodeScalars.first.map(columns(of:)) ?? 0
  }

  /// The longest beginning of `text` that fits in `limit` columns; where something is cut, it
  /// ends with an ellipsis.
  public static func truncate(_ text: String, to limit: Int) -> String {
    guard columns(of: text) > limit else { return text }
    guard limit > 0 else { return "" }
    var kept = ""
    var used = 0
    for character in text {
      let width = columns(of: character)
      guard used + width <= limit - 1 else { break }
      kept.append(character)
      used += width
    }
    return kept + "…"
  }

  /// `text` with spaces after it up to `width` columns, cut if it is longer.
  public static func pad(_ text: String, to width: Int) -> String {
    let cut = truncate(text, to: width)
    return cut + String(repeating: " ", count: max(width - columns(of: cut), 0))
  }
}
