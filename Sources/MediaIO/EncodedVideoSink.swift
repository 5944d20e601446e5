internal import CFFmpeg

/// MP4 (H.264) and WebM (VP9): frames in yuv420p, encoded as they come.
///
/// That format needs even sizes; an odd width or height gains one column or row that repeats the
/// edge.
final class EncodedVideoSink: FrameSink {
  private let path: String
  private let target: String
  private let isWebM: Bool
  private let options: OutputOptions
  private var pipeline: Pipeline?
  private var frameCount: Int64 = 0

  private struct Pipeline {
    let rgb: MediaFrame
    let yuv: MediaFrame
    let converter: FrameConverter
    let encoder: StreamEncoder
  }

  init(path: String, target: String, isWebM: Bool, options: OutputOptions) throws {
    self.path = path
    self.target = target
    self.isWebM = isWebM
    self.options = options
    try StreamEncoder.encoder(named: Self.encoderName(isWebM: isWebM), target: target)
  }

  func append(_ frame: RGBImage) throws {
    let pipeline = try pipeline ?? makePipeline(for: frame)
    self.pipeline = pipeline
    try frame.pixels.withUnsafeBufferPointer {
      try pipeline.rgb.fill(
        $0, width: frame.width, height: frame.height, scale: options.scale)
    }
    try pipeline.converter.convert(pipeline.rgb.handle)
    try pipeline.encoder.encode(pipeline.yuv, timestamp: frameCount)
    frameCount += 1
  }

  func finish() throws { try pipeline?.encoder.finish() }

  private static func encoderName(isWebM: Bool) -> String { isWebM ? "libvpx-vp9" : "libx264" }

  private func makePipeline(for frame: RGBImage) throws -> Pipeline {
    let width = (frame.width * options.scale + 1) / 2 * 2
    let height = (frame.height * options.scale + 1) / 2 * 2
    try PictureLimits.check(
      width: width, height: height, file: target, found: "would have frames of")
    let rate = options.frameRate
    var configuration = StreamEncoder.Configuration(
      container: isWebM ? "webm" : "mp4", encoder: Self.encoderName(isWebM: isWebM),
      pixelFormat: AV_PIX_FMT_YUV420P, width: width, height: height,
      timeBase: AVRational(num: Int32(rate.denominator), den: Int32(rate.numerator)),
      frameRate: rate, isBT709: true)
    if isWebM {
      configuration.encoderOptions = [
        "crf": "\(options.quality ?? 20)", "b": "0", "deadline": "good", "cpu-used": "2",
        "row-mt": "1",
      ]
    } else {
      // Without the macroblock tree: x264's vector code for it reads memory that it has not set, so that
      // equal frames give other bytes now and then (seen with MALLOC_PERTURB_, gone with mbtree=0).
      configuration.encoderOptions = [
        "crf": "\(options.quality ?? 16)", "preset": "medium", "profile": "high", "mbtree": "0",
      ]
      // The index first, so that browsers can play while they load; keys of our own are kept.
      configuration.containerOptions = ["movflags": "+faststart+use_metadata_tags"]
    }
    if let settings = options.settings { configuration.metadata = [MediaMetadata.key: settings] }

    let rgb = try MediaFrame(
      width: width, height: height, format: AV_PIX_FMT_RGB24, file: target)
    rgb.handle.pointee.color_range = AVCOL_RANGE_JPEG
    let yuv = try MediaFrame(
      width: width, height: height, format: AV_PIX_FMT_YUV420P, file: target)
    yuv.handle.pointee.color_range = AVCOL_RANGE_MPEG
    yuv.handle.pointee.colorspace = AVCOL_SPC_BT709
    yuv.handle.pointee.color_primaries = AVCOL_PRI_BT709
    yuv.handle.pointee.color_trc = AVCOL_TRC_BT709
    yuv.handle.pointee.chroma_location = AVCHROMA_LOC_LEFT
    return Pipeline(
      rgb: rgb, yuv: yuv, converter: FrameConverter(into: yuv, file: target),
      encoder: try StreamEncoder(path: path, target: target, configuration: configuration))
  }
}
