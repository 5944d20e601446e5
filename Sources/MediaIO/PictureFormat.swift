/// What a file is by its first bytes, whatever its name ends in.
enum PictureFormat: Sendable, Hashable {
  /// A PNG of one picture.
  case png
  /// An animated PNG, which FFmpeg reads as a video.
  case animatedPNG
  /// A JPEG, or several behind one another.
  case jpeg
  /// A WebP of one picture.
  case webP
  /// An animated WebP.
  case animatedWebP
  /// A Windows bitmap.
  case bmp
  /// A TIFF; of several pages the first counts.
  case tiff
  /// A portable bitmap, greymap or pixmap in its binary form.
  case netpbm

  /// Looks at a file; nil for a format that is no picture, such as a video. Throws ``MediaError``.
  init?(of file: InputFile) throws {
    let start = try file.read(limit: 32)
    func holds(_ text: String, at offset: Int = 0) -> Bool {
      start.dropFirst(offset).starts(with: text.utf8)
    }
    if start.starts(with: PNGChunks.signature) {
      self = try PNGChunks.isAnimated(file) ? .animatedPNG : .png
    } else if start.starts(with: [0xFF, 0xD8, 0xFF]) {
      self = .jpeg
    } else if holds("RIFF"), holds("WEBP", at: 8) {
      self = WebPContainer.isAnimated(header: start) ? .animatedWebP : .webP
    } else if holds("BM"), start.count > 17,
      start[14...17].elementsEqual([40, 0, 0, 0])
        || start[14...17].elementsEqual([108, 0, 0, 0])
        || start[14...17].elementsEqual([124, 0, 0, 0])
    {
      self = .bmp
    } else if holds("II*\0") || holds("MM\0*") {
      self = .tiff
    } else if holds("P4") || holds("P5") || holds("P6") {
      self = .netpbm
    } else {
      return nil
    }
  }

  /// FFmpeg's name for its codec.
  var codec: String {
    switch self {
    case .png: "png"
    case .animatedPNG: "apng"
    case .jpeg: "mjpeg"
    case .webP, .animatedWebP: "webp"
    case .bmp: "bmp"
    case .tiff: "tiff"
    case .netpbm: "ppm"
    }
  }
}
