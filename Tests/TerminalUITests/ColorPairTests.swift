import TerminalUI
import Testing

@Suite("Colours for curses")
struct ColorPairTests {
  @Test("The same colours have the same pair, the interface and pictures have their own")
  func sharing() throws {
    var pool = ColorPairPool(capacity: 65_536)
    func pair(_ foreground: Int32, _ background: Int32, isImage: Bool) throws -> [Int32] {
      let pair = pool.pair(foreground: foreground, background: background, isImage: isImage)
      let found = try #require(pair)
      return [found.number, found.isNew ? 1 : 0]
    }
    #expect(try pair(1, 2, isImage: false) == [1, 1])
    #expect(try pair(1, 2, isImage: false) == [1, 0])
    #expect(try pair(1, 2, isImage: true) == [256, 1])
    #expect(try pair(2, 1, isImage: true) == [257, 1])
  }

  @Test("A pair on the screen is never given other colours")
  func neverOnScreen() {
    var generator = SeededGenerator(seed: 5)
    var pool = ColorPairPool(capacity: 600)
    var screen: [(number: Int32, color: Int32)] = []
    for step in 0..<5_000 {
      let color = Int32.random(in: 0...2_000, using: &generator)
      if let pair = pool.pair(foreground: color, background: -1, isImage: true) {
        #expect((256..<600).contains(pair.number))
        if pair.isNew { #expect(!screen.contains { $0.number == pair.number }, "step \(step)") }
        #expect(!screen.contains { $0.number == pair.number && $0.color != color })
        pool.retain(pair.number)
        screen.append((pair.number, color))
      } else {
        #expect(Set(screen.map(\.number)).count == 344, "only a full screen has no pair left")
      }
      while screen.count > Int.random(in: 100...400, using: &generator) {
        pool.release(screen.removeFirst().number)
      }
    }
  }

  @Test("A terminal with few pairs shares them, and one without has none")
  func smallPools() {
    var pool = ColorPairPool(capacity: 64)
    for color in 0..<63 as Range<Int32> {
      let pair = pool.pair(foreground: color, background: 0, isImage: color % 2 == 0)
      #expect(pair?.number == color + 1)
      pool.retain(color + 1)
    }
    #expect(pool.pair(foreground: 99, background: 0, isImage: false) == nil)
    pool.release(7)
    #expect(pool.pair(foreground: 99, background: 0, isImage: false)?.number == 7)
    var none = ColorPairPool(capacity: 1)
    #expect(none.pair(foreground: 1, background: 1, isImage: false) == nil)
  }

  @Test("Direct colours are rewritten to the older form, and nothing else")
  func rewriting() {
    func rewritten(_ text: String) -> String {
      String(decoding: DirectColorRewriter.rewrite(Array(text.utf8)), as: UTF8.self)
    }
    #expect(
      rewritten("\u{1B}[38:2::18:52:86mx\u{1B}[48:2::1:2:3my")
        == "\u{1B}[38;2;18;52;86mx\u{1B}[48;2;1;2;3my")
    #expect(rewritten("a:2::b \u{1B}[4;6H") == "a:2::b \u{1B}[4;6H")
    #expect(rewritten("\u{1B}[3") == "\u{1B}[3")
    #expect(rewritten("\u{1B}") == "\u{1B}")
    #expect(rewritten("日\u{1B}[1;5Hx") == "日\u{1B}[1;5Hx")
  }

  @Test(
    "The entry of the terminal database suits the colours that are wanted",
    arguments: [
      ("xterm-256color", ColorMode.trueColor, "xterm-direct", ColorMode.trueColor),
      ("tmux-256color", .trueColor, "tmux-direct", .trueColor),
      ("foot", .trueColor, "xterm-direct", .trueColor),
      ("xterm-direct", .trueColor, "xterm-direct", .trueColor),
      ("xterm-256color", .indexed256, "xterm-256color", .indexed256),
      ("xterm-direct", .indexed256, "xterm-256color", .indexed256),
      ("xterm", .ansi16, "xterm-16color", .ansi16),
      ("xterm-256color", .ansi16, "xterm-256color", .ansi16),
      ("linux", .ansi16, "linux", .ansi16), ("vt100", .mono, "vt100", .mono),
    ])
  func entries(term: String, wanted: ColorMode, name: String, mode: ColorMode) throws {
    let database = [
      "xterm-256color": 256, "xterm-direct": 1 << 24, "tmux-256color": 256, "tmux-direct": 1 << 24,
      "foot": 256, "xterm": 8, "xterm-16color": 16, "linux": 8, "vt100": -1,
    ]
    let entry = try TerminalEntry.choose(term: term, wanted: wanted) { database[$0] }
    #expect(entry.name == name && entry.colorMode == mode)
  }

  @Test("Without entries for direct colour there are 256 colours, and fewer without those")
  func fallbacks() throws {
    let entry = try TerminalEntry.choose(term: "xterm-256color", wanted: .trueColor) {
      ["xterm-256color": 256][$0]
    }
    #expect(entry == TerminalEntry(name: "xterm-256color", colorMode: .indexed256))
    let poor = try TerminalEntry.choose(term: "odd", wanted: .trueColor) { ["odd": 8][$0] }
    #expect(poor == TerminalEntry(name: "odd", colorMode: .ansi16))
  }

  @Test("A terminal that the database does not know is an error with its name")
  func unknown() {
    #expect {
      try TerminalEntry.choose(term: "unknown-thing", wanted: .mono) { _ in nil }
    } throws: { "\($0)".contains("unknown-thing") }
    #expect(throws: TerminalError.self) {
      try TerminalEntry.choose(term: "", wanted: .mono) { _ in nil }
    }
  }

  @Test("Characters beyond ASCII have stand-ins")
  func standIns() {
    let text = "┌─┐│█▄⣿…é日"
    let plain = text.unicodeScalars.map { ASCIIFallback.character(for: $0) }
    #expect(plain.map { String($0) }.joined() == "+-+|##*~??")
  }
}
