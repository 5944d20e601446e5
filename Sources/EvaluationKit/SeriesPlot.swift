import Foundation
import MediaIO

/// Numbers by clip index as a picture: one plot under the other, each with its name, its extreme
/// values and the numbers of the first and last clip.
struct SeriesPlot {
  private let series: [EvaluationReport.Series]

  private static let plotWidth = 640
  private static let plotHeight = 120
  private static let margin = (left: 110, right: 20, top: 24, bottom: 20)
  private static let background: (UInt8, UInt8, UInt8) = (250, 250, 248)
  private static let ink: (UInt8, UInt8, UInt8) = (60, 60, 64)
  private static let grid: (UInt8, UInt8, UInt8) = (214, 214, 210)
  private static let curve: (UInt8, UInt8, UInt8) = (32, 96, 176)
  /// Curves of the channels of a colour have its colour.
  private static let channels: [String: (UInt8, UInt8, UInt8)] = [
    "red": (184, 40, 40), "green": (36, 128, 60), "blue": (32, 64, 196),
  ]

  /// - Parameter series: At least one, each with at least one value.
  init(_ series: [EvaluationReport.Series]) { self.series = series }

  /// All plots in one picture.
  var image: RGBImage {
    let margin = Self.margin
    let height = Self.plotHeight + margin.top + margin.bottom
    var image = RGBImage(
      width: Self.plotWidth + margin.left + margin.right, height: height * series.count,
      fill: Self.background)
    let last = series.map { $0.firstClip + $0.values.count - 1 }.max() ?? 0
    for (index, series) in series.enumerated() {
      draw(series, lastClip: last, top: index * height + margin.top, in: &image)
    }
    return image
  }

  private func draw(
    _ series: EvaluationReport.Series, lastClip: Int, top: Int, in image: inout RGBImage
  ) {
    let low = series.values.min() ?? 0
    let high = series.values.max() ?? 0
    let bottom = top + Self.plotHeight
    let left = Self.margin.left
    for y in [top, bottom] { line(&image, (left, y), (left + Self.plotWidth, y), Self.grid) }
    text(&image, series.name, x: left, y: top - 16)
    for (value, y) in [(high, top), (low, bottom)] {
      let label = String(format: "%.4f", value)
      text(&image, label, x: left - 8 - PixelFont.width(of: label), y: y - PixelFont.height / 2)
    }
    text(&image, "clip 1", x: left, y: bottom + 6)
    let label = "\(lastClip + 1)"
    text(&image, label, x: left + Self.plotWidth - PixelFont.width(of: label), y: bottom + 6)
    let points = series.values.enumerated().map { index, value in
      let across = lastClip == 0 ? 0.5 : Double(series.firstClip + index) / Double(lastClip)
      let up = high > low ? (value - low) / (high - low) : 0.5
      return (
        left + Int(across * Double(Self.plotWidth)), bottom - Int(up * Double(Self.plotHeight))
      )
    }
    let color = Self.channels[series.name] ?? Self.curve
    for (a, b) in zip(points, points.dropFirst()) { line(&image, a, b, color, thickness: 2) }
    for (x, y) in points { square(&image, x, y, color) }
  }

  private func line(
    _ image: inout RGBImage, _ a: (Int, Int), _ b: (Int, Int), _ color: (UInt8, UInt8, UInt8),
    thickness: Int = 1
  ) {
    let steps = max(abs(b.0 - a.0), abs(b.1 - a.1), 1)
    for step in 0...steps {
      let x = a.0 + (b.0 - a.0) * step / steps
      let y = a.1 + (b.1 - a.1) * step / steps
      for offset in 0..<thickness { put(&image, x, y + offset, color) }
    }
  }

  private func square(
    _ image: inout RGBImage, _ x: Int, _ y: Int, _ color: (UInt8, UInt8, UInt8)
  ) {
    for row in -2...2 { for column in -2...2 { put(&image, x + column, y + row, color) } }
  }

  private func text(_ image: inout RGBImage, _ text: String, x: Int, y: Int) {
    for (column, row) in PixelFont.pixels(of: text) { put(&image, x + column, y + row, Self.ink) }
  }

  private func put(_ image: inout RGBImage, _ x: Int, _ y: Int, _ color: (UInt8, UInt8, UInt8)) {
    guard (0..<image.width).contains(x), (0..<image.height).contains(y) else { return }
    image[x, y] = color
  }
}

/// Letters of 3 x 5 dots, doubled, for labels in pictures: digits, capitals, point and signs.
enum PixelFont {
  /// Height of a line in pixels.
  static let height = 10
  private static let advance = 8

  /// Rows from the top, three bits each.
  private static let glyphs: [Character: [UInt8]] = [
    "0": [7, 5, 5, 5, 7], "1": [2, 6, 2, 2, 7], "2": [7, 1, 7, 4, 7], "3": [7, 1, 3, 1, 7],
    "4": [5, 5, 7, 1, 1], "5": [7, 4, 7, 1, 7], "6": [7, 4, 7, 5, 7], "7": [7, 1, 2, 2, 2],
    "8": [7, 5, 7, 5, 7], "9": [7, 5, 7, 1, 7], ".": [0, 0, 0, 0, 2], "-": [0, 0, 7, 0, 0],
    "A": [2, 5, 7, 5, 5], "B": [6, 5, 6, 5, 6], "C": [3, 4, 4, 4, 3], "D": [6, 5, 5, 5, 6],
    "E": [7, 4, 6, 4, 7], "F": [7, 4, 6, 4, 4], "G": [3, 4, 5, 5, 3], "H": [5, 5, 7, 5, 5],
    "I": [7, 2, 2, 2, 7], "J": [1, 1, 1, 5, 2], "K": [5, 5, 6, 5, 5], "L": [4, 4, 4, 4, 7],
    "M": [5, 7, 7, 5, 5], "N": [6, 5, 5, 5, 5], "O": [2, 5, 5, 5, 2], "P": [6, 5, 6, 4, 4],
    "Q": [2, 5, 5, 6, 3], "R": [6, 5, 6, 5, 5], "S": [3, 4, 2, 1, 6], "T": [7, 2, 2, 2, 2],
    "U": [5, 5, 5, 5, 7], "V": [5, 5, 5, 5, 2], "W": [5, 5, 7, 7, 5], "X": [5, 5, 2, 5, 5],
    "Y": [5, 5, 2, 2, 2], "Z": [7, 1, 2, 4, 7],
  ]

  /// Width of a text in pixels.
  static func width(of text: String) -> Int { text.count * advance - 2 }

  /// The dots of a text, as columns and rows from its top left corner; characters that it lacks are
  /// blanks.
  static func pixels(of text: String) -> [(column: Int, row: Int)] {
    var pixels: [(column: Int, row: Int)] = []
    for (place, character) in text.uppercased().enumerated() {
      for (row, bits) in (glyphs[character] ?? []).enumerated() {
        for column in 0..<3 where bits & (4 >> column) != 0 {
          for (x, y) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            pixels.append((place * advance + column * 2 + x, row * 2 + y))
          }
        }
      }
    }
    return pixels
  }
}
