internal import CFFmpeg

/// How decoded pixels become the picture that is shown: square pixels, then upright.
struct FrameGeometry: Equatable {
  /// Size after the correction of the pixels' shape, before turning.
  let scaledWidth: Int
  let scaledHeight: Int
  /// Whether rows become columns.
  let isTransposed: Bool
  /// Whether the result runs right to left.
  let isFlippedAcross: Bool
  /// Whether the result runs bottom to top.
  let isFlippedDown: Bool

  var width: Int { isTransposed ? scaledHeight : scaledWidth }
  var height: Int { isTransposed ? scaledWidth : scaledHeight }

  /// The geometry of a stream, by its sample aspect ratio (height is kept, width scaled) and its
  /// display matrix, of which quarter turns and mirrorings are honoured.
  init(of stream: UnsafeMutablePointer<AVStream>, in input: MediaInput) throws {
    guard let parameters = stream.pointee.codecpar, parameters.pointee.width > 0,
      parameters.pointee.height > 0
    else {
      throw MediaError(
        .notMedia, file: input.path, found: "holds a video stream without a picture size")
    }
    let storedWidth = Int(parameters.pointee.width)
    scaledHeight = Int(parameters.pointee.height)
    let aspect = av_guess_sample_aspect_ratio(input.context, stream, nil)
    scaledWidth = Self.squareWidth(
      storedWidth, aspect: (Int(aspect.num), Int(aspect.den)))
    guard max(scaledWidth, scaledHeight) <= PNGFile.longestSide,
      scaledWidth * scaledHeight <= PNGFile.mostPixels
    else {
      throw MediaError(
        .unsupported, file: input.path, found: "has frames of \(scaledWidth)x\(scaledHeight)",
        expected: "at most \(PNGFile.longestSide) pixels a side are read")
    }

    // The matrix, row by row: x' = a x + c y, y' = b x + d y, in 16.16 fixed point.
    var matrix: (a: Int32, b: Int32, c: Int32, d: Int32) = (1, 0, 0, 1)
    var length = 0
    if let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &length),
      length >= 9 * MemoryLayout<Int32>.size
    {
      let raw = UnsafeRawPointer(data)
      let entry = { raw.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
      matrix = (entry(0), entry(1), entry(3), entry(4))
    }
    isTransposed = matrix.b.magnitude > matrix.a.magnitude
    isFlippedAcross = (isTransposed ? matrix.c : matrix.a) < 0
    isFlippedDown = (isTransposed ? matrix.b : matrix.d) < 0
  }

  /// The picture from its rows as scaled; `stride` bytes lie between row starts.
  func picture(from source: UnsafePointer<UInt8>, stride: Int) -> RGBImage {
    let (width, height) = (width, height)
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      guard let result = buffer.baseAddress else { return }
      for y in 0..<height {
        let row = isFlippedDown ? height - 1 - y : y
        let target = result + y * width * 3
        if !isTransposed, !isFlippedAcross {
          target.update(from: source + row * stride, count: width * 3)
          continue
        }
        for x in 0..<width {
          let column = isFlippedAcross ? width - 1 - x : x
          let pixel =
            isTransposed ? source + column * stride + row * 3 : source + row * stride + column * 3
          (target + x * 3).update(from: pixel, count: 3)
        }
      }
      count = width * height * 3
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  /// The width with square pixels. Ratios beyond 8 to 1 are taken for damage and ignored.
  private static func squareWidth(_ width: Int, aspect: (numerator: Int, denominator: Int)) -> Int {
    let (numerator, denominator) = aspect
    guard numerator > 0, denominator > 0, numerator <= denominator * 8,
      denominator <= numerator * 8
    else { return width }
    return max((width * numerator + denominator / 2) / denominator, 1)
  }
}
