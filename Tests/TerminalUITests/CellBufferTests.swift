import TerminalUI
import Testing

@Suite("Cells")
struct CellBufferTests {
  @Test(
    "Widths follow East Asian Width",
    arguments: [
      ("a", 1), ("é", 1), ("日", 2), ("한", 2), ("ｱ", 1), ("Ａ", 2), ("🎞", 1), ("🎬", 2),
      ("e\u{301}", 1), ("█", 1), ("⣿", 1), ("🬀", 1), ("", 0), ("\u{200B}", 0), ("日本語", 6),
      ("👩‍👧", 2),
    ])
  func widths(text: String, columns: Int) { #expect(CharacterWidth.columns(of: text) == columns) }

  @Test("A text is cut to columns, never within a character")
  func truncation() {
    #expect(CharacterWidth.truncate("abcdef", to: 6) == "abcdef")
    #expect(CharacterWidth.truncate("abcdef", to: 5) == "abcd…")
    #expect(CharacterWidth.truncate("日本語", to: 5) == "日本…")
    #expect(CharacterWidth.truncate("日本語", to: 4) == "日…")
    #expect(CharacterWidth.truncate("abc", to: 0) == "")
    #expect(CharacterWidth.pad("日", to: 4) == "日  ")
  }

  @Test("Text beyond the grid or the clip rectangle is cut off")
  func clipping() {
    var buffer = CellBuffer(columns: 6, rows: 2)
    buffer.write("abcdefgh", column: -2, row: 0)
    buffer.write("xyz", column: 4, row: 1)
    buffer.write("no", column: 0, row: 5)
    #expect(row(0, of: buffer) == "cdefgh")
    #expect(row(1, of: buffer) == "    xy")
    let clip = Rectangle(column: 1, row: 0, width: 3, height: 1)
    buffer.write("123456", column: 0, row: 0, clip: clip)
    #expect(row(0, of: buffer) == "c234gh")
  }

  @Test("A wide character takes two cells and is never left half")
  func wideCharacters() {
    var buffer = CellBuffer(columns: 6, rows: 1)
    buffer.write("日本語", column: 0, row: 0)
    #expect(buffer[1, 0].isContinuation)
    buffer.write("x", column: 1, row: 0)
    #expect(row(0, of: buffer) == " x本語")
    buffer.write("y", column: 4, row: 0)
    #expect(row(0, of: buffer) == " x本y ")
    buffer.write("字", column: 5, row: 0)
    #expect(row(0, of: buffer) == " x本y ")
    buffer.write("字", column: 1, row: 0)
    #expect(row(0, of: buffer) == " 字 y ")
  }

  @Test("Combining marks stay with their character, control characters are left out")
  func marks() {
    var buffer = CellBuffer(columns: 4, rows: 1)
    buffer.write("e\u{301}\u{1B}\tx", column: 0, row: 0)
    #expect(buffer[0, 0].text == "e\u{301}")
    #expect(row(0, of: buffer).unicodeScalars.count == 5)
    #expect(buffer[1, 0].scalar == "x")
  }

  @Test("Colours are brought down to the nearest that a mode has")
  func colorReduction() {
    #expect(Color.rgb(255, 0, 0).reduced(to: .indexed256) == .indexed(196))
    #expect(Color.rgb(128, 128, 128).reduced(to: .indexed256) == .indexed(244))
    #expect(Color.rgb(250, 10, 10).reduced(to: .ansi16) == .indexed(9))
    #expect(Color.indexed(196).reduced(to: .ansi16) == .indexed(9))
    #expect(Color.indexed(12).reduced(to: .ansi16) == .indexed(12))
    #expect(Color.indexed(12).reduced(to: .mono) == .terminalDefault)
    #expect(Color.rgb(1, 2, 3).reduced(to: .trueColor) == .rgb(1, 2, 3))
    // Every entry of the cube and the greys is its own nearest.
    for index in UInt8(16)...255 {
      let (red, green, blue) = Palette.components(of: index)
      let found = Palette.components(
        of: Palette.nearestIndex256(red: red, green: green, blue: blue))
      #expect(found == (red, green, blue))
    }
  }

  @Test("Applying the difference of two random grids to the first gives the second")
  func differences() {
    var generator = SeededGenerator(seed: 42)
    for round in 0..<300 {
      let columns = Int.random(in: 1...30, using: &generator)
      let rows = Int.random(in: 1...8, using: &generator)
      let old = Self.randomBuffer(columns: columns, rows: rows, using: &generator)
      var new = old
      for _ in 0..<Int.random(in: 0...12, using: &generator) {
        Self.scribble(on: &new, using: &generator)
      }
      let diff = CellDiff(from: old, to: new)
      var cells = old.cells
      for run in diff.runs {
        #expect(!new[run.columns.lowerBound, run.row].isContinuation)
        for column in run.columns { cells[run.row * columns + column] = new[column, run.row] }
      }
      #expect(cells == new.cells, "round \(round)")
      if old.cells == new.cells { #expect(diff.runs.isEmpty) }
    }
  }

  @Test("Pictures can be held while text over them changes")
  func heldImages() throws {
    let image = { (character: Unicode.Scalar) in
      ImageCells(
        columns: 4, rows: 1, cells: Array(repeating: .init(character: character), count: 4))
    }
    var old = CellBuffer(columns: 6, rows: 1)
    old.draw(image("▀"), column: 0, row: 0)
    var new = CellBuffer(columns: 6, rows: 1)
    new.draw(image("▄"), column: 1, row: 0)
    new.write("!", column: 2, row: 0)
    #expect(CellDiff(from: old, to: new).touchesImages(of: new))
    new.keepImages(of: old)
    #expect(row(0, of: new) == " ▀!▀▄ ")
    #expect(!CellDiff(from: new, to: new).touchesImages(of: new))
  }

  /// A grid of random text in random styles.
  static func randomBuffer(
    columns: Int, rows: Int, using generator: inout SeededGenerator
  ) -> CellBuffer {
    var buffer = CellBuffer(columns: columns, rows: rows)
    for _ in 0..<(rows * 3) { scribble(on: &buffer, using: &generator) }
    return buffer
  }

  /// Writes a random piece of text at a random place.
  static func scribble(on buffer: inout CellBuffer, using generator: inout SeededGenerator) {
    let pieces = ["a", "xyz", "日本", "e\u{301}", "█▀", "  ", "語q"]
    let colors: [Color?] = [nil, .indexed(1), .indexed(12), .rgb(200, 10, 30), .terminalDefault]
    let style = Style(
      [Role.text, .title, .selection].randomElement(using: &generator) ?? .text,
      foreground: colors.randomElement(using: &generator) ?? nil,
      background: colors.randomElement(using: &generator) ?? nil,
      attributes: Bool.random(using: &generator) ? .bold : [])
    buffer.write(
      pieces.randomElement(using: &generator) ?? "",
      column: .random(in: -1...30, using: &generator),
      row: .random(in: 0...8, using: &generator), style: style)
  }
}
