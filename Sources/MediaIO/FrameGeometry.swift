internal import CFFmpeg

/// How decoded pixels become the picture that is shown: square pixels, then upright.
struct FrameGeometry: Equatable {
  /// Size after the correction of the pixels' shape, before turning.
  let scaledWidth: Int
  let scaledHeight: Int
  /// Whether rows become columns.
  private(set) var isTransposed = false
  /// Whether the result runs right to left.
  private(set) var isFlippedAcross = false
  /// Whether the result runs bottom to top.
  private(set) var isFlippedDown = false

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
    try PictureLimits.check(
      width: scaledWidth, height: scaledHeight, file: input.path, found: "has frames of")

    var length = 0
    if let data = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, &length) {
      turn(by: UnsafeRawBufferPointer(start: data, count: length))
    }
  }

  /// The geometry of a picture that says itself how it is turned, as JPEGs do in EXIF.
  func turned(as frame: UnsafePointer<AVFrame>) -> FrameGeometry {
    guard let matrix = av_frame_get_side_data(frame, AV_FRAME_DATA_DISPLAYMATRIX) else {
      return self
    }
    var result = self
    result.turn(
      by: UnsafeRawBufferPointer(start: matrix.pointee.data, count: matrix.pointee.size))
    return result
  }

  /// Takes over a display matrix, row by row: x' = a x + c y, y' = b x + d y, in 16.16 fixed point.
  private mutating func turn(by matrix: UnsafeRawBufferPointer) {
    guard matrix.count >= 9 * MemoryLayout<Int32>.size else { return }
    let entry = { matrix.loadUnaligned(fromByteOffset: $0 * 4, as: Int32.self) }
    let (a, b, c, d) = (entry(0), entry(1), entry(3), entry(4))
    isTransposed = b.magnitude > a.magnitude
    isFlippedAcross = (isTransposed ? c : a) < 0
    isFlippedDown = (isTransposed ? b : d) < 0
  }

  /// The picture from its rows as scaled; `stride` bytes lie between row starts. With
  /// `hasAlpha` a pixel has a fourth byte, and is laid over white.
  func picture(from source: UnsafePointer<UInt8>, stride: Int, hasAlpha: Bool) -> RGBImage {
    let (width, height) = (width, height)
    let length = hasAlpha ? 4 : 3
    let pixels = [UInt8](unsafeUninitializedCapacity: width * height * 3) { buffer, count in
      guard let result = buffer.baseAddress else { return }
      for y in 0..<height {
        let row = isFlippedDown ? height - 1 - y : y
        let target = result + y * width * 3
        if !isTransposed, !isFlippedAcross {
          Self.copy(source + row * stride, count: width, into: target, hasAlpha: hasAlpha)
          continue
        }
        for x in 0..<width {
          let column = isFlippedAcross ? width - 1 - x : x
          let pixel =
            isTransposed
            ? source + column * stride + row * length : source + row * stride + column * length
          Self.copy(pixel, count: 1, into: target + x * 3, hasAlpha: hasAlpha)
        }
      }
      count = width * height * 3
    }
    return RGBImage(width: width, height: height, pixels: pixels)
  }

  private static func copy(
    _ source: UnsafePointer<UInt8>, count: Int, into target: UnsafeMutablePointer<UInt8>,
    hasAlpha: Bool
  ) {
    if hasAlpha {
      Transparency.layOverWhite(source, count: count, into: target)
    } else {
      target.update(from: source, count: count * 3)
    }
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
