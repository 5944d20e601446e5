import Glibc

/// The frames of one clip as numbers.
///
/// `values` is `[frames, side, side, 3]`, channels last, in -1 ... 1.
public struct PixelClip: Sendable, Hashable {
  /// Number of frames.
  public let frames: Int
  /// Height and width in pixels.
  public let side: Int
  /// `[frames, side, side, 3]`, in -1 ... 1.
  public var values: [Float]

  /// Wraps values of a known shape.
  public init(frames: Int, side: Int, values: [Float]) {
    precondition(values.count == frames * side * side * 3)
    self.frames = frames
    self.side = side
    self.values = values
  }

  /// Takes 8-bit frames, `[frames, side, side, 3]`: `x = byte / 127.5 - 1`.
  public init(frames: Int, side: Int, bytes: [UInt8]) {
    self.init(frames: frames, side: side, values: bytes.map { Float($0) / 127.5 - 1 })
  }

  /// Takes prepared frames with values 0 ... 255, `[frames, side, side, 3]`.
  public init(frames: Int, side: Int, levels: [Float]) {
    self.init(frames: frames, side: side, values: levels.map { $0 / 127.5 - 1 })
  }

  /// The frames as 8-bit values, cut off, not rounded, as the original writes them:
  /// `trunc((clamp(y, -1, 1) + 1) * 127.5)`.
  public var bytes: [UInt8] {
    values.map { UInt8(($0.isFinite ? min(max($0, -1), 1) + 1 : 0) * 127.5) }
  }

  /// Peak signal to noise ratio against another clip of the same shape, in dB:
  /// `-10 log10(mean((x / 2 - y / 2)^2))`. Infinite for equal clips.
  public func signalToNoise(against other: PixelClip) -> Double {
    precondition(values.count == other.values.count)
    var sum = 0.0
    for (x, y) in zip(values, other.values) {
      let difference = Double(x - y) / 2
      sum += difference * difference
    }
    return -10 * log10(sum / Double(values.count))
  }
}
