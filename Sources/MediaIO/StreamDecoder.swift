internal import CFFmpeg

/// The frames of a file's video stream, one after the other, as FFmpeg decodes them.
///
/// Damage does not end the sequence: what decodes is given, what does not is counted.
final class StreamDecoder {
  let input: MediaInput
  let stream: UnsafeMutablePointer<AVStream>
  let geometry: FrameGeometry
  /// Frames or packets that were damaged.
  private(set) var damagedCount = 0
  /// Whether the file ended before the stream did.
  private(set) var isTruncated = false

  private let codec: UnsafeMutablePointer<AVCodecContext>
  private let frame: MediaFrame
  private var packet: UnsafeMutablePointer<AVPacket>?
  private let rgb: MediaFrame
  private let converter: FrameConverter
  /// Packets since the start of the file; nil after a search.
  private var packetCount: Int? = 0
  private var isDraining = false

  /// Opens the file and its decoder. Throws ``MediaError``.
  ///
  /// - Parameter isOnlyCounting: Leaves out work that changes what frames look like, but not how
  ///   many there are.
  init(path: String, isOnlyCounting: Bool = false) throws {
    input = try MediaInput(path: path)
    stream = try input.videoStream()
    geometry = try FrameGeometry(of: stream, in: input)
    let parameters = stream.pointee.codecpar
    let codecID = parameters?.pointee.codec_id ?? AV_CODEC_ID_NONE
    guard let decoder = avcodec_find_decoder(codecID) else {
      throw MediaError(
        .missingComponent, file: path,
        found: "is coded as \(String(cString: avcodec_get_name(codecID)))",
        expected: "the installed FFmpeg has no decoder for it")
    }
    codec = try MediaLibrary.allocated(avcodec_alloc_context3(decoder), file: path)
    frame = try MediaFrame(file: path)
    rgb = try MediaFrame(
      width: geometry.scaledWidth, height: geometry.scaledHeight, format: AV_PIX_FMT_RGB24,
      file: path)
    rgb.handle.pointee.color_range = AVCOL_RANGE_JPEG
    converter = FrameConverter(into: rgb, file: path)
    packet = av_packet_alloc()

    let cannotDecode = "cannot be decoded"
    try MediaLibrary.check(
      avcodec_parameters_to_context(codec, parameters), .notMedia, file: path, found: cannotDecode)
    codec.pointee.pkt_timebase = stream.pointee.time_base
    codec.pointee.thread_count = 0
    codec.pointee.max_pixels = Int64(PNGFile.mostPixels)
    if isOnlyCounting {
      codec.pointee.skip_loop_filter = AVDISCARD_ALL
      codec.pointee.skip_idct = AVDISCARD_ALL
    }
    try MediaLibrary.check(
      avcodec_open2(codec, decoder, nil), .notMedia, file: path, found: cannotDecode)
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
    if damagedCount > 0 {
      warnings.append(
        MediaWarning(
          kind: .damagedFrames(damagedCount), file: input.path,
          found: "holds \(damagedCount) damaged frame\(damagedCount == 1 ? "" : "s")"))
    }
    return warnings
  }

  /// When the current frame is shown, in the stream's time base; nil if the file does not say.
  var timestamp: Int64? {
    let value = frame.handle.pointee.best_effort_timestamp
    return value == cffmpeg_no_timestamp() ? nil : value
  }

  /// Moves to the next frame without converting it; false at the end.
  func advance() -> Bool {
    while true {
      let status = avcodec_receive_frame(codec, frame.handle)
      if status >= 0 {
        if frame.handle.pointee.flags & Int32(AV_FRAME_FLAG_CORRUPT) != 0
          || frame.handle.pointee.decode_error_flags != 0
        {
          damagedCount += 1
        }
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

  /// The current frame as a picture: square pixels, upright, full-range RGB.
  func picture() throws -> RGBImage {
    try converter.convert(frame.handle)
    let pixels = try MediaLibrary.allocated(rgb.handle.pointee.data.0, file: input.path)
    return geometry.picture(from: pixels, stride: Int(rgb.handle.pointee.linesize.0))
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
