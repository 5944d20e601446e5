/// A PNG of one frame, or a contact sheet of several.
final class ContactSheetSink: FrameSink {
  private let path: String
  private let target: String
  private let options: OutputOptions
  private var frames: [RGBImage] = []

  init(path: String, target: String, options: OutputOptions) {
    self.path = path
    self.target = target
    self.options = options
  }

  /// How so many frames lie; `nil` for one that is a picture by itself.
  private func sheet(frameCount count: Int) -> ContactSheet? {
    if let columns = options.columns { return ContactSheet(columns: columns) }
    return count == 1 ? nil : ContactSheet(forFrameCount: count)
  }

  /// The pixels of the sheet with so many frames.
  private func size(frameCount count: Int, width: Int, height: Int) -> (width: Int, height: Int) {
    let (width, height) = (width * options.scale, height * options.scale)
    return sheet(frameCount: count)?.size(frameCount: count, width: width, height: height)
      ?? (width: width, height: height)
  }

  func check(frameCount: Int, width: Int, height: Int) throws {
    let whole = size(frameCount: frameCount, width: width, height: height)
    if PictureLimits.allow(width: whole.width, height: whole.height) { return }
    let first = size(frameCount: 1, width: width, height: height)
    try PictureLimits.check(
      width: first.width, height: first.height, file: target, found: "would have")
    // With more frames a sheet only grows.
    let most = (1..<frameCount).partitioningIndex { count in
      let size = size(frameCount: count + 1, width: width, height: height)
      return !PictureLimits.allow(width: size.width, height: size.height)
    }
    throw MediaError(
      .unsupported, file: target,
      found: "cannot show more than \(most) frame\(most == 1 ? "" : "s") of this size on one sheet",
      expected: "write a video or a folder of frames")
  }

  /// Keeps the frame, if the sheet then still is one that a PNG can be, which also bounds the memory.
  func append(_ frame: RGBImage) throws {
    try check(frameCount: frames.count + 1, width: frame.width, height: frame.height)
    frames.append(frame)
  }

  func finish() throws {
    let picture =
      if let sheet = sheet(frameCount: frames.count) {
        try sheet.compose(frames.map { $0.enlarged(by: options.scale) })
      } else {
        frames[0].enlarged(by: options.scale)
      }
    let bytes = try PNGFile.encode(picture, settings: options.settings, file: target)
    try FileSystem.create(path, holding: bytes, for: target)
  }
}

/// A folder of `frame00000.png` and so on; the settings stand in the first frame and in
/// `settings.json`.
final class FrameFolderSink: FrameSink {
  private let folder: String
  private let target: String
  private let options: OutputOptions
  private var frameCount = 0

  init(folder: String, target: String, options: OutputOptions) {
    self.folder = folder
    self.target = target
    self.options = options
  }

  func append(_ frame: RGBImage) throws {
    let settings = frameCount == 0 ? options.settings : nil
    let bytes = try PNGFile.encode(
      frame.enlarged(by: options.scale), settings: settings, file: target)
    try FileSystem.create(folder + "/" + Self.name(of: frameCount), holding: bytes, for: target)
    frameCount += 1
  }

  func finish() throws {
    guard let settings = options.settings else { return }
    try FileSystem.create(
      folder + "/" + MediaMetadata.folderFileName, holding: Array(settings.utf8), for: target)
  }

  /// Whether a file of this name is one that this sink writes.
  static func isOwnName(_ name: String) -> Bool {
    if name == MediaMetadata.folderFileName { return true }
    guard name.hasPrefix(prefix), name.hasSuffix(suffix) else { return false }
    let digits = name.dropFirst(prefix.count).dropLast(suffix.count)
    return digits.count >= 5 && digits.allSatisfy { $0.isASCII && $0.isNumber }
  }

  private static let prefix = "frame"
  private static let suffix = ".png"

  private static func name(of frame: Int) -> String {
    let digits = String(frame)
    return prefix + String(repeating: "0", count: max(0, 5 - digits.count)) + digits + suffix
  }
}
