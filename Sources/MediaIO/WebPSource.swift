internal import CFFmpeg

/// The frames of an animated WebP: each a part of the canvas, laid on what the ones before it left.
final class WebPSource: FrameSource {
  let path: String
  let frameRate: FrameRate?
  private(set) var position = 0

  private let file: InputFile
  private let container: WebPContainer
  private let decoder: PictureDecoder
  /// `[height, width, 4]`: straight red, green, blue and alpha; transparent at first, whatever
  /// background the file names, as browsers show it.
  private var canvas: [UInt8]
  private var damaged: Set<Int> = []

  /// Opens the file. Throws ``MediaError``.
  init(path: String) throws {
    self.path = path
    file = try InputFile(path: path)
    container = try WebPContainer(file)
    decoder = try PictureDecoder(AV_CODEC_ID_WEBP, file: path)
    canvas = [UInt8](repeating: 0, count: container.width * container.height * 4)
    let seconds = Double(container.frames.reduce(0) { $0 + $1.duration }) / 1000
    frameRate = FrameRate(framesPerSecond: Double(container.frames.count) / max(seconds, 1e-9))
  }

  var width: Int { container.width }
  var height: Int { container.height }

  var warnings: [MediaWarning] {
    var warnings: [MediaWarning] = []
    if container.isTruncated, position == container.frames.count {
      warnings.append(
        MediaWarning(
          kind: .truncated, file: path, found: "ends early: \(position) frames could be read"))
    }
    return warnings + [MediaWarning.damage(damaged.count, file: path)].compactMap { $0 }
  }

  func frameCount() -> Int { container.frames.count }

  func estimatedFrameCount() -> Int { container.frames.count }

  func seek(toFrame target: Int) throws {
    if target < position {
      position = 0
      canvas = [UInt8](repeating: 0, count: canvas.count)
    }
    while position < min(target, container.frames.count) { try advance() }
  }

  func next() throws -> RGBImage? {
    guard position < container.frames.count else { return nil }
    try advance()
    return Transparency.picture(canvas, width: width, height: height)
  }

  /// Draws frame `position`. One that cannot be decoded leaves the canvas as it is, and is counted.
  private func advance() throws {
    let frame = container.frames[position]
    if position > 0 { clear(container.frames[position - 1]) }
    let bytes = try container.picture(position, in: file)
    do {
      try decoder.decode(bytes) { pixels, stride, size in
        guard size == (frame.width, frame.height) else { throw PictureDecoder.Failure() }
        draw(frame, pixels, stride)
      }
    } catch is PictureDecoder.Failure {
      damaged.insert(position)
    }
    position += 1
  }

  private func clear(_ frame: WebPContainer.Frame) {
    guard frame.isCleared else { return }
    for row in frame.y..<frame.y + frame.height {
      let start = (row * width + frame.x) * 4
      canvas.replaceSubrange(
        start..<start + frame.width * 4, with: repeatElement(0, count: frame.width * 4))
    }
  }

  private func draw(_ frame: WebPContainer.Frame, _ source: UnsafePointer<UInt8>, _ stride: Int) {
    let width = width
    canvas.withUnsafeMutableBufferPointer { canvas in
      for row in 0..<frame.height {
        for column in 0..<frame.width {
          let from = source + row * stride + column * 4
          let to = ((frame.y + row) * width + frame.x + column) * 4
          if frame.replaces || from[3] == 255 {
            for channel in 0..<4 { canvas[to + channel] = from[channel] }
          } else if from[3] > 0 {
            Self.blend(from, onto: &canvas, at: to)
          }
        }
      }
    }
  }

  /// The specification's formula for straight alpha, section "Alpha-blending", rounded to nearest.
  private static func blend(
    _ source: UnsafePointer<UInt8>, onto canvas: inout UnsafeMutableBufferPointer<UInt8>,
    at place: Int
  ) {
    let above = Int(source[3]) * 255
    let below = Int(canvas[place + 3]) * (255 - Int(source[3]))
    let total = above + below
    for channel in 0..<3 {
      let sum = Int(source[channel]) * above + Int(canvas[place + channel]) * below
      canvas[place + channel] = UInt8((sum + total / 2) / total)
    }
    canvas[place + 3] = UInt8((total + 127) / 255)
  }
}
