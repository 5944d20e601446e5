/// A picture of 8-bit red, green and blue values in the sRGB sense, full range.
public struct RGBImage: Sendable, Hashable {
  /// Pixels in a row; positive.
  public let width: Int
  /// Rows; positive.
  public let height: Int
  /// `[height, width, 3]`, row-major, red, green, blue interleaved, 0...255.
  public private(set) var pixels: [UInt8]

  /// A picture from interleaved values; `pixels` must hold `width * height * 3` of them.
  public init(width: Int, height: Int, pixels: [UInt8]) {
    precondition(width > 0 && height > 0, "a picture has at least one pixel")
    precondition(pixels.count == width * height * 3, "three values a pixel")
    self.width = width
    self.height = height
    self.pixels = pixels
  }

  /// A picture of one colour, black unless another is given.
  public init(width: Int, height: Int, fill: (red: UInt8, green: UInt8, blue: UInt8) = (0, 0, 0)) {
    var pixels = [UInt8](repeating: fill.red, count: width * height * 3)
    if fill.green != fill.red || fill.blue != fill.red {
      for pixel in 0..<width * height {
        pixels[pixel * 3 + 1] = fill.green
        pixels[pixel * 3 + 2] = fill.blue
      }
    }
    self.init(width: width, height: height, pixels: pixels)
  }

  /// The colour at column `x`, row `y`; reads and writes.
  public subscript(x: Int, y: Int) -> (red: UInt8, green: UInt8, blue: UInt8) {
    get {
      let offset = offset(x, y)
      return (pixels[offset], pixels[offset + 1], pixels[offset + 2])
    }
    set {
      let offset = offset(x, y)
      pixels[offset] = newValue.red
      pixels[offset + 1] = newValue.green
      pixels[offset + 2] = newValue.blue
    }
  }

  /// Copies `other` into this picture with its top left corner at (`x`, `y`); it must fit.
  public mutating func paste(_ other: RGBImage, x: Int, y: Int) {
    precondition(x >= 0 && y >= 0 && x + other.width <= width && y + other.height <= height)
    let rowLength = other.width * 3
    for row in 0..<other.height {
      let start = ((y + row) * width + x) * 3
      let otherStart = row * rowLength
      pixels.replaceSubrange(
        start..<start + rowLength, with: other.pixels[otherStart..<otherStart + rowLength])
    }
  }

  /// This picture with every pixel made a square of `factor` x `factor` pixels; at least 1.
  public func enlarged(by factor: Int) -> RGBImage {
    precondition(factor >= 1, "an enlargement factor is at least 1")
    if factor == 1 { return self }
    var result: [UInt8] = []
    result.reserveCapacity(pixels.count * factor * factor)
    var line: [UInt8] = []
    for row in 0..<height {
      // A line of its own: appending a part of an array to itself copies all of it.
      line.removeAll(keepingCapacity: true)
      for column in 0..<width {
        let offset = offset(column, row)
        for _ in 0..<factor { line.append(contentsOf: pixels[offset..<offset + 3]) }
      }
      for _ in 0..<factor { result.append(contentsOf: line) }
    }
    return RGBImage(width: width * factor, height: height * factor, pixels: result)
  }

  /// This picture on the left and `other` on the right, `gutter` dark pixels between them, for
  /// comparing an original with its reconstruction. Throws ``MediaError`` of kind `sizeMismatch`
  /// when the heights differ.
  package func beside(_ other: RGBImage, gutter: Int = 0) throws -> RGBImage {
    guard height == other.height else {
      throw MediaError(
        .sizeMismatch, file: "comparison",
        found: "joins pictures of height \(height) and \(other.height)",
        expected: "give two of equal height")
    }
    var result = RGBImage(
      width: width + gutter + other.width, height: height, fill: ContactSheet.gutterColour)
    result.paste(self, x: 0, y: 0)
    result.paste(other, x: width + gutter, y: 0)
    return result
  }

  private func offset(_ x: Int, _ y: Int) -> Int {
    precondition(x >= 0 && x < width && y >= 0 && y < height, "outside the picture")
    return (y * width + x) * 3
  }
}
