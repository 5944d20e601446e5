internal import CFFmpeg

/// One video stream encoded into one file: FFmpeg's encoder and muxer together.
final class StreamEncoder {
  /// Everything that must be known before the first frame.
  struct Configuration {
    /// The muxer's short name.
    var container: String
    /// The encoder's name.
    var encoder: String
    /// The encoder's and the muxer's own options.
    var encoderOptions: [String: String] = [:]
    var containerOptions: [String: String] = [:]
    /// Entries for the container's metadata.
    var metadata: [String: String] = [:]
    var pixelFormat: AVPixelFormat
    var width: Int
    var height: Int
    /// Seconds in one unit of a frame's timestamp.
    var timeBase: AVRational
    var frameRate: FrameRate
    /// Whether the pixels are limited-range BT.709 and shall be tagged so.
    var isBT709 = false
  }

  private let target: String
  private var codec: UnsafeMutablePointer<AVCodecContext>?
  private var context: UnsafeMutablePointer<AVFormatContext>?
  private var packet: UnsafeMutablePointer<AVPacket>?
  private let stream: UnsafeMutablePointer<AVStream>

  /// Opens the encoder and writes the container's header to `path`; errors name `target`.
  init(path: String, target: String, configuration: Configuration) throws {
    self.target = target
    MediaLibrary.prepare()
    let encoder = try Self.encoder(named: configuration.encoder, target: target)
    let url = "file:" + path
    try MediaLibrary.check(
      avformat_alloc_output_context2(&context, nil, configuration.container, url),
      .missingComponent, file: target,
      found: "needs FFmpeg's \(configuration.container) writer, which is not installed")
    let context = try MediaLibrary.allocated(context, file: target)
    let codec = try MediaLibrary.allocated(avcodec_alloc_context3(encoder), file: target)
    self.codec = codec
    packet = try MediaLibrary.allocated(av_packet_alloc(), file: target)
    stream = try MediaLibrary.allocated(avformat_new_stream(context, nil), file: target)

    let rate = AVRational(
      num: Int32(configuration.frameRate.numerator), den: Int32(configuration.frameRate.denominator)
    )
    codec.pointee.width = Int32(configuration.width)
    codec.pointee.height = Int32(configuration.height)
    codec.pointee.pix_fmt = configuration.pixelFormat
    codec.pointee.time_base = configuration.timeBase
    codec.pointee.framerate = rate
    codec.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
    codec.pointee.thread_count = 0
    // No versions or dates in the file: equal frames give equal bytes.
    codec.pointee.flags |= AV_CODEC_FLAG_BITEXACT
    context.pointee.flags |= AVFMT_FLAG_BITEXACT
    if configuration.isBT709 {
      codec.pointee.color_range = AVCOL_RANGE_MPEG
      codec.pointee.colorspace = AVCOL_SPC_BT709
      codec.pointee.color_primaries = AVCOL_PRI_BT709
      codec.pointee.color_trc = AVCOL_TRC_BT709
      codec.pointee.chroma_sample_location = AVCHROMA_LOC_LEFT
    }
    if context.pointee.oformat.pointee.flags & AVFMT_GLOBALHEADER != 0 {
      codec.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER
    }
    let encoderOptions = MediaOptions(configuration.encoderOptions)
    try check(avcodec_open2(codec, encoder, &encoderOptions.handle), "cannot be encoded")

    try check(
      avcodec_parameters_from_context(stream.pointee.codecpar, codec), "cannot be encoded")
    stream.pointee.time_base = configuration.timeBase
    stream.pointee.avg_frame_rate = rate
    stream.pointee.sample_aspect_ratio = codec.pointee.sample_aspect_ratio
    for (key, value) in configuration.metadata {
      av_dict_set(&context.pointee.metadata, key, value, 0)
    }
    try check(avio_open2(&context.pointee.pb, url, AVIO_FLAG_WRITE, nil, nil), Self.cannotWrite)
    let containerOptions = MediaOptions(configuration.containerOptions)
    try check(avformat_write_header(context, &containerOptions.handle), Self.cannotWrite)
  }

  deinit {
    avcodec_free_context(&codec)
    av_packet_free(&packet)
    if let context { avio_closep(&context.pointee.pb) }
    avformat_free_context(context)
  }

  /// The encoder of this name. Throws `missingComponent`.
  @discardableResult
  static func encoder(named name: String, target: String) throws -> UnsafePointer<AVCodec> {
    guard let encoder = avcodec_find_encoder_by_name(name) else {
      throw MediaError(
        .missingComponent, file: target, found: "needs the encoder \(name)",
        expected: "the installed FFmpeg libraries do not have it")
    }
    return encoder
  }

  /// Encodes a frame shown from `timestamp` on, in units of the time base.
  func encode(_ frame: MediaFrame, timestamp: Int64) throws {
    frame.handle.pointee.pts = timestamp
    frame.handle.pointee.pict_type = AV_PICTURE_TYPE_NONE
    try check(avcodec_send_frame(codec, frame.handle), "cannot be encoded")
    try writePackets()
  }

  /// Sets an option of the muxer that may change until the end.
  func setContainerOption(_ name: String, to value: Int) throws {
    try check(
      av_opt_set_int(context?.pointee.priv_data, name, Int64(value), 0), Self.cannotWrite)
  }

  /// Encodes what the encoder still holds, completes the container and closes the file.
  func finish() throws {
    try check(avcodec_send_frame(codec, nil), "cannot be encoded")
    try writePackets()
    try check(av_write_trailer(context), Self.cannotWrite)
    guard let context else { return }
    // A full disk may show only now, when the last buffer is written.
    avio_flush(context.pointee.pb)
    let error = context.pointee.pb?.pointee.error ?? 0
    let closed = avio_closep(&context.pointee.pb)
    try check(error, Self.cannotWrite)
    try check(closed, Self.cannotWrite)
  }

  private func writePackets() throws {
    guard let packet, let codec else { return }
    while true {
      let status = avcodec_receive_packet(codec, packet)
      if status == cffmpeg_error_try_again() || status == cffmpeg_error_end_of_file() { return }
      try check(status, "cannot be encoded")
      packet.pointee.stream_index = stream.pointee.index
      if packet.pointee.duration == 0 { packet.pointee.duration = 1 }
      av_packet_rescale_ts(packet, codec.pointee.time_base, stream.pointee.time_base)
      try check(av_interleaved_write_frame(context, packet), Self.cannotWrite)
      try check(context?.pointee.pb?.pointee.error ?? 0, Self.cannotWrite)
    }
  }

  private static let cannotWrite = "cannot be written"

  private func check(_ status: Int32, _ found: String) throws {
    try MediaLibrary.check(status, .cannotWrite, file: target, found: found)
  }
}
