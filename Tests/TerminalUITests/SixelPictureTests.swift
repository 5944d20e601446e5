import Foundation
import TerminalUI
import TestSupport
import Testing

@Suite("Pictures as sixels")
struct SixelPictureTests {
  // MARK: Sixels

  /// Red at the left, blue at the right.
  private static let halves: PixelImage = {
    let row =
      Array(repeating: [UInt8(200), 10, 10], count: 4) + Array(repeating: [10, 10, 200], count: 4)
    let pixels = Array(repeating: row.flatMap { $0 }, count: 8).flatMap { $0 }
    guard let image = try? PixelImage(width: 8, height: 8, bytes: pixels) else {
      preconditionFailure("the bytes are as many as the pixels need")
    }
    return image
  }()

  /// The colours of the pixels that sixels draw, in percent, row after row (DEC STD 070: `#n` chooses a colour
  /// and `#n;2;r;g;b` defines one, `!n` repeats, `$` goes back, `-` goes to the next six rows).
  private static func pixels(ofSixels text: String) -> [[Int]] {
    var colors: [Int: [Int]] = [:]
    var rows: [[[Int]]] = []
    var (color, column, band, repeats) = (0, 0, 0, 1)
    var rest = Substring(text)
    func numbers() -> [Int] {
      let digits = rest.prefix { $0.isNumber || $0 == ";" }
      rest = rest.dropFirst(digits.count)
      return digits.split(separator: ";").compactMap { Int($0) }
    }
    while let letter = rest.popFirst() {
      switch letter {
      case "#":
        let values = numbers()
        color = values[0]
        if values.count == 5 { colors[color] = Array(values[2...]) }
      case "!": repeats = numbers()[0]
      case "$": column = 0
      case "-": (column, band) = (0, band + 1)
      default:
        let bits = Int(letter.asciiValue ?? 63) - 63
        while rows.count < 6 * (band + 1) { rows.append([]) }
        for _ in 0..<repeats {
          for bit in 0..<6 {
            while rows[6 * band + bit].count <= column { rows[6 * band + bit].append([]) }
            if bits & (1 << bit) != 0 { rows[6 * band + bit][column] = colors[color] ?? [] }
          }
          column += 1
        }
        repeats = 1
      }
    }
    return rows.flatMap { $0 }
  }

  @Test("A picture of sixels is chafa's, where the cursor is put for it")
  func sixel() {
    var layer = PictureFixtures.layer(.sixel)
    let area = Rectangle(column: 1, row: 0, width: 2, height: 3)
    let text = PictureFixtures.text(
      PictureFixtures.show(&layer, [PictureFixtures.placed(Self.halves, at: area)]))
    let head = "^7^[1;2H^P0;1;0q\"1;1;16;48"
    #expect(text.hasPrefix(head) && text.hasSuffix("^\\^8"))
    let pixels = Self.pixels(ofSixels: String(text.dropFirst(head.count).dropLast(4)))
    #expect(pixels.count == 16 * 48)
    // Percent of each channel; in the middle chafa mixes the two.
    #expect((0..<5).allSatisfy { pixels[$0] == [78, 3, 3] })
    #expect((11..<16).allSatisfy { pixels[47 * 16 + $0] == [3, 3, 78] })
    #expect(
      PictureFixtures.show(&layer, [PictureFixtures.placed(Self.halves, at: area)]).bytes.isEmpty)
    #expect(
      PictureFixtures.show(
        &layer, [PictureFixtures.placed(PictureFixtures.green, at: area)], keeps: true
      ).isHeldBack)
    #expect(
      PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.green, at: area)])
        .newBytes > 20)
    // After a clear screen all is sent again.
    #expect(layer.noteClearedScreen().isEmpty)
    #expect(
      PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.green, at: area)])
        .newBytes > 20)
  }

  @Test(
    "Where bytes are short, sixels that would be new are characters, and those that are there stay")
  func sixelBudget() {
    var layer = PictureFixtures.layer(.sixel)
    func frame(_ image: PixelImage) -> CellBuffer {
      var buffer = CellBuffer(columns: 20, rows: 6)
      buffer.place(PictureFixtures.placed(image))
      return buffer
    }
    func divided(_ image: PixelImage, _ detail: ImageDetail) -> CellBuffer {
      var buffer = frame(image)
      layer.divide(&buffer, detail: detail, mode: .trueColor, cache: ImageCache())
      return buffer
    }
    #expect(divided(PictureFixtures.red, .full).pictures.count == 1)
    _ = PictureFixtures.show(&layer, [PictureFixtures.placed(PictureFixtures.red)])
    #expect(divided(PictureFixtures.red, .coarse).pictures.count == 1)
    let characters = divided(PictureFixtures.green, .coarse)
    #expect(characters.pictures.isEmpty)
    #expect(characters[4, 2].style.background == .rgb(0, 204, 0), "with fewer colours")
  }
}
