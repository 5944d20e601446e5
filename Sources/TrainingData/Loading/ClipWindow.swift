import VideoDiffusion

/// Which frames of which video make a clip.
public struct ClipWindow: Sendable, Hashable {
  /// The video.
  public let video: DatasetVideo
  /// First frame that is read, from 0.
  public let start: Int
  /// Frames of the clip, those put before the video's own included.
  public let frames: Int
  /// Frames of zeros that stand before the video's first, where it is too short.
  public let paddedFrames: Int
  /// Whether left and right are exchanged.
  public let isMirrored: Bool

  /// Chooses frames of a video; all but the padded ones must be there.
  public init(
    video: DatasetVideo, start: Int, frames: Int, paddedFrames: Int = 0, isMirrored: Bool = false
  ) {
    precondition(
      start >= 0 && (0..<frames).contains(paddedFrames)
        && start + frames - paddedFrames <= video.frameCount, "a window reaches out of its video")
    self.video = video
    self.start = start
    self.frames = frames
    self.paddedFrames = paddedFrames
    self.isMirrored = isMirrored
  }

  /// Whether the first half may serve as a condition: nothing of it is padded.
  ///
  /// Videos shorter than two clips are padded in front, and their condition is set to zero (paper,
  /// section 3.3, and the authors' code).
  public var hasCondition: Bool { paddedFrames == 0 }

  /// Where a target clip of half the frames may begin for training without a condition: 0 ... S, or
  /// later where the first frames are padded.
  public var targetStarts: ClosedRange<Int> {
    let half = frames / 2
    return min(paddedFrames, half)...half
  }
}

/// A clip as it is trained on: prepared frames and where they come from.
public struct TrainingClip: Sendable, Hashable {
  /// The window that was read.
  public let window: ClipWindow
  /// All frames, in -1 ... 1; padded ones are black (-1), as 8-bit zeros are.
  public let pixels: PixelClip

  /// Joins a window and its frames.
  public init(window: ClipWindow, pixels: PixelClip) {
    precondition(pixels.frames == window.frames, "a clip has the frames of its window")
    self.window = window
    self.pixels = pixels
  }

  /// Some of the frames.
  public func frames(_ range: Range<Int>) -> PixelClip {
    precondition(range.lowerBound >= 0 && range.upperBound <= pixels.frames, "no such frames")
    let size = pixels.side * pixels.side * 3
    return PixelClip(
      frames: range.count, side: pixels.side,
      values: Array(pixels.values[(range.lowerBound * size)..<(range.upperBound * size)]))
  }
}

/// Clips that are trained on at once.
public struct ClipBatch: Sendable, Hashable {
  /// The windows of all clips.
  public let windows: [ClipWindow]
  /// The clips by their places among ``windows``, all of one shape: all of them, or where a batch is shared
  /// those of one process.
  public let clipsByPlace: [Int: TrainingClip]

  /// Joins clips of one shape.
  public init(clips: [TrainingClip]) {
    self.init(
      windows: clips.map(\.window),
      clipsByPlace: Dictionary(uniqueKeysWithValues: zip(clips.indices, clips)))
  }

  init(windows: [ClipWindow], clipsByPlace: [Int: TrainingClip]) {
    self.windows = windows
    self.clipsByPlace = clipsByPlace
  }

  /// The clips that are here, in order.
  public var clips: [TrainingClip] { windows.indices.compactMap { clipsByPlace[$0] } }

  /// 1 for each clip that has a condition, 0 for one whose condition is to be zero: `[B]`.
  public var conditionMask: [Float] { clips.map { $0.window.hasCondition ? 1 : 0 } }
}

/// Gives windows one after another, without reading anything.
///
/// A source is a value: a copy gives the same windows again.
public protocol ClipWindowSource: Sendable {
  /// The next window; nil after the last.
  mutating func next() -> ClipWindow?
}
