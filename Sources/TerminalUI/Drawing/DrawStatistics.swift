/// What drawing has cost, for a status bar.
public struct DrawStatistics: Sendable, Hashable {
  /// Frames sent that changed something.
  public var framesDrawn = 0
  /// Times that a changed picture was left as it was, to stay within the limit of bytes.
  public var imageFramesDropped = 0
  /// Bytes sent since the start.
  public var totalBytes = 0
  /// Bytes sent in the last second.
  public var bytesPerSecond = 0
  /// How finely pictures are drawn now.
  public var imageDetail = ImageDetail.full

  /// Nothing drawn yet.
  public init() {}

  /// `bytesPerSecond` for people, such as `38 KB/s`.
  public var rateText: String { "\((bytesPerSecond + 500) / 1_000) KB/s" }
}
