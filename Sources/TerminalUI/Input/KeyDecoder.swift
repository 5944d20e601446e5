/// Turns the bytes that a terminal sends into events. Bytes may arrive cut at any place; what is
/// unfinished waits for more, or for `flush` once the escape delay is over.
package struct KeyDecoder: Sendable {
  /// An event, or the terminal's answer to a question.
  package enum Output: Sendable, Hashable {
    case event(TerminalEvent)
    /// The state of a private mode: 1 set, 2 reset, 3 and 4 fixed, 0 unknown to the terminal.
    case modeReport(mode: Int, state: Int)
  }

  private var pending: [UInt8] = []
  private var pasted: [UInt8]?
  private let table: KeyTable
  private let isUTF8: Bool

  private static let pasteEnd = Array("\u{1B}[201~".utf8)
  /// The longest sequence that is waited for; anything longer is no key.
  private static let longestSequence = 64
  /// More pasted text than this is cut: it is a mistake, not a prompt.
  private static let longestPaste = 1 << 20

  package init(table: KeyTable = .common, isUTF8: Bool = true) {
    self.table = table
    self.isUTF8 = isUTF8
  }

  /// Whether a lone Escape, or the beginning of a sequence, waits to be told apart by time.
  package var isWaiting: Bool { !pending.isEmpty && pasted == nil }

  /// Takes bytes and gives the events that are complete.
  package mutating func decode(_ bytes: some Sequence<UInt8>) -> [Output] {
    var outputs: [Output] = []
    for byte in bytes {
      if pasted != nil {
        appendPasted(byte, to: &outputs)
      } else {
        pending.append(byte)
        drain(into: &outputs)
      }
    }
    return outputs
  }

  /// Takes what has been waiting as it is: a lone Escape is the Escape key.
  package mutating func flush() -> [Output] {
    guard isWaiting else { return [] }
    defer { pending = [] }
    if pending == [0x1B] { return [.event(.key(.escape))] }
    if pending.count == 2, pending[0] == 0x1B, let key = Self.plainKey(pending[1]) {
      return [.event(.key(Key(key.code, modifiers: key.modifiers.union(.alt))))]
    }
    return []
  }

  private mutating func appendPasted(_ byte: UInt8, to outputs: inout [Output]) {
    pasted?.append(byte)
    guard let text = pasted, text.count >= Self.pasteEnd.count,
      text.suffix(Self.pasteEnd.count).elementsEqual(Self.pasteEnd)
    else { return }
    let body = text.dropLast(Self.pasteEnd.count).prefix(Self.longestPaste)
    // Terminals send carriage returns for pasted line ends.
    let lines = String(decoding: body, as: UTF8.self)
      .replacing("\r\n", with: "\n").replacing("\r", with: "\n")
    outputs.append(.event(.paste(lines)))
    pasted = nil
  }

  /// Takes whole sequences off the front of `pending` while there are any.
  private mutating func drain(into outputs: inout [Output]) {
    while let first = pending.first {
      let length: Int?
      if first == 0x1B {
        length = escapeLength()
      } else if isUTF8, first >= 0x80 {
        length = utf8Length(first)
      } else {
        length = 1
      }
      guard let length else {
        if pending.count > Self.longestSequence { pending = [] }
        return
      }
      let sequence = Array(pending.prefix(length))
      pending.removeFirst(length)
      interpret(sequence, into: &outputs)
    }
  }

  /// The length of the escape sequence at the front, or nil while it is not complete.
  private func escapeLength() -> Int? {
    guard pending.count > 1 else { return nil }
    switch pending[1] {
    case UInt8(ascii: "["):
      guard pending.count > 2 else { return nil }
      // The Linux console's F1 to F5 put a second bracket before their letter.
      if pending[2] == UInt8(ascii: "[") { return pending.count > 3 ? 4 : nil }
      let final = pending.dropFirst(2).firstIndex { (0x40...0x7E).contains($0) || $0 < 0x20 }
      return final.map { $0 + 1 }
    case UInt8(ascii: "O"): return pending.count > 2 ? 3 : nil
    // Two escapes: the first was a key of its own.
    case 0x1B: return 1
    case 0x80...: return utf8Length(pending[1], from: 1).map { $0 + 1 }
    default: return 2
    }
  }

  private func utf8Length(_ first: UInt8, from start: Int = 0) -> Int? {
    let length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : first >= 0xC0 ? 2 : 1
    let available = pending.count - start
    // A wrong continuation ends the character early, so that one bad byte costs one key.
    for offset in 1..<max(length, 1) where offset < available {
      if pending[start + offset] & 0xC0 != 0x80 { return offset }
    }
    return available >= length ? length : nil
  }

  private mutating func interpret(_ sequence: [UInt8], into outputs: inout [Output]) {
    if let key = table.key(for: sequence) {
      outputs.append(.event(.key(key)))
      return
    }
    guard sequence.first == 0x1B, sequence.count > 1 else {
      if let key = Self.key(ofText: sequence, isUTF8: isUTF8) { outputs.append(.event(.key(key))) }
      return
    }
    if sequence[1] == UInt8(ascii: "["), sequence.count > 2 {
      if sequence == Array("\u{1B}[200~".utf8) {
        pasted = []
        return
      }
      if let output = ControlSequence(sequence)?.output { outputs.append(output) }
      return
    }
    if let key = Self.key(ofText: Array(sequence.dropFirst()), isUTF8: isUTF8) {
      outputs.append(.event(.key(Key(key.code, modifiers: key.modifiers.union(.alt)))))
    }
  }

  private static func key(ofText bytes: [UInt8], isUTF8: Bool) -> Key? {
    if bytes.count == 1 { return plainKey(bytes[0]) }
    guard isUTF8, let text = String(validating: bytes, as: UTF8.self), let character = text.first
    else { return nil }
    return .character(character)
  }

  /// The key of a single byte.
  private static func plainKey(_ byte: UInt8) -> Key? {
    switch byte {
    case 0x0D, 0x0A: .enter
    case 0x09: .tab
    case 0x1B: .escape
    case 0x7F, 0x08: .backspace
    case 0x00: Key(.character(" "), modifiers: .control)
    case 0x01...0x1A: .control(Character(Unicode.Scalar(byte + 0x60)))
    case 0x1C...0x1F: .control(Character(Unicode.Scalar(byte + 0x40)))
    case 0x20..<0x7F: .character(Character(Unicode.Scalar(byte)))
    default: nil
    }
  }
}
