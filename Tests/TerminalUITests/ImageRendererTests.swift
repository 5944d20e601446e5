import TerminalUI
import Testing

@Suite("Images to characters")
struct ImageRendererTests {
  @Test("Pictures of any width keep their colours", arguments: 1...9)
  func widths(width: Int) throws {
    let image = try ImageFixtures.image(width: width, height: 5) { _, _ in (200, 10, 30) }
    let renderer = ImageRenderer(colorMode: .trueColor)
    let cells = try renderer.render(image, columns: 6, rows: 4).cells
    #expect(cells.allSatisfy { $0.background == .rgb(200, 10, 30) })
  }

  @Test("An image must have three bytes for every pixel")
  func imageSizeIsChecked() {
    #expect(throws: TerminalError.invalidImage(width: 2, height: 2, byteCount: 11)) {
      try PixelImage(width: 2, height: 2, bytes: Array(repeating: 0, count: 11))
    }
    #expect(throws: TerminalError.invalidImage(width: 0, height: 2, byteCount: 0)) {
      try PixelImage(width: 0, height: 2, bytes: [])
    }
  }

  @Test(
    "An image keeps its proportions within the limits",
    arguments: [
      // image, limits, cell ratio, expected
      (64, 64, 64, 32, 0.5, 64, 32), (64, 64, 200, 32, 0.5, 64, 32),
      (64, 64, 20, 50, 0.5, 20, 10), (64, 64, 40, 40, 1.0, 40, 40),
      (128, 64, 80, 24, 0.5, 80, 20), (64, 128, 80, 24, 0.5, 24, 24),
      (1, 1_000, 80, 24, 0.5, 1, 24), (1_000, 1, 80, 24, 0.5, 80, 1), (64, 64, 1, 1, 0.5, 1, 1),
    ])
  func proportionsAreKept(
    width: Int, height: Int, maxColumns: Int, maxRows: Int, ratio: Double, columns: Int, rows: Int
  ) {
    let renderer = ImageRenderer(colorMode: .trueColor, cellRatio: ratio)
    let size = renderer.fittedSize(
      width: width, height: height, maxColumns: maxColumns, maxRows: maxRows)
    #expect(size == (columns, rows))
  }

  @Test("A half block shows the upper and the lower pixel")
  func halfBlocksShowTwoPixels() throws {
    let image = try ImageFixtures.image(width: 8, height: 8) { _, row in
      row < 4 ? (255, 0, 0) : (0, 0, 255)
    }
    let cells = try ImageRenderer(colorMode: .trueColor).render(image, columns: 1, rows: 1)
    let cell = cells[0, 0]
    let upper = cell.character == "▀" ? cell.foreground : cell.background
    let lower = cell.character == "▀" ? cell.background : cell.foreground
    #expect(cell.character == "▀" || cell.character == "▄")
    #expect(upper == .rgb(255, 0, 0))
    #expect(lower == .rgb(0, 0, 255))
  }

  @Test("A flat picture has its colour in every cell and mode", arguments: SymbolSet.allCases)
  func flatPicturesStayFlat(symbols: SymbolSet) throws {
    let red = try ImageFixtures.flat(255, 0, 0)
    let expected: [ColorMode: Color] = [
      .trueColor: .rgb(255, 0, 0), .indexed256: .indexed(196), .ansi16: .indexed(9),
    ]
    for (mode, color) in expected {
      let cells = try ImageRenderer(symbols: symbols, colorMode: mode).render(
        red, columns: 6, rows: 3)
      for cell in cells.cells {
        let shown = cell.character == " " ? cell.background : cell.foreground
        #expect(shown == color, "\(mode) \(symbols)")
      }
    }
  }

  @Test("Each symbol set draws with its own characters only", arguments: SymbolSet.allCases)
  func symbolSetsAreKept(symbols: SymbolSet) throws {
    let image = try ImageFixtures.image(width: 64, height: 64) { column, row in
      let level = UInt8((column * 37 + row * 91 + column * row) % 256)
      return (level, 255 - level, UInt8(row * 4))
    }
    let cells = try ImageRenderer(symbols: symbols, colorMode: .trueColor).render(
      image, columns: 32, rows: 16)
    let allowed: (UInt32) -> Bool =
      switch symbols {
      case .halfBlocks: { [0x20, 0x2580, 0x2584, 0x2588].contains($0) }
      case .quadrants: { $0 == 0x20 || (0x2580...0x259F).contains($0) }
      case .sextants: { $0 == 0x20 || (0x2580...0x259F).contains($0) || $0 >= 0x1FB00 }
      case .ascii: { (0x20..<0x7F).contains($0) }
      }
    for cell in cells.cells { #expect(allowed(cell.character.value), "\(cell.character)") }
  }

  @Test("Without colours, a ramp is drawn by characters in the terminal's own colours")
  func monoUsesCharactersOnly() throws {
    let ramp = try ImageFixtures.ramp(width: 64, height: 32)
    let cells = try ImageRenderer(symbols: .quadrants, colorMode: .mono).render(
      ramp, columns: 32, rows: 8)
    #expect(
      cells.cells.allSatisfy {
        $0.foreground == .terminalDefault && $0.background == .terminalDefault
      })
    #expect(cells[0, 4].character == " ")
    #expect(cells[31, 4].character == "█")
    #expect(Set(cells.cells.map(\.character)).count > 2, "a ramp is dithered")
  }

  @Test("Dither is ordered: the same pixels give the same cells, wherever a frame changes")
  func ditherIsOrdered() throws {
    let renderer = ImageRenderer(colorMode: .ansi16)
    let grey = try ImageFixtures.image(width: 64, height: 64) { _, _ in (100, 110, 120) }
    let spotted = try ImageFixtures.image(width: 64, height: 64) { column, row in
      column < 4 && row < 4 ? (255, 255, 255) : (100, 110, 120)
    }
    let before = try renderer.render(grey, columns: 32, rows: 16)
    let after = try renderer.render(spotted, columns: 32, rows: 16)
    // Error diffusion would carry the spot's error over the rest of the picture.
    for row in 4..<16 {
      for column in 4..<32 { #expect(before[column, row] == after[column, row]) }
    }
    #expect(Set(before.cells).count > 1, "a colour between two of the palette's is mixed")
  }

  @Test("256 colours leave out the first 16, which users change")
  func indexedColorsAvoidTheFirstSixteen() throws {
    let cells = try ImageRenderer(colorMode: .indexed256).render(
      ImageFixtures.ramp(width: 64, height: 8), columns: 64, rows: 4)
    for cell in cells.cells {
      for color in [cell.foreground, cell.background] {
        if case .indexed(let index) = color { #expect(index >= 16) }
      }
    }
  }

  @Test("A size of no characters is refused", arguments: [(0, 4), (4, 0), (-1, 4), (5_000, 4)])
  func impossibleSizesAreRefused(columns: Int, rows: Int) throws {
    let image = try ImageFixtures.flat(1, 2, 3)
    #expect(throws: TerminalError.imageConversionFailed(columns: columns, rows: rows)) {
      try ImageRenderer(colorMode: .trueColor).render(image, columns: columns, rows: rows)
    }
  }
}
