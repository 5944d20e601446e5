import TerminalUI
import TestSupport
import Testing

/// All that touches ncurses or signals, which belong to the whole process: one test at a time.
@Suite("Curses", .serialized)
struct CursesTests {
  private static let theme = Theme(
    name: "test",
    looks: [
      .text: .init(foreground: .indexed(7), background: .terminalDefault),
      .title: .init(foreground: .indexed(3), attributes: .bold),
      .selection: .init(background: .indexed(4), attributes: .reverse),
    ])

  @Test("The terminal database is asked for the colours of a name")
  func terminfoLookup() {
    #expect(TerminalProbe.colors(ofTerminal: "xterm-256color") == 256)
    #expect(TerminalProbe.colors(ofTerminal: "vt100") == -1)
    #expect(TerminalProbe.colors(ofTerminal: "no-such-terminal") == nil)
  }

  @Test(
    "Whatever is drawn after whatever, a person sees the grid",
    arguments: [
      ("xterm-direct", ColorMode.trueColor), ("xterm-256color", .indexed256), ("xterm", .ansi16),
      ("vt100", .mono),
    ])
  func screenFollowsGrid(term: String, mode: ColorMode) throws {
    let size = TerminalSize(columns: 31, rows: 9)
    let screen = try CursesScreen(
      entry: TerminalEntry(name: term, colorMode: mode), size: size, isUTF8: true)
    var emulator = TerminalEmulator(columns: size.columns, rows: size.rows)
    var generator = SeededGenerator(seed: 11)
    var buffer = CellBuffer(columns: size.columns, rows: size.rows)
    var styles: [Style: String] = [:]
    for round in 0..<60 {
      for _ in 0..<Int.random(in: 1...20, using: &generator) {
        CellBufferTests.scribble(on: &buffer, using: &generator)
      }
      emulator.feed(screen.present(buffer, theme: Self.theme))
      #expect(emulator.unknown == [])
      for row in 0..<size.rows {
        let expected = (0..<size.columns).map { buffer[$0, row].text }
        #expect(emulator.text[row] == expected, "round \(round) row \(row)")
        for column in 0..<size.columns {
          // Equal styles must look equal wherever they are drawn, early or late. Blanks are left
          // out: ncurses may erase instead of printing them.
          let style = buffer[column, row].style
          guard mode != .mono, buffer[column, row].scalar != " " else { continue }
          let rendition = emulator.renditions[row][column]
          #expect(styles[style, default: rendition] == rendition, "\(style)")
          styles[style] = rendition
        }
      }
    }
    #expect(screen.present(buffer, theme: Self.theme).isEmpty, "no change costs no byte")
  }

