/// Frames that are pictures of their own: a folder of numbered pictures, or a single PNG.
final class FrameFolder: FrameSource {
  let frameRate: FrameRate? = nil
  let warnings: [MediaWarning]
  let width: Int
  let height: Int
  /// What the first picture is by its content.
  let format: PictureFormat
  private(set) var position = 0

  private let files: [String]

  /// The kinds of picture that frames are kept as, by the endings of their names. What a picture
  /// really is, its content tells when it is read.
  private static let kinds: [(name: String, endings: Set<String>)] = [
    ("PNG", ["png", "apng"]), ("JPEG", ["jpg", "jpeg", "jpe", "jfif"]), ("WebP", ["webp"]),
    ("BMP", ["bmp", "dib"]), ("TIFF", ["tif", "tiff"]), ("PNM", ["ppm", "pgm", "pbm", "pnm"]),
  ]

  /// Endings of names that a folder's frames may have.
  static let endings = kinds.reduce(into: Set<String>()) { $0.formUnion($1.endings) }

  /// Opens a folder. Its frames are the pictures of the kind that it holds most of, by the endings
  /// of their names and in natural order; pictures of another kind, such as a cover beside the frames,
  /// are left out with a warning, and other files are ignored. Of kinds that are equally many PNG
  /// comes first, then JPEG.
  ///
  /// Throws `empty` without pictures and `sizeMismatch` for PNGs of different sizes; other pictures
  /// are compared when they are read.
  init(path: String) throws {
    let (names, warning) = try Self.pictures(in: path)
    guard !names.isEmpty else {
      throw MediaError(
        .empty, file: path, found: "holds no pictures that could be frames",
        expected: "give a folder of numbered pictures, such as PNGs or JPEGs")
    }
    let folder = path.hasSuffix("/") ? path : path + "/"
    files = names.map { folder + $0 }
    warnings = warning.map { [$0] } ?? []
    let first = try Self.look(files[0])
    (format, width, height) = (first.format, first.width, first.height)
    for file in files.dropFirst() {
      let input = try InputFile(path: file)
      guard try input.read(limit: PNGChunks.signature.count) == PNGChunks.signature else {
        continue
      }
      try check(PNGFile.size(of: input), of: file)
    }
  }

  /// One picture as a video of one frame.
  init(picture path: String) throws {
    files = [path]
    warnings = []
    let first = try Self.look(path)
    (format, width, height) = (first.format, first.width, first.height)
  }

  /// The names of a folder's frames in natural order, and what is left out beside them.
  static func pictures(
    in folder: String
  ) throws -> (names: [String], warning: MediaWarning?) {
    // Names with a leading dot are temporary or hidden files.
    let names = try FileSystem.entries(of: folder, refusing: endings)
      .filter { !$0.hasPrefix(".") }
    let groups = kinds.map { kind in
      (kind.name, names.filter { kind.endings.contains(FileSystem.fileExtension(of: $0)) })
    }.filter { !$0.1.isEmpty }
    guard let most = groups.map(\.1.count).max(),
      let chosen = groups.first(where: { $0.1.count == most })
    else { return ([], nil) }
    let sorted = chosen.1.sorted(by: NaturalOrder.precedes)
    guard groups.count > 1 else { return (sorted, nil) }
    let counts = groups.map { "\($0.1.count) \($0.0)" }
    let found =
      "holds " + counts.dropLast().joined(separator: ", ") + " and \(counts.last ?? "") pictures; "
      + "the \(chosen.0) ones are read as its frames"
    return (
      sorted,
      MediaWarning(
        kind: .otherPictures(names.count - sorted.count), file: folder, found: found)
    )
  }

  func frameCount() -> Int { files.count }

  func estimatedFrameCount() -> Int { files.count }

  func seek(toFrame target: Int) { position = min(target, files.count) }

  func next() throws -> RGBImage? {
    guard position < files.count else { return nil }
    let file = files[position]
    let picture = try Self.picture(file)
    try check((picture.width, picture.height), of: file)
    position += 1
    return picture
  }

  private func check(_ size: (width: Int, height: Int), of file: String) throws {
    guard size == (width, height) else {
      throw MediaError(
        .sizeMismatch, file: file, found: "is \(size.width)x\(size.height)",
        expected:
          "\(FileSystem.lastComponent(of: files[0])) is \(width)x\(height), and all frames of a "
          + "folder must have one size")
    }
  }

  private static func look(
    _ file: String
  ) throws -> (format: PictureFormat, width: Int, height: Int) {
    let input = try InputFile(path: file)
    let format = try format(of: input)
    switch format {
    case .png, .animatedPNG:
      let size = try PNGFile.size(of: input)
      return (format, size.width, size.height)
    case .animatedWebP:
      let container = try WebPContainer(input)
      return (format, container.width, container.height)
    case .jpeg, .webP, .bmp, .tiff, .netpbm:
      let picture = try picture(file)
      return (format, picture.width, picture.height)
    }
  }

  /// The picture in a file, the first one of an animation.
  private static func picture(_ file: String) throws -> RGBImage {
    let input = try InputFile(path: file)
    switch try format(of: input) {
    case .png, .animatedPNG: return try PNGFile.read(input)
    case .animatedWebP:
      if let picture = try WebPSource(path: file).next() { return picture }
    case .jpeg, .webP, .bmp, .tiff, .netpbm:
      let decoder = try StreamDecoder(path: file)
      if decoder.advance() { return try decoder.picture() }
    }
    throw MediaError(.notMedia, file: file, found: "holds no picture that can be decoded")
  }

  private static func format(of input: InputFile) throws -> PictureFormat {
    if input.size == 0 {
      throw MediaError(.empty, file: input.path, found: "is empty (0 bytes)")
    }
    guard let format = try PictureFormat(of: input) else {
      throw MediaError(
        .notMedia, file: input.path, found: "is no picture", expected: "give a PNG, JPEG or WebP")
    }
    return format
  }
}
