import Foundation
import MediaIO
import RunKit

/// A clip of a video: a node of its ``ClipTree``. Latent and frames are files beside the database.
public struct Clip: Sendable, Hashable, Identifiable, Codable {
  /// Its name.
  public let id: ClipID
  /// The video it belongs to.
  public let video: VideoID
  /// The clip it continues; `nil` if it starts the video.
  public let parent: ClipID?
  /// Which of its parent's continuations it belongs to, from 0. Clips of one fork are rolls: other
  /// tries at the same place.
  public let fork: Int
  /// Where it came from.
  public let source: Source
  /// The settings that made it; of footage, those of the run that brought it in.
  public let settings: GenerationSettings
  /// The model that made it.
  public let model: ModelReference
  /// Seed of the run that made it. Its noise comes from `ClipSeed.seed(seed, clip: index)`.
  public let seed: UInt64
  /// Clips before it, from the start of the video.
  public let index: Int
  /// Steps that were really run.
  public let steps: Int
  /// When it was complete.
  public let created: Date
  /// How long sampling took, in seconds.
  public let seconds: Double

  /// Where a clip came from.
  public enum Source: Sendable, Hashable, Codable {
    /// The denoiser.
    case generated
    /// Frames of a file, encoded; the first of them, from 0.
    case footage(path: String, firstFrame: Int)
    /// The denoiser, between the clip before and another; this many of its frames are new and are shown.
    case bridge(to: ClipID, frames: Int)
    /// The denoiser, so that the branch is a loop; this many of its frames are those of the start, and are not
    /// shown again.
    case loop(frames: Int)
    /// Another clip of the video, which the clip before leads to.
    case copy(of: ClipID)

    /// Whether the denoiser made it.
    public var isGenerated: Bool {
      switch self {
      case .generated, .bridge, .loop: true
      case .footage, .copy: false
      }
    }

    /// Whether it shows some frames alone of what its latent says.
    public var isCut: Bool {
      switch self {
      case .bridge, .loop: true
      case .generated, .footage, .copy: false
      }
    }

    /// Where it leads, to be made so again.
    public var lead: ClipLead? {
      switch self {
      case .bridge(let target, let frames): .clip(target, frames: frames)
      case .loop: .start
      case .generated, .footage, .copy: nil
      }
    }
  }

  /// Describes a clip.
  public init(
    id: ClipID, video: VideoID, parent: ClipID?, fork: Int = 0, source: Source = .generated,
    settings: GenerationSettings, model: ModelReference, seed: UInt64, index: Int, steps: Int,
    created: Date, seconds: Double
  ) {
    self.id = id
    self.video = video
    self.parent = parent
    self.fork = fork
    self.source = source
    self.settings = settings
    self.model = model
    self.seed = seed
    self.index = index
    self.steps = steps
    self.created = created
    self.seconds = seconds
  }

  /// The same clip without one that it continues.
  func beginning(fork: Int) -> Clip {
    Clip(
      id: id, video: video, parent: nil, fork: fork, source: source, settings: settings,
      model: model, seed: seed, index: index, steps: steps, created: created, seconds: seconds)
  }
}

/// A clip's decoded frames.
public struct ClipFrames: Sendable, Codable {
  /// The clip.
  public let clip: ClipID
  /// Its frames in order, all of one size.
  public let images: [RGBImage]

  /// Frames of a clip.
  public init(clip: ClipID, images: [RGBImage]) {
    self.clip = clip
    self.images = images
  }
}

/// A video as lists show it.
public struct VideoSummary: Sendable, Hashable, Identifiable, Codable {
  /// Its name.
  public let id: VideoID
  /// What people call it.
  public var title: String
  /// Name of the model that made its last clip.
  public var modelName: String
  /// Clips on the branch that ends at its position.
  public var clipCount: Int
  /// All clips of its tree that are not dropped.
  public var totalClipCount: Int
  /// The clip whose frames stand for it.
  public var poster: ClipID?
  /// Frames a second.
  public var framesPerSecond: Double
  /// Seed of its first generated clip.
  public var seed: UInt64
  /// Whether the user marked it.
  public var isMarked: Bool
  /// Whether it is in the trash.
  public var isTrashed: Bool
  /// The comparison that it is a cell of, if it is one.
  public var comparison: ComparisonID?
  /// Files that were written of it and are still there.
  public var exports: [String]
  /// Whether the user gave it a star.
  public var isStarred: Bool
  /// Its clips in sight that have one.
  public var starredClipCount: Int
  /// When it was begun.
  public var created: Date
  /// When a clip was last added or its tree changed.
  public var modified: Date

  /// Describes a video.
  public init(
    id: VideoID, title: String, modelName: String, clipCount: Int, totalClipCount: Int,
    poster: ClipID?, framesPerSecond: Double, seed: UInt64, isMarked: Bool = false,
    isTrashed: Bool = false, comparison: ComparisonID? = nil, exports: [String] = [],
    isStarred: Bool = false, starredClipCount: Int = 0, created: Date, modified: Date
  ) {
    self.id = id
    self.title = title
    self.modelName = modelName
    self.clipCount = clipCount
    self.totalClipCount = totalClipCount
    self.poster = poster
    self.framesPerSecond = framesPerSecond
    self.seed = seed
    self.isMarked = isMarked
    self.isTrashed = isTrashed
    self.comparison = comparison
    self.exports = exports
    self.isStarred = isStarred
    self.starredClipCount = starredClipCount
    self.created = created
    self.modified = modified
  }

  /// Whether nothing stands for it but jobs that were cancelled before they made a clip: the one
  /// that began it, and all others.
  package func isLeftEmpty(by jobs: some Sequence<Job>) -> Bool {
    guard totalClipCount == 0, !isMarked, !isStarred, !isTrashed else { return false }
    let own = jobs.filter { $0.task.video == id }
    return own.contains { $0.created == created }
      && own.allSatisfy { $0.state == .cancelled && $0.finishedClips == 0 }
  }
}
