/// Turns the bytes that a terminal sends into events. Bytes may arrive cut at any place, with any
/// time between the pieces; what cannot be told yet waits for more, or for `flush` at its deadline.
///
/// Besides keys a terminal sends answers to questions, ours and those of programs before us, and on
/// a slow line they come late and in pieces. None of them is ever a key: strings (OSC, DCS, APC, PM,
/// SOS) are read to their end and, but for one about pictures, passed over, and control sequences are told by their grammar (ECMA-48,
/// sections 5.4 and 5.6; xterm's control sequences). What never ends is given up after a time.
package struct KeyDecoder: Sendable {
  /// An event, or the terminal's answer to a question.
  package enum Output: Sendable, Hashable {
    case event(TerminalEvent)
    case answer(Answer)
  }

  /// What a terminal says of itself when it is asked.
  package enum Answer: Sendable, Hashable {
    /// The state of a private mode: 1 set, 2 reset, 3 and 4 fixed, 0 unknown to the terminal.
    case modeReport(mode: Int, state: Int)
    /// What it can do (DA1), without its class.
    case attributes([Int])
    /// The pixels of a character.
    case cellPixels(CellPixels)
    /// What follows `APC G`: an answer of kitty's graphics protocol.
    case graphics(String)
  }

  /// When `flush` decides what waits, on the caller's clock; nil while nothing waits for time.
  package private(set) var deadline: Duration?

  private var state = State.ground
  /// The paste in progress. In a case of the state each byte would copy all that came before it.
  private var pasted = PastedText()
  /// Whether the escape delay of what waits is over, so that it may be a key and not a sequence.
  private var isLate = false
  /// Until when the rest of a sequence may come whose Escape was taken for the key.
  private var escapeEcho: Duration?
  private let table: KeyTable
  private let isUTF8: Bool

  private enum State {
    case ground
    case escape
    /// An introducer after Escape, or in its form of eight bits; nothing after it yet.
    case introduced(Introducer, isEightBit: Bool)
    /// An introducer without Escape, just after the Escape key.
    case echoed(Introducer)
    case control(ControlBytes)
    /// The Linux console's F1 to F5, which put a second bracket before their letter.
    case consoleKey
    /// Button, column and row of a mouse report in X10's form.
    case mouse([UInt8])
    case string(StringSkip)
    case paste
    /// A character of several bytes, after Escape if it is Alt's.
    case character([UInt8], isAlt: Bool)
  }

  /// How long a lone Escape waits for the rest of a sequence. Long enough for a slow line, short
  /// enough not to be noticed.
  package static let escapeDelay = Duration.milliseconds(40)
  /// How long the rest of an answer may take.
  package static let replyDelay = Duration.seconds(3)
  /// How long a string may go on altogether, however steadily it comes.
  package static let longestReply = Duration.seconds(30)
  /// How long the rest of a paste may take.
  package static let pasteDelay = Duration.seconds(10)

  package init(table: KeyTable = .common, isUTF8: Bool = true) {
    self.table = table
    self.isUTF8 = isUTF8
  }

  /// Whether a lone Escape, or the beginning of a sequence, waits to be told apart.
  package var isWaiting: Bool { deadline != nil }

  /// Takes bytes that arrived together and gives the events that are complete.
  package mutating func decode(_ bytes: some Sequence<UInt8>, at now: Duration) -> [Output] {
    let bytes = Array(bytes)
    var outputs: [Output] = []
    for (index, byte) in bytes.enumerated() {
      take(byte, hasMore: index + 1 < bytes.count, at: now, into: &outputs)
    }
    switch state {
    // A person's keys come one at a time, so several bytes at once are more of the answer.
    case .string(let string) where bytes.count > 1:
      deadline = min(now + Self.replyDelay, string.start + Self.longestReply)
    case .paste: deadline = now + Self.pasteDelay
    default: break
    }
    return outputs
  }

  /// Decides what has waited until its deadline: a lone Escape is the Escape key, an introducer
  /// without more is Alt and a key, and a sequence that does not end is nothing.
  package mutating func flush(at now: Duration) -> [Output] {
    guard let deadline, deadline <= now else { return [] }
    switch state {
    case .escape:
      rest()
      escapeEcho = now + Self.replyDelay
      return [.event(.key(.escape))]
    case .echoed(let introducer):
      rest()
      return plainKey(introducer.rawValue).map { [.event(.key($0))] } ?? []
    case .control(let bytes) where !isLate && bytes.isShiftedKeyOfRxvt:
      rest()
      return ControlSequence(bytes)?.output.map { [$0] } ?? []
    case .introduced where !isLate, .control where !isLate, .consoleKey where !isLate,
      .mouse where !isLate:
      isLate = true
      self.deadline = now + Self.replyDelay
      return []
    case .introduced(let introducer, let isEightBit):
      rest()
      return isEightBit ? [] : altKey(introducer.rawValue).map { [.event(.key($0))] } ?? []
    case .string(let string):
      rest()
      return string.hasEscape ? [.event(.key(.escape))] : []
    case .paste:
      rest()
      return [.event(.paste(pasted.text))]
    case .ground, .control, .consoleKey, .mouse, .character:
      rest()
      return []
    }
  }

  // MARK: States

  /// Nothing waits any more.
  private mutating func rest() {
    state = .ground
    deadline = nil
    isLate = false
  }

  private mutating func wait(_ state: State, until deadline: Duration?) {
    self.state = state
    self.deadline = deadline
    isLate = false
  }

  /// - Parameter hasMore: Whether another byte arrived together with this one.
  private mutating func take(
    _ byte: UInt8, hasMore: Bool, at now: Duration, into outputs: inout [Output]
  ) {
    switch state {
    case .ground: begin(byte, at: now, into: &outputs)
    case .escape: takeAfterEscape(byte, at: now, into: &outputs)
    case .introduced(let introducer, let isEightBit):
      takeIntroduced(
        byte, by: introducer, isEightBit: isEightBit, hasMore: hasMore, at: now, into: &outputs)
    case .echoed(let introducer):
      if introducer.isLikelyFollowed(by: byte, hasMore: hasMore) {
        wait(.introduced(introducer, isEightBit: true), until: now + Self.escapeDelay)
      } else {
        emit(plainKey(introducer.rawValue), into: &outputs)
      }
      take(byte, hasMore: hasMore, at: now, into: &outputs)
    case .control(var bytes):
      switch bytes.take(byte) {
      case .more: state = .control(bytes)
      case .complete:
        rest()
        finish(bytes, at: now, into: &outputs)
      case .cancelled: rest()
      case .broken:
        rest()
        take(byte, hasMore: hasMore, at: now, into: &outputs)
      }
    case .consoleKey:
      rest()
      if let key = table.key(for: [0x1B, 0x5B, 0x5B, byte]) {
        outputs.append(.event(.key(key)))
      } else if !(0x20..<0x7F).contains(byte) {
        take(byte, hasMore: hasMore, at: now, into: &outputs)
      }
    case .mouse(let bytes): takeMouse(byte, after: bytes, at: now, into: &outputs)
    case .string(var string):
      switch string.take(byte, isUTF8: isUTF8) {
      case .more: state = .string(string)
      case .complete:
        rest()
        if let answer = string.answer { outputs.append(.answer(answer)) }
      case .cancelled: rest()
      case .broken:
        if string.hasEscape { wait(.escape, until: now + Self.escapeDelay) } else { rest() }
        take(byte, hasMore: hasMore, at: now, into: &outputs)
      }
    case .paste:
      if pasted.take(byte) {
        rest()
        outputs.append(.event(.paste(pasted.text)))
      }
    case .character(let bytes, let isAlt):
      takeCharacter(byte, after: bytes, isAlt: isAlt, at: now, into: &outputs)
    }
  }

  private mutating func begin(_ byte: UInt8, at now: Duration, into outputs: inout [Output]) {
    let mayBeEcho = escapeEcho.map { now <= $0 } ?? false
    escapeEcho = nil
    if byte == 0x1B {
      wait(.escape, until: now + Self.escapeDelay)
    } else if byte >= 0x80 {
      if isUTF8 {
        takeCharacter(byte, after: [], isAlt: false, at: now, into: &outputs)
      } else if let key = table.key(for: [byte]) {
        outputs.append(.event(.key(key)))
      } else {
        beginControl(byte, at: now)
      }
    } else if mayBeEcho, let introducer = Introducer(rawValue: byte) {
      wait(.echoed(introducer), until: now + Self.escapeDelay)
    } else {
      emit(plainKey(byte), into: &outputs)
    }
  }

  private mutating func takeAfterEscape(
    _ byte: UInt8, at now: Duration, into outputs: inout [Output]
  ) {
    if byte == 0x1B {
      // Two escapes: the first was a key of its own.
      wait(.escape, until: now + Self.escapeDelay)
      outputs.append(.event(.key(.escape)))
    } else if byte == UInt8(ascii: "\\") {
      // The end of a string whose beginning was read before us.
      rest()
    } else if let introducer = Introducer(rawValue: byte) {
      wait(.introduced(introducer, isEightBit: false), until: now + Self.escapeDelay)
    } else if byte >= 0x80, isUTF8 {
      takeCharacter(byte, after: [], isAlt: true, at: now, into: &outputs)
    } else {
      rest()
      emit(table.key(for: [0x1B, byte]) ?? altKey(byte), into: &outputs)
    }
  }

  private mutating func takeIntroduced(
    _ byte: UInt8, by introducer: Introducer, isEightBit: Bool, hasMore: Bool, at now: Duration,
    into outputs: inout [Output]
  ) {
    if isLate, !introducer.isLikelyFollowed(by: byte, hasMore: hasMore) {
      rest()
      if !isEightBit { emit(altKey(introducer.rawValue), into: &outputs) }
      return take(byte, hasMore: hasMore, at: now, into: &outputs)
    }
    switch introducer {
    case .control where byte == UInt8(ascii: "["):
      wait(.consoleKey, until: now + Self.escapeDelay)
    case .control where byte == UInt8(ascii: "M") && table.key(for: [0x1B, 0x5B, 0x4D]) == nil:
      wait(.mouse([]), until: now + Self.escapeDelay)
    case .control, .singleShift:
      wait(.control(ControlBytes(introducer)), until: now + Self.escapeDelay)
      take(byte, hasMore: hasMore, at: now, into: &outputs)
    case .operatingSystem, .device, .application, .privacy, .startOfString:
      wait(.string(StringSkip(introducer, start: now)), until: now + Self.replyDelay)
      take(byte, hasMore: hasMore, at: now, into: &outputs)
    }
  }

  /// An introducer in its form of eight bits; the other controls of that kind are no keys.
  private mutating func beginControl(_ byte: UInt8, at now: Duration) {
    guard (0x80...0x9F).contains(byte), let introducer = Introducer(rawValue: byte - 0x40) else {
      return rest()
    }
    wait(.introduced(introducer, isEightBit: true), until: now + Self.escapeDelay)
  }

  private mutating func finish(
    _ bytes: ControlBytes, at now: Duration, into outputs: inout [Output]
  ) {
    guard let sequence = bytes.sequence else { return }
    if let key = table.key(for: sequence) {
      outputs.append(.event(.key(key)))
    } else if sequence == PastedText.start {
      pasted = PastedText()
      wait(.paste, until: now + Self.pasteDelay)
    } else if let output = ControlSequence(bytes)?.output {
      outputs.append(output)
    }
  }

  private mutating func takeMouse(
    _ byte: UInt8, after bytes: [UInt8], at now: Duration, into outputs: inout [Output]
  ) {
    guard byte >= 0x20 else {
      rest()
      return take(byte, hasMore: false, at: now, into: &outputs)
    }
    guard bytes.count == 2 else {
      state = .mouse(bytes + [byte])
      return
    }
    rest()
    let numbers = (bytes + [byte]).map { Int($0) - 0x20 }
    let mouse = MouseEvent(
      report: numbers[0], column: numbers[1], row: numbers[2],
      isRelease: numbers[0] & 0x43 == 3)
    outputs.append(.event(.mouse(mouse)))
  }

  /// A byte of a character in UTF-8. A wrong one ends the character early, so that one bad byte
  /// costs one key.
  private mutating func takeCharacter(
    _ byte: UInt8, after bytes: [UInt8], isAlt: Bool, at now: Duration,
    into outputs: inout [Output]
  ) {
    guard bytes.isEmpty || byte & 0xC0 == 0x80 else {
      rest()
      return take(byte, hasMore: false, at: now, into: &outputs)
    }
    let bytes = bytes + [byte]
    let length = bytes[0] >= 0xF0 ? 4 : bytes[0] >= 0xE0 ? 3 : bytes[0] >= 0xC0 ? 2 : 1
    guard bytes.count == length else { return wait(.character(bytes, isAlt: isAlt), until: nil) }
    rest()
    guard let text = String(validating: bytes, as: UTF8.self), let character = text.first else {
      return
    }
    if bytes[0] == 0xC2, bytes[1] < 0xA0 {
      beginControl(bytes[1], at: now)
    } else {
      let key = table.key(for: bytes) ?? .character(character)
      outputs.append(
        .event(.key(isAlt ? Key(key.code, modifiers: key.modifiers.union(.alt)) : key)))
    }
  }

  // MARK: Keys

  private mutating func emit(_ key: Key?, into outputs: inout [Output]) {
    rest()
    if let key { outputs.append(.event(.key(key))) }
  }

  private func altKey(_ byte: UInt8) -> Key? {
    plainKey(byte).map { Key($0.code, modifiers: $0.modifiers.union(.alt)) }
  }

  /// The key of a single byte.
  private func plainKey(_ byte: UInt8) -> Key? {
    if let key = table.key(for: [byte]) { return key }
    return switch byte {
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
