import TensorCore

/// Random windows for training, without end.
///
/// In each epoch every video gives one window, in an order of that epoch's own; where the window
/// begins and whether it is mirrored is drawn anew. Every draw is a function of the seed, the epoch
/// and the number within it alone, so that a position says everything about what comes next.
public struct ClipSampler: ClipWindowSource {
  /// How clips are cut.
  public struct Settings: Sendable, Hashable, Codable {
    /// Frames of a clip: S to train the autoencoder, 2S for the denoiser.
    public var frames: Int
    /// The fewest frames that a video must have; if below ``frames``, so many of a shorter one are
    /// taken and the rest is padded in front, as the authors' code does. S in both cases.
    public var fewestFrames: Int
    /// Windows begin at multiples of this, where latents are cached so; 1 for anywhere.
    public var startMultiple: Int
    /// Whether half of the windows exchange left and right.
    public var mirrors: Bool

    /// Settings with the given values.
    public init(frames: Int, fewestFrames: Int, startMultiple: Int = 1, mirrors: Bool = false) {
      precondition(
        frames >= 1 && (1...frames).contains(fewestFrames) && startMultiple >= 1,
        "clips cannot be cut like this")
      self.frames = frames
      self.fewestFrames = fewestFrames
      self.startMultiple = startMultiple
      self.mirrors = mirrors
    }
  }

  /// Where a sampler stands. Encoded with a run, it gives the same windows that would have come.
  public struct Position: Sendable, Hashable, Codable {
    /// Decides every draw.
    public let seed: UInt64
    /// Times that all videos were gone through.
    public internal(set) var epoch: Int
    /// Windows given in this epoch.
    public internal(set) var index: Int
    /// Tells the videos and settings apart from others.
    let fingerprint: UInt64
  }

  /// How clips are cut.
  public let settings: Settings
  /// The videos that windows are taken from: those long enough.
  public let videos: [DatasetVideo]
  /// Videos left out because they are too short.
  public let tooShortCount: Int
  /// Where it stands: the next window's epoch and number.
  public private(set) var position: Position
  /// This epoch's order of the videos.
  private var order: [Int]

  /// Begins with the first epoch.
  ///
  /// - Throws: ``DatasetError`` if no video is long enough.
  public init(_ videos: [DatasetVideo], of root: String, settings: Settings, seed: UInt64) throws {
    self.videos = videos.filter { $0.frameCount >= settings.fewestFrames }
    tooShortCount = videos.count - self.videos.count
    self.settings = settings
    if self.videos.isEmpty {
      let longest = videos.map(\.frameCount).max() ?? 0
      throw DatasetError(root, .allTooShort(longest: longest, needed: settings.fewestFrames))
    }
    position = Position(
      seed: seed, epoch: 0, index: 0, fingerprint: Self.fingerprint(self.videos, settings))
    order = Self.order(of: position, count: self.videos.count)
  }

  /// Goes on from a position.
  ///
  /// - Throws: ``DatasetError`` as above, or if the position was saved with other videos or settings.
  public init(
    _ videos: [DatasetVideo], of root: String, settings: Settings, resumingAt position: Position
  ) throws {
    try self.init(videos, of: root, settings: settings, seed: position.seed)
    guard position.fingerprint == self.position.fingerprint,
      (0...1 << 40).contains(position.epoch),
      (0..<self.videos.count).contains(position.index)
    else { throw DatasetError(root, .otherPosition) }
    self.position = position
    order = Self.order(of: position, count: self.videos.count)
  }

  /// The next window; there is always one.
  public mutating func next() -> ClipWindow? {
    let video = videos[order[position.index]]
    var numbers = SeededNumbers(
      position.seed, 1, UInt64(position.epoch), UInt64(position.index))
    let taken =
      video.frameCount < settings.frames ? settings.fewestFrames : settings.frames
    let spare = video.frameCount - taken
    let start =
      spare > 0
      ? numbers.whole(below: spare / settings.startMultiple + 1) * settings.startMultiple : 0
    let isMirrored = settings.mirrors && numbers.chance(0.5)
    position.index += 1
    if position.index == videos.count {
      position.index = 0
      position.epoch += 1
      order = Self.order(of: position, count: videos.count)
    }
    return ClipWindow(
      video: video, start: start, frames: settings.frames, paddedFrames: settings.frames - taken,
      isMirrored: isMirrored)
  }

  private static func order(of position: Position, count: Int) -> [Int] {
    var numbers = SeededNumbers(position.seed, 0, UInt64(position.epoch))
    return numbers.permutation(of: count)
  }

  private static func fingerprint(_ videos: [DatasetVideo], _ settings: Settings) -> UInt64 {
    let parts = [
      settings.frames, settings.fewestFrames, settings.startMultiple, settings.mirrors ? 1 : 0,
    ]
    return videos.reduce(SeededNumbers.hash("\(parts)", seed: 0)) { hash, video in
      SeededNumbers.hash("\(video.path)/\(video.frameCount)", seed: hash)
    }
  }
}
