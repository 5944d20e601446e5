internal import CFFmpeg

/// The frames of a file's video stream, one after the other, as FFmpeg decodes them.
///
/// Damage does not end the sequence: what decodes is given, what does not is counted.
final class StreamDecoder {
  let input: MediaInput
  let stream: UnsafeMutablePointer<AVStream>
  private(set) var geometry: FrameGeometry
  /// Frames or packets that were damaged.
  private(set) var damagedCount = 0
  /// Whether the file ended before the stream did.
  private(set) var isTruncated = false

  private let codec: UnsafeMutablePointer<AVCodecContext>
  private let frame: MediaFrame
  private var packet: UnsafeMutablePointer<AVPacket>?
  /// What is known of the pictures so far.
  private(set) var traits: StreamTraits
  /// The picture in red, green and blue, or these and alpha where a frame has that.
  private var output: (frame: MediaFrame, hasAlpha: Bool, converter: FrameConverter)?
  /// Packets since the start of the file; nil after a search.
  private var packetCount: Int? = 0
  private var isDraining = false
  /// Whether the fourth byte of a pixel means nothing, as in the uncompressed pictures of an AVI, where
  /// most programs leave it 0 (`BITMAPINFOHEADER`, BI_RGB).
  private let ignoresAlpha: Bool
  /// Whether the current frame is one that ``advance()`` has yet to give.
  private var isAhead = false

  /// Opens the file and its decoder. Throws ``MediaError``.
  ///
  /// - Parameter isOnlyCounting: Leaves out work that changes what frames look like, but not how
  ///   many there are.
  init(path: String, isOnlyCounting: Bool = false) throws {
    input = try MediaInput(path: path)
    stream = try input.videoStream()
    geometry = try FrameGeometry(of: stream, in: input)
    let parameters = stream.pointee.codecpar
    traits = StreamTraits(parameters?.pointee ?? AVCodecParameters())
    ignoresAlpha =
      input.containerName == "avi" && parameters?.pointee.codec_id == AV_CODEC_ID_RAWVIDEO
    let decoder = try AllowedFormats.decoder(
      for: parameters?.pointee.codec_id ?? AV_CODEC_ID_NONE,
      keepsAlpha: av_dict_get(stream.pointee.metadata, "alpha_mode", nil, 0)
        .map { String(cString: $0.pointee.value) == "1" } ?? false,
      file: path)
    codec = try MediaLibrary.allocated(avcodec_alloc_context3(decoder), file: path)
    frame = try MediaFrame(file: path)
    packet = av_packet_alloc()

    let cannotDecode = "cannot be decoded"
    try MediaLibrary.check(
      avcodec_parameters_to_context(codec, parameters), .notMedia, file: path, found: cannotDecode)
    codec.pointee.pkt_timebase = stream.pointee.time_base
    codec.pointee.thread_count = Self.threads(geometry)
    codec.pointee.max_pixels = Int64(PictureLimits.mostPixels)
    if isOnlyCounting {
      codec.pointee.skip_loop_filter = AVDISCARD_ALL
      codec.pointee.skip_idct = AVDISCARD_ALL
    }
    try MediaLibrary.check(
      avcodec_open2(codec, decoder, nil), .notMedia, file: path, found: cannotDecode)
    if input.isPicture {
      // Only once it is decoded does a picture say how it is turned, and so what size it has.
      isAhead = advance()
      if isAhead { geometry = geometry.turned(as: frame.handle) }
    }
  }

  deinit {
    var closing: UnsafeMutablePointer<AVCodecContext>? = codec
    avcodec_free_context(&closing)
    av_packet_free(&packet)
  }

  /// What was passed over so far.
  ///
  /// - Parameter framesRead: Frames given since the start; nil after a search.
  func warnings(framesRead: Int?) -> [MediaWarning] {
    var warnings: [MediaWarning] = []
    if isTruncated {
      warnings.append(
        MediaWarning(
          kind: .truncated, file: input.path,
          found: framesRead.map { "ends early: \($0) frames could be read" }
            ?? "ends before its last frame"))
    }
    if let damage = MediaWarning.damage(damagedCount, file: input.path) { warnings.append(damage) }
    return warnings
  }

