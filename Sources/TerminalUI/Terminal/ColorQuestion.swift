/// Asks a terminal whether it shows 24-bit colours, since the variable that says so (COLORTERM) does not come
/// along over SSH.
///
/// Three questions are sent at once: DECRQSS for the colour that was just set (a terminal that knows 24 bits
/// gives them back), XTGETTCAP for `RGB`, and DA1, which every terminal answers and which therefore ends the
/// waiting. Terminals ignore what they do not know.
package struct ColorQuestion: Sendable, Hashable {
  /// Whether it is asked through tmux, which keeps questions to itself unless they are wrapped.
  package var isThroughTmux: Bool

  package init(isThroughTmux: Bool) { self.isThroughTmux = isThroughTmux }

  /// What is sent.
  package var bytes: [UInt8] {
    // The colour is set and taken back; nothing is drawn with it.
    var text = "\u{1B}[48;2;1;2;3m\u{1B}P$qm\u{1B}\\\u{1B}[0m" + Self.capabilityQuestion
    if isThroughTmux { text += TmuxWrapping.wrapped(Self.capabilityQuestion) }
    return Array((text + "\u{1B}[c").utf8)
  }

  /// XTGETTCAP of `RGB`.
  private static let capabilityQuestion = "\u{1B}P+q524742\u{1B}\\"

  /// What came back so far.
  package struct Answer: Sendable, Hashable {
    /// Whether the terminal shows 24-bit colours; `nil` if nothing was said of it.
    package private(set) var showsTrueColor: Bool?
    /// Whether the last question is answered, so that no more is to come.
    package private(set) var isComplete = false

    /// Reads what a terminal sent: its answers, and maybe keys between them.
    package init(_ bytes: [UInt8]) {
      let text = String(decoding: bytes, as: UTF8.self)
      for part in text.split(separator: "\u{1B}P", omittingEmptySubsequences: false).dropFirst() {
        let body = part.prefix { $0 != "\u{1B}" && $0 != "\u{9C}" }
        if body.hasPrefix("1$r") {
          // The parameters of SGR, with colons or semicolons, with a colour space or without.
          let numbers = body.dropFirst(3).split { !$0.isNumber }.compactMap { Int($0) }
          let isKept = numbers.suffix(3).elementsEqual([1, 2, 3]) && numbers.contains(48)
          showsTrueColor = isKept || showsTrueColor == true
        } else if body.lowercased().hasPrefix("1+r524742") {
          showsTrueColor = true
        }
      }
      isComplete = text.contains(#/\u{1B}\[\?[0-9;]*c/#)
    }
  }
}
