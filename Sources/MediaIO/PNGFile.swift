internal import CPNG

/// Single PNG pictures.
public enum PNGFile {
  /// The largest picture read or written: 16384 pixels a side and 2^27 pixels in all, which is
  /// also what guards against damaged headers.
  package static let longestSide = 16384
  package static let mostPixels = 1 << 27

  /// Reads any PNG as 8-bit RGB; 16-bit values are rounded, palettes resolved, transparency laid
  /// over white. Throws ``MediaError``.
  public static func read(_ path: String) throws -> RGBImage {
    let bytes = try FileSystem.read(path)
    if bytes.isEmpty { throw MediaError(.empty, file: path, found: "is empty (0 bytes)") }
    return try decode(bytes, file: path)
  }

  /// Writes one PNG under a temporary name and renames it when complete.
  ///
  /// - Parameters:
  ///   - settings: text to embed, as read back by ``MediaMetadata``.
  ///   - overwrite: whether an existing file may be replaced.
  /// - Throws: ``MediaError``.
  public static func write(
    _ image: RGBImage, to path: String, settings: String? = nil, overwrite: Bool = false
  ) throws {
    try MediaMetadata.check(settings, file: path)
    let staged = try StagedOutput(target: path, isFolder: false, overwrite: overwrite)
    try FileSystem.create(
      staged.path, holding: encode(image, settings: settings, file: path), for: path)
    try staged.commit()
  }

  /// Whether the file begins as a PNG and is not named `.apng`, which FFmpeg reads as a video.
  static func isStillPicture(_ path: String) throws -> Bool {
    try FileSystem.read(path, limit: PNGChunks.signature.count) == PNGChunks.signature
      && FileSystem.fileExtension(of: path) != "apng"
  }

  /// The picture in the PNG bytes of `file`.
  package static func decode(_ bytes: [UInt8], file: String) throws -> RGBImage {
    // The header is checked before libpng sees it, so that no size is believed unseen.
    let size = try PNGChunks.size(of: bytes, file: file)
    guard size.width <= longestSide, size.height <= longestSide,
      size.width * size.height <= mostPixels
    else {
      throw MediaError(
        .unsupported, file: file, found: "claims \(size.width)x\(size.height) pixels",
        expected: "at most \(longestSide) a side are read")
    }
    var image = png_image()
    image.version = cpng_image_version()
    defer { png_image_free(&image) }

    let pixels: [UInt8]? = bytes.withUnsafeBytes { raw in
      guard png_image_begin_read_from_memory(&image, raw.baseAddress, raw.count) != 0 else {
        return nil
      }
      image.format = cpng_format_rgb()
      var white = png_color(red: 255, green: 255, blue: 255)
      var complete = false
      let total = Int(image.width) * Int(image.height) * 3
      let result = [UInt8](unsafeUninitializedCapacity: total) { buffer, count in
        buffer.initialize(repeating: 0)
        complete =
          png_image_finish_read(&image, &white, buffer.baseAddress, 0, nil) != 0
          && cpng_failed(image) == 0
        count = total
      }
      return complete ? result : nil
    }
    guard let pixels else {
      throw MediaError(
        .notMedia, file: file, found: "is a damaged PNG (\(message(of: image)))")
    }
    return RGBImage(width: size.width, height: size.height, pixels: pixels)
  }

  /// The picture as PNG bytes, `settings` embedded.
  package static func encode(_ picture: RGBImage, settings: String?, file: String) throws
    -> [UInt8]
  {
    guard picture.width <= longestSide, picture.height <= longestSide,
      picture.width * picture.height <= mostPixels
    else {
      throw MediaError(
        .unsupported, file: file,
        found: "would have \(picture.width)x\(picture.height) pixels",
        expected: "at most \(longestSide) a side and \(mostPixels) in all are written")
    }
    var image = png_image()
    image.version = cpng_image_version()
    image.width = UInt32(picture.width)
    image.height = UInt32(picture.height)
    image.format = cpng_format_rgb()
    defer { png_image_free(&image) }

    var length = cpng_encoded_size_limit(image)
    var succeeded = false
    let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
      succeeded =
        png_image_write_to_memory(
          &image, buffer.baseAddress, &length, 0, picture.pixels, 0, nil) != 0
      count = succeeded ? length : 0
    }
    guard succeeded else {
      throw MediaError(
        .cannotWrite, file: file, found: "cannot be encoded as PNG (\(message(of: image)))")
    }
    guard let settings else { return bytes }
    return PNGChunks.inserting(text: settings, into: bytes)
  }

  private static func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { raw in
      String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