  /// When the current frame is shown, in the stream's time base; nil if the file does not say.
  var timestamp: Int64? {
    let value = frame.handle.pointee.best_effort_timestamp
    return value == cffmpeg_no_timestamp() ? nil : value
  }

  /// Moves to the next frame without converting it; false at the end.
  func advance() -> Bool {
    if isAhead {
      isAhead = false
      return true
    }
    while true {
      let status = avcodec_receive_frame(codec, frame.handle)
      if status >= 0 {
        if frame.handle.pointee.flags & Int32(AV_FRAME_FLAG_CORRUPT) != 0
          || frame.handle.pointee.decode_error_flags != 0
        {
          damagedCount += 1
        }
        traits.note(frame.handle.pointee)
        if frame.handle.pointee.width > 0, frame.handle.pointee.height > 0 { return true }
      } else if status == cffmpeg_error_end_of_file() {
        return false
      } else if status == cffmpeg_error_try_again() {
        sendPacket()
      } else {
        damagedCount += 1
        // A decoder that fails while it empties itself would fail for ever.
        if isDraining { return false }
      }
    }
  }

  /// The current frame as a picture: square pixels, upright, full-range RGB, transparency over white.
  func picture() throws -> RGBImage {
    let hasAlpha = !ignoresAlpha && FrameConverter.hasAlpha(frame.handle.pointee.format)
    let output = try output(hasAlpha: hasAlpha)
    try output.converter.convert(frame.handle)
    let result = output.frame.handle.pointee
    let pixels = try MediaLibrary.allocated(result.data.0, file: input.path)
    return geometry.picture(from: pixels, stride: Int(result.linesize.0), hasAlpha: hasAlpha)
  }

  private func output(
    hasAlpha: Bool
  ) throws -> (frame: MediaFrame, hasAlpha: Bool, converter: FrameConverter) {
    if let output, output.hasAlpha == hasAlpha { return output }
    let made = try MediaFrame(
      width: geometry.scaledWidth, height: geometry.scaledHeight,
      format: hasAlpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24, file: input.path)
    made.handle.pointee.color_range = AVCOL_RANGE_JPEG
    let result = (made, hasAlpha, FrameConverter(into: made, file: input.path))
    output = result
    return result
  }

  /// Threads for the decoder: 0, its own choice, for usual sizes. Each holds frames of its own, so
  /// that very large ones get fewer.
  private static func threads(_ geometry: FrameGeometry) -> Int32 {
    let pixels = geometry.scaledWidth * geometry.scaledHeight
    return pixels <= 1 << 23 ? 0 : Int32(max(1, PictureLimits.mostPixels / pixels))
  }

  /// Continues at the packet with decoding time `timestamp`; false if the file cannot be searched.
  func seek(to timestamp: Int64) -> Bool {
    guard av_seek_frame(input.context, stream.pointee.index, timestamp, AVSEEK_FLAG_BACKWARD) >= 0
    else { return false }
    avcodec_flush_buffers(codec)
    isDraining = false
    packetCount = nil
    return true
  }

  /// Gives the decoder the next packet of the stream, or the end.
  private func sendPacket() {
    while !isDraining {
      let status = av_read_frame(input.context, packet)
      if status < 0 {
        isTruncated =
          isTruncated || status != cffmpeg_error_end_of_file()
          || StreamEnding.isMissing(of: input, stream: stream, packetCount: packetCount)
        isDraining = true
        avcodec_send_packet(codec, nil)
        return
      }
      defer { av_packet_unref(packet) }
      guard let current = packet?.pointee, current.stream_index == stream.pointee.index else {
        continue
      }
      packetCount = packetCount.map { $0 + 1 }
      if current.flags & AV_PKT_FLAG_CORRUPT != 0 { isTruncated = true }
      if avcodec_send_packet(codec, packet) < 0 { damagedCount += 1 }
      return
    }
  }
}
