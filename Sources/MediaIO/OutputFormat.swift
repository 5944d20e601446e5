/// The kinds of output, chosen by a path's ending.
public enum OutputFormat: String, Sendable, Hashable, CaseIterable {
  /// `.mp4`: H.264 in yuv420p, BT.709 tags, index first; plays in browsers.
  case mp4
  /// `.webm`: VP9 in yuv420p.
  case webm
  /// `.mkv`: FFV1 in RGB; lossless.
  case mkv
  /// `.gif`: an endless loop with one palette for the clip.
  case gif
  /// `.png`: one picture, or a contact sheet of several frames.
  case png
  /// A path that ends in `/`: a folder of `frame00000.png` and so on.
  case pngFolder

  /// The endings that choose a format, each with what is to be known of it in brackets.
  package static var endings: String {
    files.map { "." + $0.rawValue + ($0.remark.isEmpty ? "" : " (\($0.remark))") }
      .joined(separator: ", ")
  }

  private static let files = allCases.filter { $0 != .pngFolder }

  /// What is to be known of it before it is chosen; empty for most.
  private var remark: String {
    switch self {
    case .mkv: "lossless"
    case .png: "a contact sheet"
    default: ""
    }
  }

  /// The format that `path` asks for. Throws ``MediaError`` of kind `unsupported` for other
  /// endings.
  public init(path: String) throws {
    if path.hasSuffix("/") {
      self = .pngFolder
      return
    }
    let ending = FileSystem.fileExtension(of: path)
    guard let format = Self(rawValue: ending), format != .pngFolder else {
      throw MediaError(
        .unsupported, file: path,
        found: ending.isEmpty ? "has no ending that names a format" : "ends in .\(ending)",
        expected:
          "choose \(Self.files.map { "." + $0.rawValue }.joined(separator: ", ")) or a folder "
          + "(a path that ends in /)")
    }
    self = format
  }
}

/// How frames are written; the defaults suit every format.
public struct OutputOptions: Sendable, Hashable {
  /// Frames a second; at most 50 for GIF. Pictures ignore it.
  public var frameRate: FrameRate
  /// Text to embed, usually JSON, at most ``MediaMetadata/longestText`` bytes; read back by
  /// ``MediaMetadata/read(_:)``.
  public var settings: String?
  /// Constant rate factor of MP4 (0...51) and WebM (0...63), less is better; nil for the
  /// defaults of 16 and 20.
  public var quality: Int?
  /// Each pixel becomes a square of this many pixels a side, 1...64.
  public var scale: Int
  /// Frames in a row of a contact sheet; nil for a nearly square sheet.
  public var columns: Int?
  /// Whether an existing file, or folder of nothing but our frames, may be replaced.
  public var overwrite: Bool

  /// Options with the given values.
  public init(
    frameRate: FrameRate = FrameRate(25), settings: String? = nil, quality: Int? = nil,
    scale: Int = 1, columns: Int? = nil, overwrite: Bool = false
  ) {
    self.frameRate = frameRate
    self.settings = settings
    self.quality = quality
    self.scale = scale
    self.columns = columns
    self.overwrite = overwrite
  }

  /// Throws `invalidSetting` for values that `format` cannot take.
  func check(for format: OutputFormat, file: String) throws {
    func require(_ condition: Bool, _ found: String, _ expected: String) throws {
      if condition { return }
      throw MediaError(.invalidSetting, file: file, found: found, expected: expected)
    }
    try require((1...64).contains(scale), "cannot be enlarged by \(scale)", "give 1 to 64")
    try require(
      columns.map { $0 >= 1 } ?? true, "cannot have \(columns ?? 0) columns", "give at least 1")
    let longest = format == .webm ? 63 : 51
    try require(
      quality.map { (0...longest).contains($0) } ?? true,
      "cannot have quality \(quality ?? 0)", "give 0 (best) to \(longest)")
    let fastest = format == .gif ? 50.0 : 1000.0
    let isPicture = format == .png || format == .pngFolder
    try require(
      isPicture || (0.01...fastest).contains(frameRate.framesPerSecond),
      "cannot show \(frameRate) frames a second", "give 0.01 to \(Int(fastest))")
    try require(
      isPicture || max(frameRate.numerator, frameRate.denominator) <= Int(Int32.max),
      "cannot show \(frameRate) frames a second", "give a simpler fraction")
    try MediaMetadata.check(settings, file: file)
  }
}
