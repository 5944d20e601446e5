import TerminalUI
import Testing

@Suite("Pictures as text with escape sequences")
struct ANSITextTests {
  private func cells(_ rows: [[ImageCells.Cell]]) -> ImageCells {
    ImageCells(columns: rows[0].count, rows: rows.count, cells: rows.flatMap { $0 })
  }

  private let red = ImageCells.Cell(
    character: "▀", foreground: .rgb(255, 0, 0), background: .rgb(0, 0, 95))
  private let green = ImageCells.Cell(
    character: "▀", foreground: .rgb(0, 255, 0), background: .rgb(0, 0, 95))

  @Test("Only changes of colour are written, and each line ends reset")
  func onlyChangesAreWritten() {
    let image = cells([[red, red, green], [green, green, green]])
    let text = ANSIText(colorMode: .trueColor).string(image)
    #expect(
      text == "\u{1B}[38;2;255;0;0;48;2;0;0;95m▀▀\u{1B}[38;2;0;255;0m▀\u{1B}[0m\n"
        + "\u{1B}[38;2;0;255;0;48;2;0;0;95m▀▀▀\u{1B}[0m\n")
  }

  @Test("Richer colours are brought down to the mode's")
  func colorsAreReduced() {
    let image = cells([[red]])
    #expect(
      ANSIText(colorMode: .indexed256).string(image)
        == "\u{1B}[38;5;196;48;5;17m▀\u{1B}[0m\n")
    #expect(ANSIText(colorMode: .ansi16).string(image) == "\u{1B}[91;40m▀\u{1B}[0m\n")
    #expect(ANSIText(colorMode: .mono).string(image) == "▀\n")
  }

  @Test("A grid's roles look as the theme says")
  func gridsFollowTheTheme() {
    let theme = Theme(
      name: "test",
      looks: [.error: .init(foreground: .indexed(1), attributes: .bold)])
    var buffer = CellBuffer(columns: 6, rows: 1)
    let end = buffer.write("no", column: 0, row: 0, style: Style(.error))
    buffer.write("日a", column: end, row: 0, style: Style(attributes: .underline))
    #expect(
      ANSIText(colorMode: .ansi16).lines(buffer, theme: theme)
        == ["\u{1B}[1;31mno\u{1B}[22;4;39m日a\u{1B}[0m "])
  }

  @Test("The next frame is drawn over the last")
  func framesAreDrawnInPlace() {
    let image = cells([[red, red], [green, green]])
    var preview = InPlacePreview(
      colorMode: .mono, size: TerminalSize(columns: 80, rows: 24))
    #expect(preview.frame(image) == "▀▀\n▀▀\n")
    #expect(preview.frame(image) == "\u{1B}[2A\r▀▀\n▀▀\n")
    #expect(
      preview.frame(image, caption: ["step 2"])
        == "\u{1B}[2A\r▀▀\u{1B}[K\n▀▀\u{1B}[K\nstep 2\u{1B}[K\n")
    #expect(preview.frame(nil, caption: ["done"]) == "\u{1B}[3A\rdone\u{1B}[K\n\u{1B}[J")
    preview.keep()
    #expect(preview.frame(image) == "▀▀\n▀▀\n")
  }

  @Test("A narrower picture leaves nothing of the wider one")
  func narrowerFramesClearTheLine() {
    var preview = InPlacePreview(
      colorMode: .mono, size: TerminalSize(columns: 80, rows: 24))
    _ = preview.frame(cells([[red, red, red]]))
    #expect(preview.frame(cells([[red, red]])) == "\u{1B}[1A\r▀▀\u{1B}[K\n")
    #expect(preview.frame(cells([[red, red]])) == "\u{1B}[1A\r▀▀\n")
  }

  @Test("Nothing wraps or scrolls off, which could not be drawn over")
  func framesAreCutToTheTerminal() {
    let image = cells([[red, red, red], [red, red, red], [red, red, red]])
    var preview = InPlacePreview(colorMode: .mono, size: TerminalSize(columns: 2, rows: 3))
    #expect(preview.frame(image, caption: ["long"]) == "▀▀\nl…\n")
    #expect(preview.frame(image) == "\u{1B}[2A\r▀▀\n▀▀\n")
  }
}
