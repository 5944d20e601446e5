internal import CPNG

/// Single PNG pictures.
public enum PNGFile {
  /// Reads any PNG as 8-bit RGB, its values as they are stored: chunks about gamma and colour (gAMA,
  /// cHRM, iCCP, sRGB) are ignored, as Pillow and FFmpeg do.
  ///
  /// Palettes are resolved, grey of 1, 2 and 4 bits is widened so that its lightest value is 255, and
  /// of 16 bits the higher 8 are taken, which gives back values that were 8-bit once. Transparency
  /// is laid over white (``VideoReader``). Of an animated PNG this is the picture that simple viewers
  /// show. Throws ``MediaError``.
  public static func read(_ path: String) throws -> RGBImage {
    try read(InputFile(path: path))
  }

  /// Reads a PNG that is open already; see ``read(_:)``.
  static func read(_ input: InputFile) throws -> RGBImage {
    let path = input.path
    if input.size == 0 { throw MediaError(.empty, file: path, found: "is empty (0 bytes)") }
    let size = try size(of: input)
    let reader = UnsafeMutablePointer<cpng_reader>.allocate(capacity: 1)
    reader.initialize(to: cpng_reader())
    let isOpen = cpng_open(reader, input.descriptor, UInt32(PictureLimits.longestSide))
    defer {
      cpng_close(reader)
      reader.deallocate()
    }
    let pixelCount = size.width * size.height
    guard isOpen, reader.pointee.width == size.width, reader.pointee.height == size.height else {
      throw damage(reader, path)
    }
    let channels = Int(reader.pointee.channels)
    var complete = false
    let stored = [UInt8](unsafeUninitializedCapacity: pixelCount * channels) { buffer, count in
      buffer.initialize(repeating: 0)
      complete = cpng_read(reader, buffer.baseAddress)
      count = pixelCount * channels
    }
    guard complete else { throw damage(reader, path) }
    if channels == 3 { return RGBImage(width: size.width, height: size.height, pixels: stored) }
    return Transparency.picture(stored, width: size.width, height: size.height)
  }

  /// Width and height from the header, checked before anything else believes them. Throws `notMedia`
  /// and `unsupported`.
  static func size(of input: InputFile) throws -> (width: Int, height: Int) {
    let header = try input.read(limit: PNGChunks.headerLength)
    let size = try PNGChunks.size(of: header, file: input.path)
    try PictureLimits.check(
      width: size.width, height: size.height, file: input.path, found: "claims")
    return size
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

  /// The picture as PNG bytes, `settings` embedded.
  package static func encode(_ picture: RGBImage, settings: String?, file: String) throws
    -> [UInt8]
  {
    try PictureLimits.check(
      width: picture.width, height: picture.height, file: file, found: "would have")
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

  private static func damage(
    _ reader: UnsafeMutablePointer<cpng_reader>, _ path: String
  ) -> MediaError {
    let reason = withUnsafeBytes(of: reader.pointee.message) { text(in: $0) }
    return MediaError(
      .notMedia, file: path,
      found: "is a damaged PNG (\(reason.isEmpty ? "it cannot be opened" : reason))")
  }

  private static func message(of image: png_image) -> String {
    withUnsafeBytes(of: image.message) { text(in: $0) }
  }

  private static func text(in raw: UnsafeRawBufferPointer) -> String {
    String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
  }
}
