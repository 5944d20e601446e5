import TerminalUI

/// Pictures made for tests.
enum ImageFixtures {
  /// A picture whose pixels come from a closure over column and row.
  static func image(
    width: Int, height: Int, pixel: (Int, Int) -> (UInt8, UInt8, UInt8)
  ) throws -> PixelImage {
    var bytes: [UInt8] = []
    for row in 0..<height {
      for column in 0..<width {
        let (red, green, blue) = pixel(column, row)
        bytes += [red, green, blue]
      }
    }
    return try PixelImage(width: width, height: height, bytes: bytes)
  }

  /// Black on the left to white on the right.
  static func ramp(width: Int, height: Int) throws -> PixelImage {
    try image(width: width, height: height) { column, _ in
      let level = UInt8(255 * column / max(width - 1, 1))
      return (level, level, level)
    }
  }

  /// One colour all over.
  static func flat(_ red: UInt8, _ green: UInt8, _ blue: UInt8) throws -> PixelImage {
    try image(width: 16, height: 16) { _, _ in (red, green, blue) }
  }
}
