import TerminalUI
import TestSupport
import Testing

@Suite("Asking a terminal for its colours")
struct ColorQuestionTests {
  @Test("Three questions go out at once, and through tmux the one that changes nothing once more")
  func question() {
    let plain = "\u{1B}[48;2;1;2;3m\u{1B}P$qm\u{1B}\\\u{1B}[0m\u{1B}P+q524742\u{1B}\\"
    #expect(
      ColorQuestion(isThroughTmux: false).bytes == Array((plain + "\u{1B}[c").utf8))
    #expect(
      ColorQuestion(isThroughTmux: true).bytes
        == Array(
          (plain + "\u{1B}Ptmux;\u{1B}\u{1B}P+q524742\u{1B}\u{1B}\\\u{1B}\\\u{1B}[c").utf8))
  }

  @Test(
    "Answers of terminals are understood, with keys between them",
    arguments: [
      // xterm, VTE, foot and kitty, in this order.
      ("\u{1B}P1$r0;48:2:1:2:3m\u{1B}\\\u{1B}P0+r\u{1B}\\\u{1B}[?64;1;2c", true),
      ("\u{1B}P1$r0;48:2::1:2:3m\u{1B}\\\u{1B}[?65;1;9c", true),
      ("\u{1B}P0$r\u{1B}\\\u{1B}P1+r524742=382F382F38\u{1B}\\\u{1B}[?62;4;22c", true),
      ("q\u{1B}P1+r524742\u{1B}\\jj\u{1B}[?62c", true),
      // A terminal that took the nearest of 256, one that knows neither question, and one in tmux.
      ("\u{1B}P1$r0;48:5:16m\u{1B}\\\u{1B}[?64;1;2c", false),
      ("\u{1B}P0$r\u{1B}\\\u{1B}P0+r524742\u{1B}\\\u{1B}[?1;2c", nil),
      ("\u{1B}[?1;2;4c", nil),
    ])
  func answers(bytes: String, shows: Bool?) {
    let answer = ColorQuestion.Answer(Array(bytes.utf8))
    #expect(answer.showsTrueColor == shows && answer.isComplete)
    // Cut anywhere, there is more to wait for, and never another answer.
    for count in 0..<(bytes.utf8.count - 1) {
      let part = ColorQuestion.Answer(Array(bytes.utf8.prefix(count)))
      #expect(!part.isComplete)
    }
  }

  @Test("What the terminal says comes before the database, and after what somebody chose")
  func capabilities() throws {
    func mode(_ environment: [String: String], option: String? = nil, _ shows: Bool?) throws
      -> ColorMode
    {
      try TerminalCapabilities.detect(
        colorOption: option, environment: environment,
        probe: TerminalProbe(isTerminal: true, terminfoColors: 256, showsTrueColor: shows)
      ).colorMode
    }
    let ssh = ["TERM": "xterm-256color", "SSH_CONNECTION": "a"]
    #expect(try mode(ssh, true) == .trueColor)
    #expect(try mode(ssh, false) == .indexed256)
    #expect(try mode(ssh, nil) == .indexed256)
    #expect(try mode(ssh, option: "16", true) == .ansi16)
    #expect(try mode(ssh.merging(["NO_COLOR": "1"]) { a, _ in a }, true) == .mono)
  }
}

extension CursesTests {
  @Test("Where a terminal has no other screen, leaving clears the line that the shell goes on with")
  func leavingWithoutOtherScreen() throws {
    for term in ["vt100", "linux"] {
      let screen = try CursesScreen(
        entry: TerminalEntry(name: term, colorMode: .mono),
        size: TerminalSize(columns: 12, rows: 3), isUTF8: true)
      var buffer = CellBuffer(columns: 12, rows: 3)
      buffer.write("picture", column: 0, row: 0)
      buffer.write("q quit", column: 0, row: 2)
      var emulator = TerminalEmulator(columns: 12, rows: 3)
      emulator.feed(screen.present(buffer, theme: .plain))
      emulator.feed(screen.leave())
      #expect(emulator.line(0).hasPrefix("picture"), "\(term)")
      #expect(emulator.line(2).allSatisfy { $0 == " " }, "\(term): \(emulator.line(2))")
    }
  }

  @Test("With eight colours no label has the colour of its ground")
  func eightColours() throws {
    func rendition(_ style: Style) throws -> String {
      let screen = try CursesScreen(
        entry: TerminalEntry(name: "xterm", colorMode: .ansi16),
        size: TerminalSize(columns: 4, rows: 2), isUTF8: true)
      var buffer = CellBuffer(columns: 4, rows: 2)
      buffer.write("x", column: 1, row: 1, style: style)
      var emulator = TerminalEmulator(columns: 4, rows: 2)
      emulator.feed(screen.present(buffer, theme: .plain))
      return emulator.renditions[1][1]
    }
    #expect(try rendition(Style(foreground: .indexed(8))) == "7/default/[]", "grey, not bold black")
    #expect(
      try rendition(Style(foreground: .indexed(12), background: .indexed(4))).hasPrefix("7/4/"))
    #expect(
      try rendition(Style(foreground: .indexed(7), background: .indexed(15))).hasPrefix("0/7/"))
  }

  @Test("Other colours are used from the next frame on")
  func otherColours() throws {
    let size = TerminalSize(columns: 6, rows: 2)
    let first = try CursesScreen(
      entry: TerminalEntry(name: "xterm-256color", colorMode: .indexed256), size: size,
      isUTF8: true)
    var buffer = CellBuffer(columns: 6, rows: 2)
    buffer.write("x", column: 1, row: 1, style: Style(foreground: .rgb(250, 10, 20)))
    _ = first.present(buffer, theme: .plain)
    let second = try first.replaced(
      by: TerminalEntry(name: "xterm-direct", colorMode: .trueColor), size: size)
    var emulator = TerminalEmulator(columns: 6, rows: 2)
    emulator.feed(second.present(buffer, theme: .plain, redraw: true))
    #expect(emulator.renditions[1][1] == "250,10,20/default/[]")
  }
}
