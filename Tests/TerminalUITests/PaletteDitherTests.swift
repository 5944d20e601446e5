import Foundation
import TerminalUI
import Testing

@Suite("256 colours and fewer")
struct PaletteDitherTests {
  private static func light(_ value: UInt8) -> Double {
    let level = Double(value) / 255
    return level <= 0.04045 ? level / 12.92 : pow((level + 0.055) / 1.055, 2.4)
  }

  /// The mean light of each channel over all dots of half blocks.
  private func meanLight(_ cells: ImageCells) -> [Double] {
    var sum = [0.0, 0, 0]
    var count = 0.0
    for cell in cells.cells {
      for color in [cell.character == " " ? cell.background : cell.foreground, cell.background] {
        guard let parts = color.components else { continue }
        for (channel, value) in [parts.red, parts.green, parts.blue].enumerated() {
          sum[channel] += Self.light(value)
        }
        count += 1
      }
    }
    return sum.map { $0 / count }
  }

  @Test(
    "A flat colour keeps its light in every channel, so that skies stay blue",
    arguments: [(120, 160, 210), (90, 130, 190), (200, 215, 235), (40, 80, 160), (250, 140, 60)])
  func light(red: Int, green: Int, blue: Int) throws {
    let color = [red, green, blue].map { UInt8($0) }
    let image = try PixelImage(
      width: 32, height: 32, bytes: (0..<1024).flatMap { _ in color })
    let cells = try ImageRenderer(colorMode: .indexed256).render(image, columns: 32, rows: 16)
    for (mean, value) in zip(meanLight(cells), color) {
      #expect(abs(mean - Self.light(value)) < 0.012, "\(mean) for \(value)")
    }
  }

  @Test("Greys are mixed of greys alone, and what has some colour of the cube alone")
  func greys() throws {
    func entries(_ color: [UInt8]) throws -> Set<UInt8> {
      let image = try PixelImage(width: 16, height: 16, bytes: (0..<256).flatMap { _ in color })
      let cells = try ImageRenderer(colorMode: .indexed256).render(image, columns: 16, rows: 8)
      return Set(
        cells.cells.flatMap { [$0.foreground, $0.background] }.compactMap {
          if case .indexed(let index) = $0 { index } else { nil }
        })
    }
    #expect(try entries([123, 125, 124]).allSatisfy { $0 >= 232 })
    #expect(try entries([123, 125, 124]).count <= 2)
    #expect(try entries([120, 150, 190]).allSatisfy { $0 < 232 })
    #expect(try entries([0, 95, 175]) == [16 + 6 + 3], "a colour of the cube is itself")
  }

  @Test("The same pixels give the same dots wherever else a frame changes")
  func order() throws {
    let renderer = ImageRenderer(colorMode: .indexed256)
    let plain = try ImageFixtures.image(width: 64, height: 64) { _, _ in (100, 140, 190) }
    let spotted = try ImageFixtures.image(width: 64, height: 64) { column, row in
      column < 4 && row < 4 ? (255, 255, 255) : (100, 140, 190)
    }
    let before = try renderer.render(plain, columns: 32, rows: 16)
    let after = try renderer.render(spotted, columns: 32, rows: 16)
    for row in 4..<16 {
      for column in 4..<32 { #expect(before[column, row] == after[column, row]) }
    }
    #expect(Set(before.cells).count > 1)
  }

  @Test(
    "Finer symbols use the palette's colours too, without any that is brighter or darker by much")
  func quadrants() throws {
    let image = try PixelImage(
      width: 32, height: 32, bytes: (0..<1024).flatMap { _ in [120, 160, 210] as [UInt8] })
    let cells = try ImageRenderer(symbols: .quadrants, colorMode: .indexed256)
      .render(image, columns: 16, rows: 16)
    for cell in cells.cells {
      for color in [cell.foreground, cell.background] {
        guard let parts = color.components else { continue }
        #expect(parts.blue >= 175 && parts.red <= 135)
      }
    }
  }

  @Test(
    "With 16 colours and none, the contrast of the whole clip is spread",
    arguments: [ColorMode.ansi16, .mono])
  func contrast(mode: ColorMode) throws {
    // A hazy clip, whose values lie close together.
    let bytes = (0..<1024).flatMap { index -> [UInt8] in
      let level = UInt8(100 + index % 32 * 2)
      return [level, level, level]
    }
    let tones = try #require(PixelImage.tones(of: [bytes]))
    #expect(tones == 100...162)
    let symbols = mode == .mono ? SymbolSet.quadrants : .halfBlocks
    func kinds(_ tones: ClosedRange<UInt8>?) throws -> Int {
      let image = try PixelImage(width: 32, height: 32, bytes: bytes, tones: tones)
      let cells = try ImageRenderer(symbols: symbols, colorMode: mode)
        .render(image, columns: 32, rows: 16)
      return Set(cells.cells).count
    }
    #expect(try kinds(tones) > kinds(nil))
    let first = try PixelImage(width: 32, height: 32, bytes: bytes, tones: tones)
    #expect(first.tones == tones, "each frame has its clip's")
  }
}
