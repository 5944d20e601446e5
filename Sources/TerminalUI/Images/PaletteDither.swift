internal import Foundation

/// Brings pictures to xterm's 256 colours by ordered dither, in linear light.
///
/// Each channel is mixed between the two levels of the colour cube beside it, so that the mean light of some
/// dots is that of the picture and no hue comes in; the nearest entry of the palette would turn skies
/// lavender. Where a colour is nearly grey, the 26 greys are finer than the cube and do the mixing. The same
/// pixels always give the same dots, so that nothing flickers in video.
enum PaletteDither {
  /// Levels of the cube's channels (xterm's 256colres.pl).
  private static let levels: [UInt8] = [0, 95, 135, 175, 215, 255]
  /// Black, the 24 greys, white: palette entries and their levels, from dark to light.
  private static let greys: [(index: UInt8, level: UInt8)] = {
    let middle: [(index: UInt8, level: UInt8)] = (0..<24).map {
      (index: UInt8(232 + $0), level: UInt8(8 + 10 * $0))
    }
    return [(index: 16, level: 0)] + middle + [(index: 231, level: 255)]
  }()
  /// Differences of channels up to this count as grey.
  private static let greatestGreyChroma = 10

  /// Linear light of 8-bit sRGB values, 0 to 1 (IEC 61966-2-1).
  static let light: [Float] = (0...255).map { value in
    let level = Double(value) / 255
    return Float(level <= 0.04045 ? level / 12.92 : pow((level + 0.055) / 1.055, 2.4))
  }

  /// The 8-bit sRGB value nearest to some linear light, 0 to 1.
  static func level(ofLight value: Float) -> UInt8 {
    let value = Double(min(max(value, 0), 1))
    let level = value <= 0.0031308 ? 12.92 * value : 1.055 * pow(value, 1 / 2.4) - 0.055
    return UInt8((level * 255).rounded())
  }

  /// Thresholds of the 8 x 8 dots that repeat, between 0 and 1 (Bayer 1973).
  private static let thresholds: [Float] = (0..<64).map { place in
    var (x, y) = (place % 8, place / 8)
    var rank = 0
    for _ in 0..<3 {
      rank = rank * 4 + [0, 2, 3, 1][(y % 2) * 2 + x % 2]
      (x, y) = (x / 2, y / 2)
    }
    return (Float(rank) + 0.5) / 64
  }

  /// The palette entry of a dot.
  ///
  /// - Parameters:
  ///   - color: The dot's colour.
  ///   - x: The dot's place, which tells its threshold.
  static func entry(
    _ color: (red: UInt8, green: UInt8, blue: UInt8), x: Int, y: Int
  ) -> UInt8 {
    let threshold = thresholds[(y % 8) * 8 + x % 8]
    let (low, high) = (
      min(color.red, color.green, color.blue), max(color.red, color.green, color.blue)
    )
    if Int(high) - Int(low) <= greatestGreyChroma {
      let mean = (Int(color.red) + 2 * Int(color.green) + Int(color.blue)) / 4
      let upper = greys.firstIndex { Int($0.level) >= mean } ?? greys.count - 1
      guard upper > 0, greys[upper].level != mean else { return greys[upper].index }
      let place = share(
        UInt8(mean), between: greys[upper - 1].level, and: greys[upper].level)
      return greys[place > threshold ? upper : upper - 1].index
    }
    let steps = [color.red, color.green, color.blue].map { value in
      let upper = levels.firstIndex { $0 >= value } ?? levels.count - 1
      guard upper > 0, levels[upper] != value else { return upper }
      return share(value, between: levels[upper - 1], and: levels[upper]) > threshold
        ? upper : upper - 1
    }
    return UInt8(16 + 36 * steps[0] + 6 * steps[1] + steps[2])
  }

  /// How much of the upper of two levels gives the light of one between them, 0 to 1.
  private static func share(_ value: UInt8, between low: UInt8, and high: UInt8) -> Float {
    let (dark, bright) = (light[Int(low)], light[Int(high)])
    return (light[Int(value)] - dark) / (bright - dark)
  }
}

extension PixelImage {
  /// The picture at another size, each pixel the mean light of those that it stands for.
  func resized(width newWidth: Int, height newHeight: Int) -> PixelImage {
    guard newWidth != width || newHeight != height else { return self }
    var result = [UInt8](repeating: 0, count: 3 * newWidth * newHeight)
    for y in 0..<newHeight {
      let rows = Self.sources(of: y, from: height, to: newHeight)
      for x in 0..<newWidth {
        let columns = Self.sources(of: x, from: width, to: newWidth)
        for channel in 0..<3 {
          var sum: Float = 0
          for row in rows {
            for column in columns {
              sum += PaletteDither.light[Int(bytes[3 * (row * width + column) + channel])]
            }
          }
          let mean = sum / Float(rows.count * columns.count)
          result[3 * (y * newWidth + x) + channel] = PaletteDither.level(ofLight: mean)
        }
      }
    }
    // The size and the number of bytes agree.
    return (try? PixelImage(width: newWidth, height: newHeight, bytes: result)) ?? self
  }

  /// The pixels along an edge that one of another count stands for; at least one.
  private static func sources(of place: Int, from count: Int, to newCount: Int) -> Range<Int> {
    let first = place * count / newCount
    return first..<max((place + 1) * count / newCount, first + 1)
  }

  /// The picture with its clip's darkest and brightest light spread over all there is.
  func stretched() -> PixelImage {
    let (low, high) = (Int(tones.lowerBound), Int(tones.upperBound))
    guard high - low >= 32, low > 0 || high < 255 else { return self }
    let table = (0...255).map { UInt8(min(max(($0 - low) * 255 / (high - low), 0), 255)) }
    return
      (try? PixelImage(
        width: width, height: height, bytes: bytes.map { table[Int($0)] })) ?? self
  }
}