  @Test("Colours arrive as they were meant")
  func colors() throws {
    func rendition(_ style: Style, term: String, mode: ColorMode) throws -> String {
      let screen = try CursesScreen(
        entry: TerminalEntry(name: term, colorMode: mode),
        size: TerminalSize(columns: 4, rows: 2), isUTF8: true)
      var buffer = CellBuffer(columns: 4, rows: 2)
      buffer.write("x", column: 1, row: 1, style: style)
      var emulator = TerminalEmulator(columns: 4, rows: 2)
      emulator.feed(screen.present(buffer, theme: .plain))
      return emulator.renditions[1][1]
    }
    let style = Style(foreground: .rgb(0, 95, 135), background: .indexed(196))
    #expect(
      try rendition(style, term: "xterm-direct", mode: .trueColor) == "0,95,135/255,0,0/[]")
    #expect(try rendition(style, term: "xterm-256color", mode: .indexed256) == "24/196/[]")
    #expect(
      try rendition(
        Style(foreground: .rgb(0, 0, 5)), term: "xterm-direct", mode: .trueColor)
        == "0,0,8/default/[]", "1 to 7 mean the ANSI colours there")
    #expect(
      try rendition(Style(foreground: .indexed(12)), term: "xterm", mode: .ansi16)
        == "4/default/[1]", "eight colours: bright is bold")
    #expect(
      try rendition(Style(.error), term: "vt100", mode: .mono) == "default/default/[1, 7]")
  }

  @Test("Lines that shift arrive where they were meant, however they are sent")
  func shiftedLines() throws {
    let (columns, rows) = (40, 16)
    let screen = try CursesScreen(
      entry: TerminalEntry(name: "xterm-256color", colorMode: .indexed256),
      size: TerminalSize(columns: columns, rows: rows), isUTF8: true)
    var emulator = TerminalEmulator(columns: columns, rows: rows)
    for shift in [0, 1, 2, 1, 5, 0, 3] {
      var buffer = CellBuffer(columns: columns, rows: rows)
      for row in 0..<rows {
        let number = row < 4 ? row : row - shift
        buffer.write("line \(number) of those that move together", column: 0, row: row)
      }
      emulator.feed(screen.present(buffer, theme: Self.theme))
      for row in 0..<rows {
        #expect(emulator.line(row) == (0..<columns).map { buffer[$0, row].text }.joined())
      }
    }
    #expect(emulator.unknown.isEmpty)
  }

  @Test("A new size starts from a clean screen")
  func resizing() throws {
    let screen = try CursesScreen(
      entry: TerminalEntry(name: "xterm-256color", colorMode: .indexed256),
      size: TerminalSize(columns: 20, rows: 4), isUTF8: true)
    for (columns, rows) in [(20, 4), (40, 10), (1, 1), (3, 2), (200, 60), (7, 3)] {
      var buffer = CellBuffer(columns: columns, rows: rows)
      buffer.write("size \(columns)", column: 0, row: rows - 1, style: Style(.title))
      var emulator = TerminalEmulator(columns: columns, rows: rows)
      emulator.feed(screen.present(buffer, theme: Self.theme))
      #expect(emulator.line(rows - 1) == row(rows - 1, of: buffer))
    }
  }

  @Test("Leaving gives the ordinary screen back, and the next frame is drawn in full")
  func leaving() throws {
    let screen = try CursesScreen(
      entry: TerminalEntry(name: "xterm-256color", colorMode: .indexed256),
      size: TerminalSize(columns: 10, rows: 2), isUTF8: true)
    var buffer = CellBuffer(columns: 10, rows: 2)
    buffer.write("hello", column: 0, row: 0)
    let first = String(decoding: screen.present(buffer, theme: .plain), as: UTF8.self)
    #expect(first.contains("\u{1B}[?1049h") && first.contains("hello"))
    #expect(String(decoding: screen.leave(), as: UTF8.self).contains("\u{1B}[?1049l"))
    let again = screen.present(buffer, theme: .plain, redraw: true)
    #expect(String(decoding: again, as: UTF8.self).contains("hello"))
    let reset = String(decoding: screen.resetSequence, as: UTF8.self)
    #expect(reset.contains("\u{1B}[?1049l") && !reset.contains("$<"))
  }

  @Test("A terminal that cannot move its cursor, or is unknown, is refused")
  func refused() {
    for (name, word) in [("dumb", "cursor"), ("no-such-terminal", "database")] {
      #expect {
        try CursesScreen(
          entry: TerminalEntry(name: name, colorMode: .mono), size: .standard, isUTF8: true)
      } throws: { "\($0)".contains(word) }
    }
  }

  @Test("Without UTF-8 only ASCII is sent, and what follows stays in its column")
  func asciiOnly() throws {
    let screen = try CursesScreen(
      entry: TerminalEntry(name: "xterm-256color", colorMode: .indexed256),
      size: TerminalSize(columns: 12, rows: 1), isUTF8: false)
    var buffer = CellBuffer(columns: 12, rows: 1)
    buffer.write("┌─日é…│x", column: 0, row: 0)
    let bytes = screen.present(buffer, theme: .plain)
    #expect(bytes.allSatisfy { $0 < 0x80 })
    var emulator = TerminalEmulator(columns: 12, rows: 1)
    emulator.feed(bytes)
    #expect(emulator.line(0) == "+-? ?~|x    ")
  }
}
