internal import CFFmpeg

/// What a picture, video or folder of frames is, without its pixels.
public struct MediaInfo: Sendable, Hashable {
  /// The container's short name, such as `mp4`, `avi` or `gif`; the format's for a picture, such as
  /// `png` or `jpeg`, and `folder` for a folder of frames.
  public let container: String
  /// The codec's short name, such as `h264`.
  public let codec: String
  /// The pixels' storage by FFmpeg's name, such as `yuv420p`.
  public let pixelFormat: String
  /// Width in pixels as frames are read: upright, with square pixels.
  public let width: Int
  /// Height in pixels as frames are read.
  public let height: Int
  /// Average frames a second; nil for pictures.
  public let frameRate: FrameRate?
  /// Frames, counted or estimated; nil when a long file does not say enough to estimate.
  public let frameCount: Int?
  /// Whether `frameCount` was counted rather than taken from the file's own claims.
  public let frameCountIsExact: Bool
  /// Length in seconds; nil for pictures, or when the file does not say.
  public let duration: Double?
  /// The text embedded by this module, see ``MediaMetadata``.
  public let settings: String?
  /// What counting the frames found damaged or missing, and what there is to know of them.
  public let warnings: [MediaWarning]

  /// Looks at a file or folder. The frames of a file of up to `countingLimit` bytes are counted, as
  /// ``VideoReader/frameCount()`` does; those of a larger one are estimated. Throws ``MediaError``.
  public static func probe(_ path: String, countingLimit: Int = 64 << 20) throws -> MediaInfo {
    let isFolder = try FileSystem.kind(of: path) == .folder
    let settings = try MediaMetadata.read(path)
    if isFolder {
      return pictures(try FrameFolder(path: path), container: "folder", settings: settings)
    }
    switch try PictureFormat(of: InputFile(path: path)) {
    case .png:
      return pictures(try FrameFolder(picture: path), container: "png", settings: settings)
    case .animatedWebP:
      return animation(try WebPSource(path: path), settings: settings)
    default: break
    }
    return try probeStream(path, countingLimit: countingLimit, settings: settings)
  }

  private static func pictures(
    _ frames: FrameFolder, container: String, settings: String?
  ) -> MediaInfo {
    MediaInfo(
      container: container, codec: frames.format.codec, pixelFormat: "rgb24",
      width: frames.width, height: frames.height, frameRate: nil, frameCount: frames.frameCount(),
      frameCountIsExact: true, duration: nil, settings: settings, warnings: frames.warnings)
  }

  private static func animation(_ frames: WebPSource, settings: String?) -> MediaInfo {
    let count = frames.frameCount()
    return MediaInfo(
      container: "webp", codec: "webp", pixelFormat: "rgba", width: frames.width,
      height: frames.height, frameRate: frames.frameRate, frameCount: count,
      frameCountIsExact: true,
      duration: frames.frameRate.map { Double(count) / $0.framesPerSecond }, settings: settings,
      warnings: [])
  }

  private static func probeStream(
    _ path: String, countingLimit: Int, settings: String?
  ) throws -> MediaInfo {
    let input = try MediaInput(path: path)
    let stream = try input.videoStream()
    let geometry =
      try input.isPicture
      ? StreamDecoder(path: path).geometry : FrameGeometry(of: stream, in: input)
    // FFmpeg makes up a rate for single pictures.
    let frameRate = input.isPicture ? nil : input.frameRate(of: stream)
    let duration = input.isPicture ? nil : input.duration(of: stream)

    let isCounted = FileSystem.size(of: path) <= countingLimit
    var frameCount: Int?
    var warnings: [MediaWarning] = []
    if isCounted {
      let counted = try FrameCount(path: path, packets: PacketIndex(path: path))
      frameCount = counted.frames
      warnings = counted.warnings
    } else if stream.pointee.nb_frames > 0 {
      frameCount = Int(exactly: stream.pointee.nb_frames)
    } else if let duration, let frameRate {
      frameCount = Int(exactly: (duration * frameRate.framesPerSecond).rounded())
    }

    let parameters = stream.pointee.codecpar?.pointee ?? AVCodecParameters()
    let formatName = av_get_pix_fmt_name(AVPixelFormat(parameters.format))
    return MediaInfo(
      container: input.containerName,
      codec: String(cString: avcodec_get_name(parameters.codec_id)),
      pixelFormat: formatName.map { String(cString: $0) } ?? "unknown",
      width: geometry.width, height: geometry.height, frameRate: frameRate,
      frameCount: frameCount, frameCountIsExact: isCounted, duration: duration,
      settings: settings,
      warnings: warnings + StreamTraits(parameters).warnings(file: path))
  }
}

extension MediaInput {
  /// The stream's average rate, as FFmpeg judges it; nil if it cannot.
  func frameRate(of stream: UnsafeMutablePointer<AVStream>) -> FrameRate? {
    let rate = av_guess_frame_rate(context, stream, nil)
    guard rate.num > 0, rate.den > 0 else { return nil }
    return FrameRate(Int(rate.num), Int(rate.den))
  }

  /// The stream's length in seconds, else the file's; nil if neither says.
  func duration(of stream: UnsafeMutablePointer<AVStream>) -> Double? {
    let base = stream.pointee.time_base
    if stream.pointee.duration > 0, base.num > 0, base.den > 0 {
      return Double(stream.pointee.duration) * Double(base.num) / Double(base.den)
    }
    let total = context.pointee.duration
    return total > 0 ? Double(total) / Double(AV_TIME_BASE) : nil
  }
}
