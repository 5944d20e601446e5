internal import CFFmpeg

/// Frames of a media file by number, through FFmpeg.
final class StreamSource: FrameSource {
  let path: String
  let frameRate: FrameRate?
  private(set) var position = 0

  private var decoder: StreamDecoder
  private var index: FrameIndex?
  /// Whether the decoder stands on frame `position`, which a search decoded to know where it was.
  private var holdsFrame = false
  private var hasEnded = false
  private var wasSearched = false

  /// How far ahead frames are decoded and dropped rather than searched for.
  private static let shortJump = 64

  init(path: String) throws {
    self.path = path
    decoder = try StreamDecoder(path: path)
    frameRate = decoder.input.frameRate(of: decoder.stream)
  }

  var width: Int { decoder.geometry.width }
  var height: Int { decoder.geometry.height }

  var warnings: [MediaWarning] {
    var warnings: [MediaWarning] = []
    if decoder.isTruncated {
      let found = "ends early: \(position) frames could be read"
      warnings.append(
        MediaWarning(
          kind: .truncated, file: path,
          found: wasSearched ? "ends before its last frame" : found))
    }
    if decoder.damagedCount > 0 {
      let count = decoder.damagedCount
      warnings.append(
        MediaWarning(
          kind: .damagedFrames(count), file: path,
          found: "holds \(count) damaged frame\(count == 1 ? "" : "s")"))
    }
    return warnings
  }

  func next() throws -> RGBImage? {
    guard advance() else { return nil }
    let picture = try decoder.picture()
    position += 1
    return picture
  }

  func frameCount() throws -> Int { try builtIndex().count }

  func seek(toFrame target: Int) throws {
    if target == position { return }
    if target > position, target - position <= Self.shortJump { return skip(to: target) }
    if try search(for: target) { return }
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

  /// Jumps by the file's index. False when that could not be done or did not arrive at exactly
  /// the frame wanted; the decoder's place is then undefined and `wasSearched` is set.
  private func search(for target: Int) throws -> Bool {
    let index = try builtIndex()
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
      holdsFrame = time == wanted
      position = target
      return holdsFrame
    }
    return false
  }

  private func builtIndex() throws -> FrameIndex {
    if let index { return index }
    let built = try FrameIndex(path: path)
    index = built
    return built
  }
}
