/// Frames that are pictures of their own: a folder of numbered PNGs or JPEGs, or a single PNG.
final class FrameFolder: FrameSource {
  let frameRate: FrameRate? = nil
  let warnings: [MediaWarning] = []
  let width: Int
  let height: Int
  private(set) var position = 0

  private let files: [String]

  /// All PNGs of the folder in natural order, or all JPEGs if it has no PNG; other files are
  /// ignored. Throws `empty` without pictures and `sizeMismatch` for PNGs of different sizes;
  /// JPEGs are compared when they are read.
  init(path: String) throws {
    let names = try Self.pictures(in: path)
    guard let first = names.first else {
      throw MediaError(
        .empty, file: path, found: "holds no PNG or JPEG frames",
        expected: "give a folder of numbered pictures")
    }
    let folder = path.hasSuffix("/") ? path : path + "/"
    files = names.map { folder + $0 }
    let size = try Self.size(of: files[0])
    (width, height) = size
    if FileSystem.fileExtension(of: first) == "png" {
      for file in files.dropFirst() { try check(Self.size(of: file), of: file) }
    }
  }

  /// One PNG as a video of one frame.
  init(picture path: String) throws {
    files = [path]
    (width, height) = try Self.size(of: path)
  }

  /// The names of a folder's frames in natural order.
  static func pictures(in folder: String) throws -> [String] {
    // Names with a leading dot are temporary or hidden files.
    let names = try FileSystem.entries(of: folder).filter { !$0.hasPrefix(".") }
    let pngs = names.filter { FileSystem.fileExtension(of: $0) == "png" }
    let frames =
      pngs.isEmpty
      ? names.filter { ["jpg", "jpeg"].contains(FileSystem.fileExtension(of: $0)) } : pngs
    return frames.sorted(by: NaturalOrder.precedes)
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

  private static func size(of file: String) throws -> (width: Int, height: Int) {
    if FileSystem.fileExtension(of: file) == "png" {
      return try PNGChunks.size(
        of: FileSystem.read(file, limit: PNGChunks.headerLength), file: file)
    }
    let input = try StreamDecoder(path: file)
    return (input.geometry.width, input.geometry.height)
  }

  private static func picture(_ file: String) throws -> RGBImage {
    if FileSystem.fileExtension(of: file) == "png" { return try PNGFile.read(file) }
    let decoder = try StreamDecoder(path: file)
    guard decoder.advance() else {
      throw MediaError(.notMedia, file: file, found: "holds no picture that can be decoded")
    }
    return try decoder.picture()
  }
}
