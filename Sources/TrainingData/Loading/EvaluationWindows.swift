import TensorCore

/// Fixed windows for measuring, chosen by a seed: whole clips, no frame twice, nothing padded.
///
/// Videos come in a random order. Each is cut into whole clips side by side, the first of which begins
/// at a random frame, and gives them in an order that begins with a random one. The first clips of all
/// videos come first, then the second ones, and so on: the first N clips show as many videos as
/// possible, of all classes and scenes alike, and are the same however many are asked for. (In the
/// order of paths the first 2,048 clips of UCF-101 are those of its first 22 classes.)
///
/// A video's place and cut depend on the seed, its path and its length alone, so that one that is added
/// or removed changes nothing for the others.
public struct EvaluationWindows: ClipWindowSource {
  /// Where in a video its clips lie.
  public enum Placement: Sendable, Hashable {
    /// Side by side, from a random frame on.
    case anywhere
    /// One at its beginning, for what depends on a frame's place in the video.
    case beginning
  }

  /// Decides the choice.
  public let seed: UInt64
  /// All windows, those that were given included.
  public let count: Int
  private let frames: Int
  private let placement: Placement
  /// Videos with a clip in this round, in the seed's order.
  private var videos: [DatasetVideo]
  private var round = 0
  private var place = 0
  private var given = 0

  /// Chooses windows.
  ///
  /// - Parameters:
  ///   - frames: Frames of a clip, at least 1.
  ///   - limit: Clips at most; nil for all.
  ///   - seed: Decides the choice.
  ///   - placement: Where in a video they lie.
  /// - Throws: ``DatasetError`` if no video is long enough.
  public init(
    _ videos: [DatasetVideo], of root: String, frames: Int, limit: Int? = nil, seed: UInt64 = 0,
    placement: Placement = .anywhere
  ) throws {
    precondition(frames >= 1 && limit ?? 0 >= 0, "clips cannot be cut like this")
    let longest = videos.map(\.frameCount).max() ?? 0
    guard longest >= frames else {
      throw DatasetError(root, .allTooShort(longest: longest, needed: frames))
    }
    self.seed = seed
    self.frames = frames
    self.placement = placement
    let ranked = videos.filter { $0.frameCount >= frames }
      .map { (video: $0, rank: SeededNumbers.hash($0.path, seed: seed)) }
      .sorted { ($0.rank, $0.video.path) < ($1.rank, $1.video.path) }
    self.videos = ranked.map(\.video)
    count = min(
      self.videos.reduce(0) { $0 + Self.clips(in: $1, frames, placement) }, limit ?? .max)
  }

  private static func clips(in video: DatasetVideo, _ frames: Int, _ placement: Placement) -> Int {
    placement == .beginning ? 1 : video.frameCount / frames
  }

  /// The next window; nil after the last.
  public mutating func next() -> ClipWindow? {
    guard given < count else { return nil }
    if place == videos.count {
      place = 0
      round += 1
      videos.removeAll { Self.clips(in: $0, frames, placement) <= round }
    }
    let video = videos[place]
    place += 1
    given += 1
    return ClipWindow(video: video, start: start(in: video), frames: frames)
  }

  /// Where a video's clip of this round begins.
  private func start(in video: DatasetVideo) -> Int {
    if placement == .beginning { return 0 }
    var numbers = SeededNumbers(seed, SeededNumbers.hash(video.path, seed: ~seed))
    let clips = video.frameCount / frames
    let first = numbers.whole(below: video.frameCount % frames + 1)
    let clip = numbers.whole(below: clips)
    // With a step that shares no divisor with their number, all clips come once.
    var step = 1 + numbers.whole(below: clips)
    while Self.greatestCommonDivisor(step, clips) != 1 { step = 1 + numbers.whole(below: clips) }
    return first + (clip + round * step) % clips * frames
  }

  private static func greatestCommonDivisor(_ first: Int, _ second: Int) -> Int {
    var (larger, smaller) = (first, second)
    while smaller != 0 { (larger, smaller) = (smaller, larger % smaller) }
    return larger
  }
}
