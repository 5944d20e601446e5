import TerminalUI
import Testing

@Suite("Answers of terminals are no keys, however late and cut they come")
struct TerminalReplyTests {
  /// Answers to questions that programs ask, and the modes that this one sets.
  static let replies: [[UInt8]] =
    [
      "\u{1B}]11;rgb:0c0c/0c0c/0c0c\u{1B}\\", "\u{1B}]11;rgb:0c0c/0c0c/0c0c\u{07}",
      "\u{1B}]4;7;rgb:ffff/ffff/ffff\u{07}", "\u{1B}]lA title é 日\u{1B}\\", "\u{1B}]LIcon\u{07}",
      "\u{1B}]52;c;cXVpdA==\u{07}", "\u{1B}P>|WezTerm 20240203-110809-5046fb22\u{1B}\\",
      "\u{1B}P1$r48:2:1:2:3m\u{1B}\\", "\u{1B}P0$r\u{1B}\\", "\u{1B}P1+r524742=382F382F38\u{1B}\\",
      "\u{1B}P!|7E565445\u{1B}\\", "\u{1B}P1!~4A2F\u{1B}\\", "\u{1B}_Gi=31;OK\u{1B}\\",
      "\u{1B}_Gi=31;ENOENT:no file\u{1B}\\", "\u{1B}^private message\u{1B}\\",
      "\u{1B}Xstart of string\u{1B}\\", "\u{1B}[?2026;2$y", "\u{1B}[4;2$y", "\u{1B}[?62;22;52c",
      "\u{1B}[>0;276;0c", "\u{1B}[=0c", "\u{1B}[24;80R", "\u{1B}[1;3R", "\u{1B}[?1;3R", "\u{1B}[0n",
      "\u{1B}[?0u", "\u{1B}[8;24;80t", "\u{1B}[6;16;8t", "\u{1B}[?997;1n", "\u{1B}[?2;0;800;480S",
      "\u{1B}[I", "\u{1B}[O", "\u{1B}[\(String(repeating: "1;", count: 300))c",
    ].map { Array($0.utf8) }

  /// The same with controls of eight bits: in UTF-8 two bytes, elsewhere one.
  static func eightBit(_ reply: [UInt8], isUTF8: Bool) -> [UInt8]? {
    var bytes: [UInt8] = []
    var index = 0
    while index < reply.count {
      if reply[index] == 0x1B {
        bytes += isUTF8 ? [0xC2, reply[index + 1] + 0x40] : [reply[index + 1] + 0x40]
        index += 2
      } else {
        bytes.append(reply[index])
        index += 1
      }
    }
    return isUTF8 || reply.allSatisfy { $0 < 0x80 } ? bytes : nil
  }

  /// Keys and other events that pieces of input give, each piece some time after the last.
  private func events(
    _ pieces: [ArraySlice<UInt8>], pause: Duration, isUTF8: Bool = true
  ) -> [TerminalEvent] {
    var decoder = KeyDecoder(isUTF8: isUTF8)
    var outputs: [KeyDecoder.Output] = []
    var now = Duration.zero
    for piece in pieces {
      outputs += decoder.decode(piece, at: now)
      now += pause
      outputs += decoder.flush(at: now)
    }
    outputs += decoder.flush(at: now + .seconds(60))
    outputs += decoder.flush(at: now + .seconds(120))
    return outputs.compactMap { output in
      // Whether the window is in front is told unasked, and is no key.
      if case .event(.focus) = output { return nil }
      if case .event(let event) = output { return event }
      return nil
    }
  }

