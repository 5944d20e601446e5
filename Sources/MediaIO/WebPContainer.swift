/// The chunks of an animated WebP (WebP Container Specification): RIFF chunks of a four-letter name, a
/// little-endian length and data, padded to an even length.
///
/// FFmpeg decodes WebP pictures but not animations, so this takes them apart.
struct WebPContainer {
  /// One frame of the animation.
  struct Frame {
    /// Where its picture goes on the canvas.
    let x: Int
    let y: Int
    /// Size of its picture.
    let width: Int
    let height: Int
    /// Milliseconds for which it is shown.
    let duration: Int
    /// Whether its picture replaces what is under it, rather than being laid over it.
    let replaces: Bool
    /// Whether its place is made transparent once it was shown.
    let isCleared: Bool
    /// Where the picture's own chunks lie in the file.
    let data: Range<Int>
  }

  /// Size of the canvas in pixels.
  let width: Int
  let height: Int
  let frames: [Frame]
  /// Whether the file ends before its last chunk does.
  let isTruncated: Bool

  /// More frames are not read.
  private static let mostFrames = 1 << 20
  private static let frameHeaderLength = 16

  /// Whether the first bytes of a WebP, at least 21, announce an animation.
  static func isAnimated(header: [UInt8]) -> Bool {
    header.count > 20 && header[12...].starts(with: Array("VP8X".utf8)) && header[20] & 0x02 != 0
  }

  /// Finds the frames; only the heads of chunks are read. Throws `notMedia` and `unsupported`.
  init(_ file: InputFile) throws {
    let header = try file.read(limit: 30)
    guard header.count == 30, Self.isAnimated(header: header) else {
      throw MediaError(.notMedia, file: file.path, found: "is not an animated WebP")
    }
    width = Self.number(header, at: 24, bytes: 3) + 1
    height = Self.number(header, at: 27, bytes: 3) + 1
    try PictureLimits.check(width: width, height: height, file: file.path, found: "claims")

    var frames: [Frame] = []
    var isTruncated = false
    // Behind the name RIFF, its length and the name WEBP.
    var position = 12
    let end = min(8 + Self.number(header, at: 4, bytes: 4), file.size)
    while position + 8 <= end {
      let head = try file.read(from: position, limit: 8 + Self.frameHeaderLength)
      let length = Self.number(head, at: 4, bytes: 4)
      let isWhole = length <= file.size - position - 8
      if head.starts(with: Array("ANMF".utf8)) {
        guard isWhole, length > Self.frameHeaderLength else {
          isTruncated = !isWhole
          break
        }
        guard frames.count < Self.mostFrames else {
          throw MediaError(
            .unsupported, file: file.path, found: "holds more than \(Self.mostFrames) frames",
            expected: "give a shorter one")
        }
        let frame = Self.frame(head, at: position, length: length)
        guard frame.x + frame.width <= width, frame.y + frame.height <= height else {
          throw MediaError(
            .notMedia, file: file.path,
            found: "is a damaged WebP (frame \(frames.count) lies outside its canvas)")
        }
        frames.append(frame)
      }
      position += 8 + length + length % 2
    }
    self.isTruncated = isTruncated || 8 + Self.number(header, at: 4, bytes: 4) > file.size
    self.frames = frames
    if frames.isEmpty {
      throw MediaError(.empty, file: file.path, found: "is a WebP animation without frames")
    }
  }

  /// The picture of a frame as a WebP file of its own, as a decoder of pictures wants it.
  func picture(_ number: Int, in file: InputFile) throws -> [UInt8] {
    let frame = frames[number]
    let chunks = try file.read(from: frame.data.lowerBound, limit: frame.data.count)
    var body = Array("WEBP".utf8)
    if chunks.starts(with: Array("ALPH".utf8)) {
      // Transparency in a chunk of its own has to be announced.
      body += Array("VP8X".utf8) + Self.bytes(of: 10, count: 4) + [0x10, 0, 0, 0]
      body += Self.bytes(of: frame.width - 1, count: 3) + Self.bytes(of: frame.height - 1, count: 3)
    }
    return Array("RIFF".utf8) + Self.bytes(of: body.count + chunks.count, count: 4) + body + chunks
  }

  /// The frame whose chunk begins at `position` with the bytes `head`.
  private static func frame(_ head: [UInt8], at position: Int, length: Int) -> Frame {
    let start = position + 8 + frameHeaderLength
    return Frame(
      x: number(head, at: 8, bytes: 3) * 2, y: number(head, at: 11, bytes: 3) * 2,
      width: number(head, at: 14, bytes: 3) + 1, height: number(head, at: 17, bytes: 3) + 1,
      duration: number(head, at: 20, bytes: 3), replaces: head[23] & 0x02 != 0,
      isCleared: head[23] & 0x01 != 0, data: start..<(position + 8 + length))
  }

  private static func number(_ bytes: [UInt8], at offset: Int, bytes count: Int) -> Int {
    bytes[offset..<offset + count].reversed().reduce(0) { $0 << 8 | Int($1) }
  }

  private static func bytes(of number: Int, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
  }
}
