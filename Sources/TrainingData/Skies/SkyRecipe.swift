import MediaIO
import TensorCore

/// Everything that decides a generated set of skies.
public struct SkyRecipe: Sendable, Hashable, Codable {
  /// How the videos are stored.
  public enum Format: String, Sendable, Hashable, Codable, CaseIterable {
    /// FFV1 in Matroska: lossless.
    case mkv
    /// H.264 of high quality: a sixth of the size, nearly lossless.
    case mp4
    /// A folder of PNGs for each video.
    case frames
  }

  /// Videos of both parts together.
  public var clips: Int
  /// Decides every scene.
  public var seed: UInt64
  /// Height and width in pixels.
  public var size: Int
  /// Frames of each video.
  public var frames: Int
  /// Frames a second at which the videos are to be shown.
  public var framesPerSecond: Double
  /// How the videos are stored.
  public var format: Format
  /// The share of videos that are held out for testing, 0 ..< 1, rounded down.
  public var testShare: Double

  /// A recipe with the given values; the defaults suit the `skies-64` model.
  public init(
    clips: Int, seed: UInt64, size: Int = 64, frames: Int = 64, framesPerSecond: Double = 8,
    format: Format = .mkv, testShare: Double = 0.1
  ) {
    self.clips = clips
    self.seed = seed
    self.size = size
    self.frames = frames
    self.framesPerSecond = framesPerSecond
    self.format = format
    self.testShare = testShare
  }

  /// Videos held out for testing: the last ones.
  public var testClips: Int { Int(Double(clips) * testShare) }

  /// The scene of a video, by its number from 0. It depends on the seed and the number alone, so
  /// that sets of different sizes begin alike.
  public func scene(_ clip: Int) -> SkyScene { SkyScene(seed: seed(of: clip)) }

  func seed(of clip: Int) -> UInt64 {
    var numbers = SeededNumbers(seed, UInt64(clip))
    return numbers.next()
  }

  /// Path of a video within the set's folder; one that ends in `/` is a folder of frames.
  func path(of clip: Int) -> String {
    let digits = String(clip)
    let number = String(repeating: "0", count: max(0, 5 - digits.count)) + digits
    let part: DatasetSplit = clip < clips - testClips ? .train : .test
    let ending = format == .frames ? "/" : ".\(format.rawValue)"
    return "\(part.rawValue)/sky\(number)\(ending)"
  }

  /// The command that makes the set again.
  public var command: String {
    "pvdm dataset skies --clips \(clips) --seed \(seed) --size \(size) --frames \(frames)"
      + " --fps \(framesPerSecond) --format \(format.rawValue) --test-share \(testShare)"
      + " --output DIR"
  }

  /// Throws ``DatasetError`` for values that make no set; returns the exact frame rate.
  @discardableResult
  func checked(for path: String) throws -> FrameRate {
    func require(_ condition: Bool, _ name: String, _ found: String, _ expected: String) throws {
      if condition { return }
      throw DatasetError(path, .setting(name: name, found: found, expected: expected))
    }
    try require((1...1_000_000).contains(clips), "clips", "\(clips)", "1 to 1000000")
    try require((8...4096).contains(size), "size", "\(size)", "8 to 4096 pixels")
    try require((1...100_000).contains(frames), "frames", "\(frames)", "1 to 100000")
    try require(
      (0..<1).contains(testShare), "test-share", "\(testShare)", "0 to below 1")
    guard let rate = FrameRate(framesPerSecond: framesPerSecond) else {
      throw DatasetError(
        path,
        .setting(name: "fps", found: "\(framesPerSecond)", expected: "0.001 to 1000"))
    }
    return rate
  }
}
