import Foundation

/// Clips of a branch, one after the other, that were made in the same way.
public struct BranchRun: Sendable, Hashable, Codable {
  /// The first of them, from 0.
  public var firstClip: Int
  /// How many there are.
  public var clipCount: Int
  /// Seed of the run; clip k has the noise of `ClipSeed.seed(seed, clip: k)`.
  public var seed: UInt64
  /// The settings; of footage, those of the run that brought it in.
  public var settings: GenerationSettings
  /// The model's name, and its checkpoints' file names.
  public var model: String
  public var autoencoder: String?
  public var denoiser: String?
  /// Of footage, its file name and first frame.
  public var source: String?
  public var firstFrame: Int?

  /// Describes one clip.
  init(_ clip: Clip) {
    firstClip = clip.index
    clipCount = 1
    seed = clip.seed
    settings = clip.settings
    model = clip.model.name
    autoencoder = Self.fileName(clip.model.autoencoder)
    denoiser = Self.fileName(clip.model.denoiser)
    if case .footage(let path, let frame) = clip.source {
      source = Self.fileName(path)
      firstFrame = frame
    }
  }

  static func fileName(_ path: String?) -> String? {
    path.map { URL(filePath: $0).lastPathComponent }
  }

  /// The runs of a branch; clips that were made alike count as one run, whenever they were made.
  static func runs(of branch: [Clip]) -> [BranchRun] {
    var runs: [BranchRun] = []
    for clip in branch {
      let run = BranchRun(clip)
      if var last = runs.last, last.isFollowed(by: run) {
        last.clipCount += 1
        runs[runs.count - 1] = last
      } else {
        runs.append(run)
      }
    }
    return runs
  }

  private func isFollowed(by next: BranchRun) -> Bool {
    var same = next
    same.firstClip = firstClip
    same.clipCount = clipCount
    // How many clips each run was asked for changes none of them.
    same.settings.clipCount = settings.clipCount
    return same == self && source == nil
  }
}

extension RunSettings {
  /// Describes a branch of a video: the last run's settings, and every run's.
  ///
  /// - Parameters:
  ///   - branch: At least one clip, from the start.
  ///   - framesPerSecond: `nil` takes the model's.
  init(branch: [Clip], framesPerSecond: Double? = nil) {
    precondition(!branch.isEmpty, "a branch has clips")
    let last = branch[branch.count - 1]
    let model = last.model
    self.init(
      command: "studio", model: model.name,
      autoencoder: BranchRun.fileName(model.autoencoder),
      denoiser: BranchRun.fileName(model.denoiser), precision: last.settings.precision,
      framesPerSecond: framesPerSecond ?? model.framesPerSecond ?? 16)
    var request = last.settings.request()
    request.clipCount = branch.count
    self.request = request
    seed = last.seed
    runs = BranchRun.runs(of: branch)
  }
}
