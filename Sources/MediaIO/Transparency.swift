/// What becomes of transparent pixels, by one rule for every reader: they are laid over white, value
/// by value as they are stored, without regard to gamma.
///
/// Alpha is straight, as in PNG, GIF, WebP and the videos that have it. White is what viewers of
/// pictures lay them on, and what FFmpeg's GIF decoder leaves behind a transparent pixel.
enum Transparency {
  /// A value with its alpha, both 0...255, over white: `255 - alpha (255 - value) / 255`, rounded to
  /// the nearest whole number.
  static func overWhite(_ value: UInt8, alpha: UInt8) -> UInt8 {
    let darkness = Int(alpha) * (255 - Int(value))
    return UInt8(255 - (darkness + 127) / 255)
  }

  /// Lays `count` pixels of red, green, blue and alpha over white, as red, green and blue.
  static func layOverWhite(
    _ source: UnsafePointer<UInt8>, count: Int, into target: UnsafeMutablePointer<UInt8>
  ) {
    for pixel in 0..<count {
      let (from, to) = (source + pixel * 4, target + pixel * 3)
      let alpha = from[3]
      for channel in 0..<3 {
        to[channel] = alpha == 255 ? from[channel] : overWhite(from[channel], alpha: alpha)
      }
    }
  }

  /// A picture of red, green, blue and alpha, `[height, width, 4]`, over white.
  static func picture(_ stored: [UInt8], width: Int, height: Int) -> RGBImage {
    let pixelCount = width * height
    let pixels = [UInt8](unsafeUninitializedCapacity: pixelCount * 3) { buffer, count in
      stored.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress, let target = buffer.baseAddress else { return }
        layOverWhite(source, count: pixelCount, into: target)
        count = pixelCount * 3
      }
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }
}
