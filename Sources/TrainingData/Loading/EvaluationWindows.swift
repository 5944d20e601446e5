/// Fixed windows for measuring: whole clips side by side, no frame twice, nothing padded.
///
/// The first windows of all videos come first, then the second ones, and so on, so that the first N
/// clips show as many videos as possible and are the same however many are asked for.
public struct EvaluationWindows: ClipWindowSource {
  /// All windows in order.
  public let windows: [ClipWindow]
  private var given = 0

  /// Cuts videos into windows.
  ///
  /// - Parameters:
  ///   - frames: Frames of a clip, at least 1.
  ///   - limit: Clips at most; nil for all.
  /// - Throws: ``DatasetError`` if no video is long enough.
  public init(_ videos: [DatasetVideo], of root: String, frames: Int, limit: Int? = nil) throws {
    precondition(frames >= 1 && limit ?? 0 >= 0, "clips cannot be cut like this")
    let longest = videos.map(\.frameCount).max() ?? 0
    guard longest >= frames else {
      throw DatasetError(root, .allTooShort(longest: longest, needed: frames))
    }
    var windows: [ClipWindow] = []
    let limit = limit ?? .max
    for start in stride(from: 0, through: longest - frames, by: frames) {
      for video in videos where windows.count < limit && video.frameCount >= start + frames {
        windows.append(ClipWindow(video: video, start: start, frames: frames))
      }
    }
    self.windows = windows
  }

  /// The next window; nil after the last.
  public mutating func next() -> ClipWindow? {
    guard given < windows.count else { return nil }
    defer { given += 1 }
    return windows[given]
  }
}
