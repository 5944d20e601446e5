internal import CFFmpeg
import Glibc

/// GIF in two passes: FFmpeg's `palettegen` chooses up to 255 colours from all frames, then
/// `paletteuse` maps each frame to them with error diffusion inside the rectangle that changed.
final class GIFSink: FrameSink {
  private let path: String
  private let target: String
  private let options: OutputOptions
  private let spool: FrameSpool
  private var first: FirstPass?
  private var frameCount = 0

  private struct FirstPass {
    let width: Int
    let height: Int
    let frame: MediaFrame
    let graph: FilterGraph
  }

  init(path: String, target: String, options: OutputOptions) throws {
    self.path = path
    self.target = target
    self.options = options
    try StreamEncoder.encoder(named: "gif", target: target)
    spool = try FrameSpool(beside: path, target: target)
  }

  func append(_ frame: RGBImage) throws {
    let first = try first ?? makeFirstPass(for: frame)
    self.first = first
    try spool.append(frame.pixels)
    try frame.pixels.withUnsafeBufferPointer {
      try first.frame.fill($0, width: frame.width, height: frame.height, scale: 1)
    }
    first.frame.handle.pointee.pts = Int64(frameCount)
    try first.graph.push(first.frame, to: "in")
    frameCount += 1
  }

  func finish() throws {
    guard let first else { return }
    try first.graph.push(nil, to: "in")
    let palette = try MediaLibrary.allocated(first.graph.pull(from: "out"), file: target)
    try encode(first, palette: palette)
    try embedSettings()
  }

  private func makeFirstPass(for frame: RGBImage) throws -> FirstPass {
    let (width, height) = (frame.width, frame.height)
    // GIF has 16-bit sizes; the common limit is lower.
    try PictureLimits.check(
      width: width * options.scale, height: height * options.scale, file: target,
      found: "would have frames of")
    return FirstPass(
      width: width, height: height,
      frame: try MediaFrame(width: width, height: height, format: AV_PIX_FMT_BGRA, file: target),
      graph: try FilterGraph(
        FilterGraph.input("in", width: width, height: height)
          + ",palettegen=stats_mode=full,buffersink@out",
        file: target))
  }

  private func encode(_ first: FirstPass, palette: MediaFrame) throws {
    let (width, height) = (first.width * options.scale, first.height * options.scale)
    let graph = try FilterGraph(
      FilterGraph.input("in", width: width, height: height) + "[frames];"
        + FilterGraph.input(
          "palette", width: Int(palette.handle.pointee.width),
          height: Int(palette.handle.pointee.height))
        + "[palette];[frames][palette]"
        + "paletteuse=dither=sierra2_4a:diff_mode=rectangle,buffersink@out",
      file: target)
    palette.handle.pointee.pts = 0
    try graph.push(palette, to: "palette")
    try graph.push(nil, to: "palette")

    let encoder = try StreamEncoder(
      path: path, target: target,
      configuration: StreamEncoder.Configuration(
        container: "gif", encoder: "gif", containerOptions: ["loop": "0"],
        pixelFormat: AV_PIX_FMT_PAL8, width: width, height: height,
        timeBase: AVRational(num: 1, den: 100), frameRate: options.frameRate))
    let enlarged = try MediaFrame(
      width: width, height: height, format: AV_PIX_FMT_BGRA, file: target)
    var pixels = [UInt8](repeating: 0, count: first.width * first.height * 3)
    for number in 0..<frameCount {
      try spool.read(number, into: &pixels)
      try pixels.withUnsafeBufferPointer {
        try enlarged.fill($0, width: first.width, height: first.height, scale: options.scale)
      }
      enlarged.handle.pointee.pts = startTime(of: number)
      try graph.push(enlarged, to: "in")
      try drain(graph, into: encoder)
    }
    try graph.push(nil, to: "in")
    try drain(graph, into: encoder)
    try encoder.setContainerOption(
      "final_delay", to: Int(startTime(of: frameCount) - startTime(of: frameCount - 1)))
    try encoder.finish()
  }

  private func drain(_ graph: FilterGraph, into encoder: StreamEncoder) throws {
    while let frame = try graph.pull(from: "out") {
      try encoder.encode(frame, timestamp: frame.handle.pointee.pts)
    }
  }

  /// When frame `number` is shown in hundredths of a second. Each is rounded from the exact time,
  /// so that the clip's length is right although delays are whole hundredths.
  private func startTime(of number: Int) -> Int64 {
    let rate = options.frameRate
    return Int64((number * 100 * rate.denominator * 2 + rate.numerator) / (rate.numerator * 2))
  }

  /// Replaces the trailer of the finished file by the settings and a trailer.
  private func embedSettings() throws {
    guard let settings = options.settings else { return }
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileSystem.writeError(target) }
    defer { close(descriptor) }
    guard lseek(descriptor, -1, SEEK_END) >= 0 else { throw FileSystem.writeError(target) }
    try GIFComment.blockAndTrailer(for: settings).withUnsafeBytes {
      try FileSystem.write($0, to: descriptor, file: target)
    }
  }
}
