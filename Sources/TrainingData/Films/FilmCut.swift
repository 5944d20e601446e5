import Foundation
import MediaIO

/// How films are cut into clips to learn from.
public struct FilmCut: Sendable, Hashable, Codable {
  /// Frames of each clip.
  public var frames: Int
  /// Frames between the beginnings of two clips of a shot, of those that are kept.
  public var stride: Int
  /// One of so many of a film's frames is kept: more makes more motion a frame.
  public var every: Int
  /// Height and width in pixels: frames are cropped to a centred square and resized.
  public var size: Int
  /// The mean difference of neighbouring frames that a clip has at least, in hundredths of the full range.
  public var leastMotion: Double
  /// The score from which on a frame begins another shot, 0 to 100: ``ShotDetector``.
  public var threshold: Double
  /// How clips are stored.
  public var format: SkyRecipe.Format
  /// The share of shots that are held out for testing, 0 ..< 1.
  public var testShare: Double

  /// Settings with the given values.
  ///
  /// - Parameter stride: `nil` for clips that follow each other.
  public init(
    frames: Int = 64, stride: Int? = nil, every: Int = 1, size: Int = 64, leastMotion: Double = 0,
    threshold: Double = ShotDetector.usualThreshold, format: SkyRecipe.Format = .mkv,
    testShare: Double = 0.1
  ) {
    self.frames = frames
    self.stride = stride ?? frames
    self.every = every
    self.size = size
    self.leastMotion = leastMotion
    self.threshold = threshold
    self.format = format
    self.testShare = testShare
  }

  /// Throws ``DatasetError`` for values that make no clips.
  func check(for path: String) throws {
    func require(_ condition: Bool, _ name: String, _ found: String, _ expected: String) throws {
      if condition { return }
      throw DatasetError(path, .setting(name: name, found: found, expected: expected))
    }
    try require((2...10_000).contains(frames), "frames", "\(frames)", "2 to 10000")
    try require((1...1_000_000).contains(stride), "stride", "\(stride)", "1 to 1000000")
    try require((1...1000).contains(every), "every", "\(every)", "1 to 1000")
    try require((8...4096).contains(size), "size", "\(size)", "8 to 4096 pixels")
    try require(
      (0...100).contains(leastMotion), "least-motion", "\(leastMotion)", "0 to 100 hundredths")
    try require(
      threshold > 0 && threshold <= 100, "threshold", "\(threshold)", "more than 0, at most 100")
    try require((0..<1).contains(testShare), "test-share", "\(testShare)", "0 to below 1")
  }

  /// Whether a shot is held out: spread evenly over a film, and all of its clips together, since those look
  /// alike.
  ///
  /// - Parameter shot: Its number among those that gave a clip, from 0.
  func isTest(shot: Int) -> Bool {
    Int(Double(shot + 1) * testShare) > Int(Double(shot) * testShare)
  }

  /// Where a clip is kept within the folder: `train/bunny-01m07.250s.mkv`, by the film and where in it the clip
  /// begins.
  ///
  /// - Parameter rate: The film's; `nil` for pictures, which are named by their number.
  func path(film: String, shot: Int, firstFrame: Int, rate: FrameRate?) -> String {
    let place: String
    if let rate {
      let thousandths = firstFrame * rate.denominator * 1000 / rate.numerator
      place = String(
        format: "%02dm%02d.%03ds", thousandths / 60_000, thousandths / 1000 % 60,
        thousandths % 1000)
    } else {
      place = String(format: "f%06d", firstFrame)
    }
    let part: DatasetSplit = isTest(shot: shot) ? .test : .train
    let ending = format == .frames ? "/" : ".\(format.rawValue)"
    return "\(part.rawValue)/\(film)-\(place)\(ending)"
  }

  /// What came of a film.
  public struct Film: Sendable, Hashable, Codable {
    /// Its name in clips, without the ending of its file.
    public var name: String
    /// The file's size in bytes, or the number of pictures of a folder.
    public var size: Int
    /// Frames of it.
    public var frames: Int
    /// The first frame of each shot, from 0.
    public var shots: [Int]
    /// Clips that are kept, and those that moved too little.
    public var clips: Int
    public var still: Int
  }
}
