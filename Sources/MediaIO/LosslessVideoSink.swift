internal import CFFmpeg

/// Matroska with FFV1: every pixel comes back as it was given, and every frame stands by itself, so
/// that any of them is found at once.
final class LosslessVideoSink: FrameSink {
  private let path: String
  private let target: String
  private let options: OutputOptions
  private var pipeline: (frame: MediaFrame, encoder: StreamEncoder)?
  private var frameCount: Int64 = 0

  init(path: String, target: String, options: OutputOptions) throws {
    self.path = path
    self.target = target
    self.options = options
    try StreamEncoder.encoder(named: Self.encoderName, target: target)
  }

  func append(_ frame: RGBImage) throws {
    let pipeline = try pipeline ?? makePipeline(for: frame)
    self.pipeline = pipeline
    try frame.pixels.withUnsafeBufferPointer {
      try pipeline.frame.fill(
        $0, width: frame.width, height: frame.height, scale: options.scale)
    }
    try pipeline.encoder.encode(pipeline.frame, timestamp: frameCount)
    frameCount += 1
  }

  func finish() throws { try pipeline?.encoder.finish() }

  private static let encoderName = "ffv1"

  private func makePipeline(
    for frame: RGBImage
  ) throws -> (frame: MediaFrame, encoder: StreamEncoder) {
    let (width, height) = (frame.width * options.scale, frame.height * options.scale)
    try PictureLimits.check(
      width: width, height: height, file: target, found: "would have frames of")
    let rate = options.frameRate
    var configuration = StreamEncoder.Configuration(
      container: "matroska", encoder: Self.encoderName, pixelFormat: AV_PIX_FMT_BGR0,
      width: width, height: height,
      timeBase: AVRational(num: Int32(rate.denominator), den: Int32(rate.numerator)),
      frameRate: rate)
    configuration.encoderOptions = ["level": "3", "g": "1", "slicecrc": "1"]
    if let settings = options.settings { configuration.metadata = [MediaMetadata.key: settings] }
    let pixels = try MediaFrame(
      width: width, height: height, format: AV_PIX_FMT_BGR0, file: target)
    return (
      pixels, try StreamEncoder(path: path, target: target, configuration: configuration)
    )
  }
}
