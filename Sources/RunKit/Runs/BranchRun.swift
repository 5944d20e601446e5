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

  /// Describes clips of which all is known.
  package init(
    firstClip: Int, clipCount: Int = 1, seed: UInt64, settings: GenerationSettings, model: String,
    autoencoder: String?, denoiser: String?, source: String? = nil, firstFrame: Int? = nil
  ) {
    self.firstClip = firstClip
    self.clipCount = clipCount
    self.seed = seed
    self.settings = settings
    self.model = model
    self.autoencoder = autoencoder
    self.denoiser = denoiser
    self.source = source
    self.firstFrame = firstFrame
  }

  /// The last part of a path.
  package static func fileName(_ path: String?) -> String? {
    path.map { URL(filePath: $0).lastPathComponent }
  }

  /// Whether another run goes on in the same way, so that both count as one.
  package func isFollowed(by next: BranchRun) -> Bool {
    var same = next
    same.firstClip = firstClip
    same.clipCount = clipCount
    // How many clips each run was asked for changes none of them.
    same.settings.clipCount = settings.clipCount
    return same == self && source == nil
  }
}
