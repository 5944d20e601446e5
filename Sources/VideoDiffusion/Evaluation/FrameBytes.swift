/// Frames of a video as they are looked at by evaluations: 8 bits a channel, any size.
///
/// `bytes` is `[count, height, width, 3]`, channels last, 0 ... 255.
package struct FrameBytes: Sendable, Hashable {
  /// Number of frames, at least 1.
  package let count: Int
  /// Rows.
  package let height: Int
  /// Columns.
  package let width: Int
  /// `[count, height, width, 3]`.
  package let bytes: [UInt8]

  /// Wraps bytes of a known shape.
  package init(count: Int, height: Int, width: Int, bytes: [UInt8]) {
    precondition(count > 0 && height > 0 && width > 0)
    precondition(bytes.count == count * height * width * 3)
    self.count = count
    self.height = height
    self.width = width
    self.bytes = bytes
  }

  /// Clips one after the other as 8-bit frames, cut off, not rounded, as the original scores them.
  package init(_ clips: [PixelClip]) {
    precondition(!clips.isEmpty && clips.allSatisfy { $0.side == clips[0].side })
    self.init(
      count: clips.reduce(0) { $0 + $1.frames }, height: clips[0].side, width: clips[0].side,
      bytes: clips.flatMap(\.bytes))
  }

  /// Some of the frames.
  package subscript(range: Range<Int>) -> FrameBytes {
    let size = height * width * 3
    return FrameBytes(
      count: range.count, height: height, width: width,
      bytes: Array(bytes[(range.lowerBound * size)..<(range.upperBound * size)]))
  }
}
