/// A picture to be drawn with characters: 8-bit RGB, row after row from the top left.
public struct PixelImage: Sendable, Hashable {
  /// Width in pixels, at least 1.
  public let width: Int
  /// Height in pixels, at least 1.
  public let height: Int
  /// Red, green, blue for each pixel: `3 * width * height` bytes.
  public let bytes: [UInt8]
  /// The darkest and the brightest values of the clip that it is of, which are spread over all that a
  /// terminal with few colours shows. One range for a clip: its own for each frame would flicker.
  public let tones: ClosedRange<UInt8>

  /// - Parameter tones: nil where nothing is to be spread.
  /// - Throws: `TerminalError.invalidImage` if the size and the number of bytes do not agree.
  public init(
    width: Int, height: Int, bytes: [UInt8], tones: ClosedRange<UInt8>? = nil
  ) throws(TerminalError) {
    // The upper bound keeps every product below within range; no terminal shows that much.
    guard (1...32_768).contains(width), (1...32_768).contains(height),
      bytes.count == 3 * width * height
    else {
      throw .invalidImage(width: width, height: height, byteCount: bytes.count)
    }
    self.width = width
    self.height = height
    self.bytes = bytes
    self.tones = tones ?? 0...255
  }

  /// The darkest and brightest values of some pictures, without the hundredth part at either end.
  ///
  /// - Parameter pictures: Red, green, blue of each pixel.
  public static func tones(of pictures: some Sequence<[UInt8]>) -> ClosedRange<UInt8>? {
    var counts = [Int](repeating: 0, count: 256)
    for bytes in pictures {
      // Every few pixels tell enough.
      for index in stride(from: 0, to: bytes.count - 2, by: 9) {
        let (red, green, blue) = (Int(bytes[index]), Int(bytes[index + 1]), Int(bytes[index + 2]))
        counts[(red + 2 * green + blue) / 4] += 1
      }
    }
    let total = counts.reduce(0, +)
    guard total > 0 else { return nil }
    func end(_ values: [Int]) -> Int {
      var rest = total / 100
      return values.first { value in
        rest -= counts[value]
        return rest < 0
      } ?? values[0]
    }
    let (low, high) = (end(Array(0...255)), end(Array((0...255).reversed())))
    return low < high ? UInt8(low)...UInt8(high) : nil
  }
}
