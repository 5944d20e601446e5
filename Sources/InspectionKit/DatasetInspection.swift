import TrainingData

/// What a folder of videos holds for training and measuring.
///
/// Encoded with snake-case keys it is what `pvdm dataset inspect --json` prints.
public struct DatasetInspection: Sendable, Encodable {
  /// The videos of one part.
  public struct Part: Sendable, Encodable {
    /// `train` or `test`.
    public let name: String
    /// Videos that can be used.
    public let videos: Int
    /// Their frames together.
    public let frames: Int
  }

  /// Videos of one picture size.
  public struct Resolution: Sendable, Encodable {
    /// Width in pixels, as frames are read.
    public let width: Int
    /// Height in pixels.
    public let height: Int
    /// Videos of this size.
    public let videos: Int
  }

  /// Videos of one rate.
  public struct Rate: Sendable, Encodable {
    /// Average frames a second; nil for folders of frames.
    public let framesPerSecond: Double?
    /// Videos of this rate.
    public let videos: Int
  }

  /// What clips of one length can be cut from all videos.
  public struct Clips: Sendable, Encodable {
    /// Frames of a clip.
    public let frames: Int
    /// Videos that give clips.
    public let videos: Int
    /// Those among them that are padded in front.
    public let paddedVideos: Int
    /// Videos that are too short.
    public let tooShortVideos: Int
    /// Clips side by side, as for measuring.
    public let separateClips: Int
    /// Different clips to draw from, as for training.
    public let windows: Int
  }

  /// The folder, as it was given.
  public let path: String
  /// The layout's name.
  public let layout: String
  /// What was found, in sentences.
  public let found: [String]
  /// Those among them that a person must see.
  public let warnings: [String]
  /// Videos that can be used.
  public let videos: Int
  /// Their frames together.
  public let frames: Int
  /// Frames of the shortest video.
  public let shortestVideo: Int
  /// Frames of the longest video.
  public let longestVideo: Int
  /// Training and test videos.
  public let parts: [Part]
  /// The most frequent first.
  public let resolutions: [Resolution]
  /// The most frequent first.
  public let rates: [Rate]
  /// Clips of S frames, for the autoencoder, and of 2S, for the denoiser.
  public let clips: [Clips]
  /// Files that cannot be used, each with its reason.
  public let broken: [BrokenVideo]
  /// Files that are used as far as they can be read, with what is damaged or missing.
  public let damaged: [BrokenVideo]

  /// Looks into a set of videos.
  ///
  /// - Parameter clipFrames: Frames of a clip S.
  public init(_ dataset: VideoDataset, clipFrames: Int) {
    let all = dataset.videos
    path = dataset.root
    layout = dataset.layout.name
    found = dataset.explanation
    warnings = dataset.warnings
    videos = all.count
    frames = all.reduce(0) { $0 + $1.frameCount }
    shortestVideo = all.map(\.frameCount).min() ?? 0
    longestVideo = all.map(\.frameCount).max() ?? 0
    parts = DatasetSplit.allCases.map { split in
      let chosen = all.filter { $0.split == split }
      return Part(
        name: split.rawValue, videos: chosen.count,
        frames: chosen.reduce(0) { $0 + $1.frameCount })
    }
    resolutions = Self.frequencies(all.map { [$0.width, $0.height] })
      .map { Resolution(width: $0.value[0], height: $0.value[1], videos: $0.count) }
    rates = Self.frequencies(all.map(\.framesPerSecond))
      .map { Rate(framesPerSecond: $0.value, videos: $0.count) }
    clips = [clipFrames, 2 * clipFrames].map {
      Clips(all, frames: $0, fewest: clipFrames)
    }
    broken = dataset.broken
    damaged = dataset.damaged
  }

  /// Values and how often they come, the most frequent first, else in order of appearance.
  private static func frequencies<Value: Hashable>(
    _ values: [Value]
  ) -> [(value: Value, count: Int)] {
    var places: [Value: Int] = [:]
    var result: [(value: Value, count: Int)] = []
    for value in values {
      if let place = places[value] {
        result[place].count += 1
      } else {
        places[value] = result.count
        result.append((value, 1))
      }
    }
    return result.enumerated().sorted {
      ($1.element.count, $0.offset) < ($0.element.count, $1.offset)
    }
    .map(\.element)
  }
}

extension DatasetInspection.Clips {
  /// Counts clips of `frames` frames; videos of `fewest` and more are padded to that.
  fileprivate init(_ videos: [DatasetVideo], frames: Int, fewest: Int) {
    let used = videos.filter { $0.frameCount >= fewest }
    self.frames = frames
    self.videos = used.count
    paddedVideos = used.count { $0.frameCount < frames }
    tooShortVideos = videos.count - used.count
    separateClips = used.reduce(0) { $0 + $1.frameCount / frames }
    windows = used.reduce(0) { $0 + max($1.frameCount - frames, 0) + 1 }
  }
}
