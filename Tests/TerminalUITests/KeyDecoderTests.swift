import TerminalUI
import TestSupport
import Testing

@Suite("Bytes to keys")
struct KeyDecoderTests {
  private func events(_ text: String, flush: Bool = true) -> [TerminalEvent] {
    var decoder = KeyDecoder()
    let outputs =
      decoder.decode(text.utf8, at: .zero)
      + (flush ? decoder.flush(at: KeyDecoder.escapeDelay) : [])
    return outputs.compactMap { output in
      if case .event(let event) = output { return event }
      return nil
    }
  }

  @Test(
    "Sequences become keys",
    arguments: [
      ("a", Key.character("a")), ("A", .character("A")), (" ", .space), ("é", .character("é")),
      ("日", .character("日")), ("🎞", .character("🎞")), ("\r", .enter), ("\n", .enter),
      ("\t", .tab), ("\u{7F}", .backspace), ("\u{08}", .backspace), ("\u{1B}", .escape),
      ("\u{01}", .control("a")), ("\u{12}", .control("r")), ("\u{00}", .control(" ")),
      ("\u{1B}[A", .up), ("\u{1B}OB", .down), ("\u{1B}[Z", .backTab), ("\u{1B}[5~", .pageUp),
      ("\u{1B}[3~", .delete), ("\u{1B}[1~", .home), ("\u{1B}OP", Key(.function(1))),
      ("\u{1B}[15~", Key(.function(5))), ("\u{1B}[24~", Key(.function(12))),
      ("\u{1B}[[A", Key(.function(1))), ("\u{1B}[1;5C", Key(.right, modifiers: .control)),
      ("\u{1B}[3;2~", Key(.delete, modifiers: .shift)),
      ("\u{1B}x", Key(.character("x"), modifiers: .alt)),
      ("\u{1B}é", Key(.character("é"), modifiers: .alt)),
    ])
  func sequences(text: String, key: Key) { #expect(events(text) == [.key(key)]) }

  @Test("A sequence may arrive byte by byte")
  func cutSequences() {
    var decoder = KeyDecoder()
    var outputs: [KeyDecoder.Output] = []
    for byte in Array("\u{1B}[1;5Cé".utf8) { outputs += decoder.decode([byte], at: .zero) }
    #expect(
      outputs == [
        .event(.key(Key(.right, modifiers: .control))), .event(.key(.character("é"))),
      ])
    #expect(!decoder.isWaiting)
  }

  @Test("A lone Escape waits until the delay is over")
  func loneEscape() {
    var decoder = KeyDecoder()
    #expect(decoder.decode([0x1B], at: .zero).isEmpty)
    #expect(decoder.isWaiting)
    #expect(decoder.flush(at: KeyDecoder.escapeDelay - .milliseconds(1)).isEmpty)
    #expect(decoder.flush(at: KeyDecoder.escapeDelay) == [.event(.key(.escape))])
    #expect(!decoder.isWaiting)
    #expect(events("\u{1B}\u{1B}[A") == [.key(.escape), .key(.up)])
  }

  @Test("Pasted text is one event, whatever it holds")
  func paste() {
    #expect(
      events("a\u{1B}[200~x\r\ny\rz\u{1B}[A\u{1B}[201~b")
        == [.key(.character("a")), .paste("x\ny\nz\u{1B}[A"), .key(.character("b"))])
  }

  /// Some tenths of a second; copying what came before for each byte would take a minute.
  @Test("a long paste in pieces costs as much a byte as a short one")
  func longPaste() {
    var decoder = KeyDecoder()
    let piece = [UInt8](repeating: 0x78, count: 4096)
    let seconds = ProcessorTime.seconds {
      _ = decoder.decode([0x1B] + Array("[200~".utf8), at: .zero)
      for _ in 0..<255 { _ = decoder.decode(piece, at: .zero) }
    }
    let outputs = decoder.decode([0x1B] + Array("[201~".utf8), at: .zero)
    #expect(outputs == [.event(.paste(String(repeating: "x", count: 255 * 4096)))])
    #expect(seconds < 10)
  }

  @Test("Unknown sequences and broken UTF-8 are left out, and the rest still comes")
  func unknown() {
    #expect(events("\u{1B}[99;99;99Xa") == [.key(.character("a"))])
    var decoder = KeyDecoder()
    let broken: [UInt8] = [0xC3, 0x41, 0xFF, 0x42, 0xE6, 0x97, 0x43]
    #expect(
      decoder.decode(broken, at: .zero).suffix(1) == [.event(.key(.character("C")))])
    #expect(!decoder.isWaiting)
  }

  @Test("Mouse events and answers to questions are told apart from keys")
  func reports() {
    var decoder = KeyDecoder()
    #expect(
      decoder.decode(
        Array("\u{1B}[?2026;2$y\u{1B}[<0;3;5M\u{1B}[<0;3;5m\u{1B}[<65;1;1M".utf8), at: .zero) == [
          .answer(.modeReport(mode: 2026, state: 2)),
          .event(.mouse(MouseEvent(action: .press, column: 2, row: 4))),
          .event(.mouse(MouseEvent(action: .release, column: 2, row: 4))),
          .event(.mouse(MouseEvent(action: .wheelDown, column: 0, row: 0))),
        ])
  }

  @Test("Random bytes never stop the decoder")
  func randomBytes() {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<200 {
      var decoder = KeyDecoder(isUTF8: Bool.random(using: &generator))
      var now = Duration.zero
      for _ in 0..<30 {
        let bytes = (0..<10).map { _ in UInt8.random(in: 0...255, using: &generator) }
        _ = decoder.decode(bytes, at: now)
        now += .milliseconds(Int.random(in: 0...100, using: &generator))
        _ = decoder.flush(at: now)
      }
      // Whatever is in progress is over in a while: a sequence, or a paste.
      for _ in 0..<3 { _ = decoder.flush(at: now + .seconds(60)) }
      #expect(decoder.decode([0x71], at: now).contains(.event(.key(.character("q")))))
    }
  }

  @Test("Keys have the names that people write")
  func names() {
    let keys: [Key] = [
      .control("r"), .space, .pageUp, .backTab, Key(.function(3)), .character("G"),
    ]
    #expect(
      keys.map(\.description) == ["Ctrl-R", "Space", "PgUp", "Shift-Tab", "F3", "G"])
  }
}
