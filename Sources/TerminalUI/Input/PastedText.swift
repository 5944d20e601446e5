/// A bracketed paste in progress.
struct PastedText {
  /// The sequence before a paste.
  static let start = Array("\u{1B}[200~".utf8)

  private var bytes: [UInt8] = []
  /// Bytes of `end` that came last.
  private var matched = 0

  private static let end = Array("\u{1B}[201~".utf8)
  /// More pasted text than this is cut: it is a mistake, not a prompt.
  private static let longest = 1 << 20

  /// Takes a byte.
  ///
  /// - Returns: Whether the paste is complete.
  mutating func take(_ byte: UInt8) -> Bool {
    if byte == Self.end[matched] {
      matched += 1
      return matched == Self.end.count
    }
    // Escape stands only at the beginning of `end`, so what matched so far is text.
    keep(Self.end.prefix(matched))
    matched = 0
    if byte == Self.end[0] { matched = 1 } else { keep(CollectionOfOne(byte)) }
    return false
  }

  private mutating func keep(_ more: some Collection<UInt8>) {
    bytes.append(contentsOf: more.prefix(Self.longest - bytes.count))
  }

  /// What was pasted so far, its line ends as line feeds: terminals send carriage returns.
  var text: String {
    String(decoding: bytes, as: UTF8.self)
      .replacing("\r\n", with: "\n").replacing("\r", with: "\n")
  }
}
