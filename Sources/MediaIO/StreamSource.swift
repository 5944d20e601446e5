internal import CFFmpeg

/// Frames of a media file by number, through FFmpeg.
final class StreamSource: FrameSource {
  let path: String
  let frameRate: FrameRate?
  private(set) var position = 0

  private var decoder: StreamDecoder
  private var packets: PacketIndex?
  private var counted: Int?
  /// Whether the decoder stands on frame `position`, which a search decoded to know where it was.
  private var holdsFrame = false
  private var hasEnded = false
  private var wasSearched = false
  private let decodingLimit: Int

  /// Opens a file.
  ///
  /// - Parameter decodingLimit: Pixels that are decoded and dropped to reach a frame, rather than
  ///   that it is searched for by the file's own index.
  /// - Throws: ``MediaError``.
  init(path: String, decodingLimit: Int = FrameCount.usualDecodingLimit) throws {
    self.path = path
    self.decodingLimit = decodingLimit
    decoder = try StreamDecoder(path: path)
    frameRate =
      decoder.input.isPicture ? nil : decoder.input.frameRate(of: decoder.stream)
  }

  var width: Int { decoder.geometry.width }
  var height: Int { decoder.geometry.height }

  var warnings: [MediaWarning] {
    decoder.warnings(framesRead: wasSearched ? nil : position)
      + decoder.traits.warnings(file: path)
  }

  func next() throws -> RGBImage? {
    guard advance() else { return nil }
    let picture = try decoder.picture()
    position += 1
    return picture
  }

  func frameCount() throws -> Int {
    if hasEnded, !wasSearched { return position }
    if let counted { return counted }
    let count = try FrameCount(
      path: path, packets: packetIndex(), decodingLimit: decodingLimit
    ).frames
    counted = count
    return count
  }

  func estimatedFrameCount() throws -> Int { try packetIndex().count }

  /// Frames are numbered as they are decoded from the start. That is also how they are reached,
  /// unless it takes long and the file's packets are known to be its frames.
  func seek(toFrame target: Int) throws {
    if target == position { return }
    let steps = target > position && !wasSearched ? target - position : target
    if Double(steps) * Double(width) * Double(height) > Double(decodingLimit),
      try search(for: target)
    {
      return
    }
    if target < position || wasSearched { try rewind() }
    skip(to: target)
  }

  /// Moves the decoder to frame `position`; false at the end.
  private func advance() -> Bool {
    if hasEnded { return false }
    if holdsFrame {
      holdsFrame = false
      return true
    }
    hasEnded = !decoder.advance()
    return !hasEnded
  }

  private func skip(to target: Int) {
    while position < target, advance() { position += 1 }
  }

  private func rewind() throws {
    decoder = try StreamDecoder(path: path)
    position = 0
    holdsFrame = false
    hasEnded = false
    wasSearched = false
  }

  /// Jumps by the file's own index. False when that could not be done or did not arrive, without any
  /// damage on the way, at exactly the frame wanted; if the decoder was moved, its place is then
  /// undefined and `wasSearched` is set.
  private func search(for target: Int) throws -> Bool {
    let index = try packetIndex()
    guard decoder.damagedCount == 0, let wanted = index.timestamp(of: target),
      let keyframe = index.keyframe(before: target)
    else { return false }
    if !hasEnded, keyframe.frame <= position, position < target {
      skip(to: target)
      return true
    }
    wasSearched = true
    guard decoder.seek(to: keyframe.decodingTime) else { return false }
    hasEnded = false
    holdsFrame = false
    while decoder.advance() {
      guard let time = decoder.timestamp else { return false }
      if time < wanted { continue }
      holdsFrame = time == wanted && decoder.damagedCount == 0
      position = target
      return holdsFrame
    }
    return false
  }

  private func packetIndex() throws -> PacketIndex {
    if let packets { return packets }
    let read = try PacketIndex(path: path)
    packets = read
    return read
  }
}
