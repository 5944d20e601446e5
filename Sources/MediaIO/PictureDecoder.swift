internal import CFFmpeg

/// FFmpeg's decoder of single pictures, given their bytes without a container.
final class PictureDecoder {
  /// Why a picture was not decoded, for a caller that goes on with the next one.
  struct Failure: Error {}

  private let file: String
  private var codec: UnsafeMutablePointer<AVCodecContext>?
  private var packet: UnsafeMutablePointer<AVPacket>?
  private let frame: MediaFrame
  private var output: (frame: MediaFrame, converter: FrameConverter)?

  /// A decoder for pictures out of `file`. Throws `missingComponent`.
  init(_ codecID: AVCodecID, file: String) throws {
    self.file = file
    MediaLibrary.prepare()
    let decoder = try AllowedFormats.decoder(for: codecID, file: file)
    frame = try MediaFrame(file: file)
    codec = try MediaLibrary.allocated(avcodec_alloc_context3(decoder), file: file)
    packet = try MediaLibrary.allocated(av_packet_alloc(), file: file)
    codec?.pointee.thread_count = 1
    codec?.pointee.max_pixels = Int64(PictureLimits.mostPixels)
    try MediaLibrary.check(
      avcodec_open2(codec, decoder, nil), .missingComponent, file: file, found: "cannot be decoded")
  }

  deinit {
    avcodec_free_context(&codec)
    av_packet_free(&packet)
  }

  /// Decodes a picture and gives `body` its pixels: red, green, blue and alpha, `stride` bytes from
  /// row to row. Throws ``Failure``, what `body` throws, and ``MediaError`` where memory ends.
  func decode(
    _ bytes: [UInt8],
    _ body: (UnsafePointer<UInt8>, _ stride: Int, _ size: (Int, Int)) throws -> Void
  ) throws {
    av_packet_unref(packet)
    guard let count = Int32(exactly: bytes.count), av_new_packet(packet, count) >= 0 else {
      throw Failure()
    }
    if let data = packet?.pointee.data {
      bytes.withUnsafeBufferPointer { source in
        source.baseAddress.map { data.update(from: $0, count: source.count) }
      }
    }
    guard avcodec_send_packet(codec, packet) >= 0, avcodec_receive_frame(codec, frame.handle) >= 0
    else {
      avcodec_flush_buffers(codec)
      throw Failure()
    }
    let size = (Int(frame.handle.pointee.width), Int(frame.handle.pointee.height))
    let output = try output(size)
    try output.converter.convert(frame.handle)
    let pixels = try MediaLibrary.allocated(output.frame.handle.pointee.data.0, file: file)
    try body(pixels, Int(output.frame.handle.pointee.linesize.0), size)
  }

  private func output(_ size: (Int, Int)) throws -> (frame: MediaFrame, converter: FrameConverter) {
    if let output, Int(output.frame.handle.pointee.width) == size.0,
      Int(output.frame.handle.pointee.height) == size.1
    {
      return output
    }
    let made = try MediaFrame(
      width: size.0, height: size.1, format: AV_PIX_FMT_RGBA, file: file)
    made.handle.pointee.color_range = AVCOL_RANGE_JPEG
    let result = (made, FrameConverter(into: made, file: file))
    output = result
    return result
  }
}
