internal import CFFmpeg

/// Pixels from one FFmpeg format, size and colour space to another: FFmpeg's scaler, kept between
/// frames of one kind.
final class FrameConverter {
  private struct Kind: Equatable {
    let width: Int32
    let height: Int32
    let format: Int32
    let colorspace: AVColorSpace
    let range: AVColorRange
    let chroma: AVChromaLocation
  }

  private let file: String
  private let output: MediaFrame
  private var context: OpaquePointer?
  private var kind: Kind?

  /// A converter that fills `output`, whose format, size and colour tags say what is wanted.
  init(into output: MediaFrame, file: String) {
    self.output = output
    self.file = file
  }

  deinit { sws_freeContext(context) }

  /// Converts one frame into the output frame. Throws ``MediaError`` when FFmpeg cannot.
  func convert(_ input: UnsafeMutablePointer<AVFrame>) throws {
    let frame = input.pointee
    let kind = Kind(
      width: frame.width, height: frame.height, format: frame.format,
      colorspace: frame.colorspace, range: frame.color_range, chroma: frame.chroma_location)
    if kind != self.kind {
      try configure(for: frame)
      self.kind = kind
    }
    try output.makeWritable()
    try MediaLibrary.check(
      sws_scale_frame(context, output.handle, input), .unsupported, file: file,
      found: "has frames that cannot be converted")
  }

  private func configure(for input: AVFrame) throws {
    sws_freeContext(context)
    context = sws_alloc_context()
    let scaler = UnsafeMutableRawPointer(try MediaLibrary.allocated(context, file: file))
    let result = output.handle.pointee
    let settings: [(String, Int64)] = [
      ("srcw", Int64(input.width)), ("srch", Int64(input.height)),
      ("src_format", Int64(input.format)),
      ("dstw", Int64(result.width)), ("dsth", Int64(result.height)),
      ("dst_format", Int64(result.format)),
      // Exact rounding and colour at every pixel rather than at every other one.
      (
        "sws_flags",
        Int64(SWS_BICUBIC | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP)
      ),
      ("src_h_chr_pos", Self.chromaPosition(of: input).across),
      ("src_v_chr_pos", Self.chromaPosition(of: input).down),
      ("dst_h_chr_pos", Self.chromaPosition(of: result).across),
      ("dst_v_chr_pos", Self.chromaPosition(of: result).down),
    ]
    for (name, value) in settings {
      try MediaLibrary.check(
        av_opt_set_int(scaler, name, value, 0), .unsupported, file: file,
        found: "has frames that cannot be converted")
    }
    let inputIsRGB = Self.isRGB(input.format)
    if !inputIsRGB || !Self.isRGB(result.format) {
      // The matrix is the luma one, whichever side has it.
      let matrix = sws_getCoefficients(Self.colorspace(of: inputIsRGB ? result : input))
      sws_setColorspaceDetails(
        context, matrix, Self.isFullRange(input) ? 1 : 0, matrix,
        Self.isFullRange(result) ? 1 : 0, 0, 1 << 16, 1 << 16)
    }
    try MediaLibrary.check(
      sws_init_context(context, nil, nil), .unsupported, file: file,
      found: "has frames that cannot be converted")
  }

  /// The scaler's number for a frame's matrix. Where a stream does not say, pictures larger than
  /// standard definition are taken for BT.709 and others for BT.601, as players do.
  private static func colorspace(of frame: AVFrame) -> Int32 {
    switch frame.colorspace {
    case AVCOL_SPC_UNSPECIFIED, AVCOL_SPC_RESERVED, AVCOL_SPC_RGB:
      let isHighDefinition = frame.width >= 1280 || frame.height > 576
      return isHighDefinition ? SWS_CS_ITU709 : SWS_CS_ITU601
    default: return Int32(frame.colorspace.rawValue)
    }
  }

  private static func isFullRange(_ frame: AVFrame) -> Bool {
    let fullRangeFormats = [
      AV_PIX_FMT_YUVJ420P, AV_PIX_FMT_YUVJ422P, AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_YUVJ440P,
      AV_PIX_FMT_YUVJ411P,
    ]
    return frame.color_range == AVCOL_RANGE_JPEG || isRGB(frame.format)
      || fullRangeFormats.contains { $0.rawValue == frame.format }
  }

  private static func isRGB(_ format: Int32) -> Bool {
    guard let descriptor = av_pix_fmt_desc_get(AVPixelFormat(format)) else { return false }
    let flags = UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)
    return descriptor.pointee.flags & flags != 0
  }

  /// Whether pixels of this format can be transparent; a palette's colours can.
  static func hasAlpha(_ format: Int32) -> Bool {
    guard let descriptor = av_pix_fmt_desc_get(AVPixelFormat(format)) else { return false }
    let flags = UInt64(AV_PIX_FMT_FLAG_ALPHA | AV_PIX_FMT_FLAG_PAL)
    return descriptor.pointee.flags & flags != 0
  }

  /// Where colour samples lie, in 1/256 of a luma pixel; -513 leaves it to the scaler. Without a
  /// statement 4:2:0 video has them at the left, as MPEG-2 and everything since.
  private static func chromaPosition(of frame: AVFrame) -> (across: Int64, down: Int64) {
    guard let descriptor = av_pix_fmt_desc_get(AVPixelFormat(frame.format)),
      descriptor.pointee.log2_chroma_w == 1, descriptor.pointee.log2_chroma_h == 1
    else { return (-513, -513) }
    switch frame.chroma_location {
    case AVCHROMA_LOC_CENTER: return (128, 128)
    case AVCHROMA_LOC_TOPLEFT: return (0, 0)
    case AVCHROMA_LOC_TOP: return (128, 0)
    default: return (0, 128)
    }
  }
}