  @Test(
    "Cut once at any byte, with any pause, an answer gives no key",
    arguments: replies)
  func everyCut(reply: [UInt8]) {
    for (bytes, isUTF8) in [
      (reply, true), (reply, false), (Self.eightBit(reply, isUTF8: true), true),
      (Self.eightBit(reply, isUTF8: false), false),
    ] {
      guard let bytes else { continue }
      for pause in [Duration.zero, .milliseconds(40), .milliseconds(200), .seconds(2)] {
        for cut in 0...bytes.count {
          // Escape alone for so long is the key, and cannot be taken back.
          let expected: [TerminalEvent] =
            cut == 1 && pause > .zero && bytes[0] == 0x1B ? [.key(.escape)] : []
          #expect(
            events([bytes[..<cut], bytes[cut...]], pause: pause, isUTF8: isUTF8) == expected,
            "cut at \(cut), \(pause)")
        }
      }
    }
  }

  @Test("Keys before, between and after answers are kept", arguments: replies)
  func keysAround(reply: [UInt8]) {
    let keys = Array("j\u{1B}[Aé".utf8)
    let expected: [TerminalEvent] = [.key(.character("j")), .key(.up), .key(.character("é"))]
    let bytes = keys + reply + keys + reply + keys
    let first = keys.count + 1
    for cut in first + 1..<first + reply.count {
      for pause in [Duration.zero, .milliseconds(100)] {
        #expect(
          events([bytes[..<cut], bytes[cut...]], pause: pause) == expected + expected + expected)
      }
    }
    // Byte by byte, as over the slowest line that is still one.
    guard reply.count < 90 else { return }
    #expect(
      events(bytes.indices.map { bytes[$0...$0] }, pause: .milliseconds(30))
        == expected + expected + expected)
  }

  @Test("A sequence whose Escape was taken for the key still gives its own key or nothing")
  func lateHalves() {
    func late(_ text: String) -> [TerminalEvent] {
      let bytes = Array(text.utf8)
      return events([bytes[..<1], bytes[1...]], pause: .milliseconds(60))
    }
    #expect(late("\u{1B}[A") == [.key(.escape), .key(.up)])
    #expect(late("\u{1B}OP") == [.key(.escape), .key(Key(.function(1)))])
    #expect(
      late("\u{1B}[<0;3;5M")
        == [.key(.escape), .mouse(MouseEvent(action: .press, column: 2, row: 4))])
    #expect(late("\u{1B}[200~x\u{1B}[201~") == [.key(.escape), .paste("x")])
  }

  @Test(
    "Escape, then a key that could begin an answer: both are keys, the second a moment later",
    arguments: Array("[]P_^XO".utf8))
  func escapeThenKey(byte: UInt8) {
    let key = TerminalEvent.key(.character(Character(Unicode.Scalar(byte))))
    #expect(events([[0x1B], [byte]], pause: .milliseconds(60)) == [.key(.escape), key])
    #expect(
      events([[0x1B], [byte], [0x6A]], pause: .milliseconds(60))
        == [.key(.escape), key, .key(.character("j"))])
    #expect(
      events([[0x1B], [byte], [0x6A]], pause: .milliseconds(39))
        != [.key(.escape), key, .key(.character("j"))], "within the delay it is Alt's")
  }

  @Test(
    "Alt with an introducer is a key when nothing follows it, or something else",
    arguments: Array("[]P_^XO".utf8))
  func altWithIntroducer(byte: UInt8) {
    let key = TerminalEvent.key(
      Key(.character(Character(Unicode.Scalar(byte))), modifiers: .alt))
    #expect(events([[0x1B, byte]], pause: .milliseconds(40)) == [key])
    #expect(
      events([[0x1B, byte], [0x6A], [0x6A]], pause: .milliseconds(100))
        == [key, .key(.character("j")), .key(.character("j"))])
    #expect(
      events([[0x1B, byte], [0x03]], pause: .milliseconds(100)) == [key, .key(.control("c"))])
  }

  @Test("A string that does not end holds keys up for a few seconds, and never Ctrl-C or Escape")
  func unfinished() {
    var decoder = KeyDecoder()
    #expect(decoder.decode("\u{1B}]11;rgb:0c".utf8, at: .zero).isEmpty)
    #expect(decoder.decode("q".utf8, at: .seconds(1)).isEmpty)
    #expect(decoder.decode("q".utf8, at: .seconds(2)).isEmpty)
    #expect(decoder.flush(at: KeyDecoder.replyDelay).isEmpty)
    #expect(!decoder.isWaiting)
    #expect(
      decoder.decode("q".utf8, at: .seconds(4)) == [.event(.key(.character("q")))])

    #expect(
      events([Array("\u{1B}]11;\u{03}q".utf8)[...]], pause: .zero)
        == [.key(.control("c")), .key(.character("q"))])
    #expect(events([Array("\u{1B}P1$r\u{1B}".utf8)[...]], pause: .zero) == [.key(.escape)])
    #expect(events([Array("\u{1B}P1$r\u{1B}[A".utf8)[...]], pause: .zero) == [.key(.up)])
    #expect(events([Array("\u{1B}P1\u{18}q".utf8)[...]], pause: .zero) == [.key(.character("q"))])
    #expect(events([Array("\u{1B}[1;\u{1B}[A".utf8)[...]], pause: .zero) == [.key(.up)])
    #expect(events([Array("\u{1B}[1;\u{03}".utf8)[...]], pause: .zero) == [.key(.control("c"))])
  }

  @Test("However much a string sends, it ends in time and at a size")
  func bounds() {
    var decoder = KeyDecoder()
    _ = decoder.decode("\u{1B}P1$r".utf8, at: .zero)
    for second in 1...40 {
      _ = decoder.decode("1234".utf8, at: .seconds(second))
      _ = decoder.flush(at: .seconds(second))
    }
    #expect(!decoder.isWaiting)
    decoder = KeyDecoder()
    _ = decoder.decode("\u{1B}]52;c;".utf8, at: .zero)
    _ = decoder.decode([UInt8](repeating: 0x41, count: 1 << 20), at: .zero)
    #expect(!decoder.isWaiting)
    // A clipboard in many pieces is still one answer.
    decoder = KeyDecoder()
    _ = decoder.decode("\u{1B}]52;c;".utf8, at: .zero)
    for second in 1...20 {
      #expect(
        decoder.decode([UInt8](repeating: 0x41, count: 4_096), at: .seconds(second)).isEmpty)
      #expect(decoder.flush(at: .seconds(second)).isEmpty)
    }
    #expect(decoder.decode([0x07, 0x71], at: .seconds(20)) == [.event(.key(.character("q")))])
  }

  @Test("The mouse in X10's form is no keys, and a paste without its end is over some time")
  func mouseAndPaste() {
    #expect(
      events([Array("\u{1B}[M !!\u{1B}[M#!!\u{1B}[Ma\"#q".utf8)[...]], pause: .zero) == [
        .mouse(MouseEvent(action: .press, column: 0, row: 0)),
        .mouse(MouseEvent(action: .release, column: 0, row: 0)),
        .mouse(MouseEvent(action: .wheelDown, column: 1, row: 2)), .key(.character("q")),
      ])
    var decoder = KeyDecoder()
    _ = decoder.decode("\u{1B}[200~text".utf8, at: .zero)
    #expect(decoder.flush(at: KeyDecoder.pasteDelay) == [.event(.paste("text"))])
    #expect(
      events([Array("\u{1B}[200~a\u{1B}[20\u{1B}\u{1B}[201~b".utf8)[...]], pause: .zero)
        == [.paste("a\u{1B}[20\u{1B}"), .key(.character("b"))])
  }

  @Test("Keys with Shift in rxvt's form, and controls of eight bits that are no keys")
  func others() {
    #expect(
      events([Array("\u{1B}[3$".utf8)[...]], pause: .milliseconds(40))
        == [.key(Key(.delete, modifiers: .shift))])
    #expect(
      events([Array("\u{80}\u{85}\u{1B}\\a".utf8)[...]], pause: .zero)
        == [.key(.character("a"))])
    #expect(
      events([[0x9B, 0x41], [0x8F, 0x50], [0x85]], pause: .zero, isUTF8: false)
        == [.key(.up), .key(Key(.function(1)))])
    // Half a character is kept for its rest, whenever that comes.
    #expect(
      events([[0xE6, 0x97], [0xA5]], pause: .seconds(1)) == [.key(.character("日"))])
  }
}
