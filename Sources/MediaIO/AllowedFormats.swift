internal import CFFmpeg

/// What of FFmpeg is let near a file: the containers and codecs that people bring videos and pictures
/// in, and nothing else.
///
/// FFmpeg reads several hundred formats, among them playlists that open other files, text that it
/// draws, and decoders of games that nobody looks after. A list of what is allowed also holds for what
/// later versions add.
enum AllowedFormats {
  /// Demuxers, by the first of FFmpeg's names.
  private static let demuxers: Set<String> = [
    // Videos in containers
    "mov", "matroska", "avi", "mpegts", "mpeg", "flv", "asf", "ogg", "mxf", "nut", "ivf",
    "yuv4mpegpipe",
    // Videos without one
    "h264", "hevc", "m4v", "mpegvideo", "mjpeg", "obu", "vc1", "dv",
    // Animations and pictures
    "gif", "apng", "png_pipe", "jpeg_pipe", "webp_pipe", "bmp_pipe", "tiff_pipe", "ppm_pipe",
    "pgm_pipe", "pbm_pipe", "gif_pipe",
  ]

  /// Decoders by FFmpeg's names.
  private static let decoders: Set<String> = [
    // As cameras, telephones and web pages have them
    "h264", "hevc", "mpeg4", "mpeg2video", "mpeg1video", "h263", "mjpeg", "vp8", "vp9", "av1",
    "libdav1d", "libaom-av1", "libvpx", "libvpx-vp9", "theora", "vc1", "wmv1", "wmv2", "wmv3",
    "flv",
    "vp6", "vp6f", "vp6a", "msmpeg4", "msmpeg4v1", "msmpeg4v2", "dvvideo", "svq1", "svq3",
    "cinepak",
    // As editing programs and archives have them
    "prores", "dnxhd", "cfhd", "ffv1", "huffyuv", "ffvhuff", "utvideo", "magicyuv", "lagarith",
    "qtrle", "rawvideo", "v210", "jpeg2000", "libopenjpeg",
    // Animations and pictures
    "gif", "png", "apng", "webp", "bmp", "tiff", "ppm", "pgm", "pbm",
  ]

  /// Formats of sound, to be told apart from what is unknown.
  private static let sounds: Set<String> = [
    "wav", "mp3", "aac", "flac", "aiff", "ac3", "eac3", "au", "amr", "caf", "dts", "ape", "w64",
    "wv",
    "tta", "loas",
  ]

  /// Why formats are refused that many have seen, as the predicate of a sentence.
  private static let refusals: [String: String] = [
    "hls": "a playlist", "concat": "a playlist", "dash": "a playlist", "imf": "a playlist",
    "sdp": "a playlist", "rtsp": "a playlist", "webm_dash_manifest": "a playlist", "tty": "text",
    "bin": "text", "adf": "text", "idf": "text", "xbin": "text", "svg_pipe": "a drawing (SVG)",
  ]

  /// The lists as FFmpeg's own options take them, which hold inside a container too.
  static var options: [String: String] {
    [
      "format_whitelist": demuxers.sorted().joined(separator: ","),
      "codec_whitelist": decoders.sorted().joined(separator: ","),
      // The file itself is read through our own functions, so no protocol is needed.
      "protocol_whitelist": "none",
    ]
  }

  /// Throws `notMedia` or `noVideoStream` for a format that is not allowed.
  static func check(
    _ format: UnsafePointer<AVInputFormat>?, file: String, expected: String
  ) throws {
    guard let format, let names = format.pointee.name else {
      throw MediaError(
        .notMedia, file: file, found: "is not a readable video", expected: expected)
    }
    let name = String(cString: names).split(separator: ",").first.map(String.init) ?? ""
    if demuxers.contains(name) { return }
    if let refusal = refusals[name] {
      throw MediaError(.notMedia, file: file, found: "is \(refusal)", expected: expected)
    }
    let title = format.pointee.long_name.map { String(cString: $0) } ?? name
    if sounds.contains(name) {
      throw MediaError(
        .noVideoStream, file: file, found: "holds no video stream (\(title))",
        expected: "give a video")
    }
    throw MediaError(
      .notMedia, file: file, found: "looks like a format that is not read (\(title))",
      expected: expected)
  }

  /// A decoder for a codec. Throws `unsupported` for one that is not allowed and `missingComponent`
  /// where the installed FFmpeg has none.
  ///
  /// - Parameter keepsAlpha: Whether the stream's pictures have transparency beside them, as VP8 and
  ///   VP9 keep it; only the decoders of libvpx read it.
  static func decoder(
    for codec: AVCodecID, keepsAlpha: Bool = false, file: String
  ) throws -> UnsafePointer<AVCodec> {
    let preferred =
      keepsAlpha && codec == AV_CODEC_ID_VP9
      ? "libvpx-vp9" : keepsAlpha && codec == AV_CODEC_ID_VP8 ? "libvpx" : nil
    if let preferred, let decoder = avcodec_find_decoder_by_name(preferred) { return decoder }
    let coding = "is coded as \(String(cString: avcodec_get_name(codec)))"
    guard let usual = avcodec_find_decoder(codec) else {
      throw MediaError(
        .missingComponent, file: file, found: coding,
        expected: "the installed FFmpeg has no decoder for it")
    }
    if isAllowed(usual) { return usual }
    var place: UnsafeMutableRawPointer?
    while let next = av_codec_iterate(&place) {
      if next.pointee.id == codec, av_codec_is_decoder(next) != 0, isAllowed(next) { return next }
    }
    throw MediaError(
      .unsupported, file: file, found: coding,
      expected: "that is not read; convert it to a common codec first, such as H.264")
  }

  private static func isAllowed(_ decoder: UnsafePointer<AVCodec>) -> Bool {
    decoder.pointee.name.map { decoders.contains(String(cString: $0)) } ?? false
  }
}
