/// A picture to be drawn with characters: 8-bit RGB, row after row from the top left.
public struct PixelImage: Sendable, Hashable {
  /// Width in pixels, at least 1.
  public let width: Int
  /// Height in pixels, at least 1.
  public let height: Int
  /// Red, green, blue for each pixel: `3 * width * height` bytes.
  public let bytes: [UInt8]

  /// - Throws: `TerminalError.invalidImage` if the size and the number of bytes do not agree.
  public init(width: Int, height: Int, bytes: [UInt8]) throws(TerminalError) {
    // The upper bound keeps every product below within range; no terminal shows that much.
    guard (1...32_768).contains(width), (1...32_768).contains(height),
      bytes.count == 3 * width * height
    else {
      throw .invalidImage(width: width, height: height, byteCount: bytes.count)
    }
    self.width = width
    self.height = height
    self.bytes = bytes
  }
}
