internal import CPNG

extension PixelImage {
  /// The picture as PNG, which every terminal that keeps pictures reads, and which takes some 70 % of the
  /// bytes of its pixels where they are of a film.
  ///
  /// - Returns: nil if libpng has no memory.
  func encodedAsPNG() -> [UInt8]? {
    var image = png_image()
    image.version = cpng_image_version()
    image.width = png_uint_32(width)
    image.height = png_uint_32(height)
    image.format = cpng_format_rgb()
    var size = cpng_encoded_size_limit(image)
    var encoded = [UInt8](repeating: 0, count: Int(size))
    let isEncoded = png_image_write_to_memory(
      &image, &encoded, &size, 0, bytes, png_int_32(3 * width), nil)
    guard isEncoded != 0 else { return nil }
    return Array(encoded.prefix(Int(size)))
  }

  /// The picture with its longer side cut down to a number of pixels.
  func limited(toSide side: Int?) -> PixelImage {
    guard let side, longerSide > side else { return self }
    return resized(
      width: max(width * side / longerSide, 1), height: max(height * side / longerSide, 1))
  }
}
