import Foundation
import TensorCore
import TrainingData
import VideoDiffusion

/// What a run does in one of the stages: its data, its steps, its samples.
protocol StageWork: AnyObject {
  /// Numbers that are trained.
  var parameterCount: Int { get async }
  /// Names of the losses that steps may give, the whole first.
  var lossNames: [String] { get }
  /// Whether the whole loss falls while all is well, so that a rise tells of divergence; against
  /// discriminators, which learn as well, it need not.
  var hasFallingLoss: Bool { get }
  /// Names of the scores that samples give.
  var scoreNames: [String] { get }
  /// Where the data goes on after the steps taken so far.
  var position: ClipSampler.Position { get }
  /// Videos that are left out because they are shorter than a clip.
  var tooShortVideos: Int { get }
  /// Held-out videos that cannot be read, so that others are measured on.
  var brokenHeldOut: [BrokenVideo] { get }
  /// Clips passed over so far, and the videos that they are of.
  var skipped: (clips: Int, videos: [BrokenVideo]) { get }

  /// Takes a step.
  ///
  /// - Parameter number: Its number in the run, from 1. All that it draws depends on the run's seed and
  ///   on this.
  func step(_ number: Int) async throws -> TrainingStepResult
  /// Writes the state to go on from. Where ranks train together, the first writes and the others give
  /// what they have (`nil`).
  func writeState(metadata: [String: String], to path: String?) async throws
  /// Writes the network as a checkpoint to make videos with; the same holds for ranks.
  func writeNetwork(to path: String?) async throws
  /// Shows what a written network can do.
  ///
  /// - Parameters:
  ///   - network: The network that was written last.
  ///   - video: The path for a video.
  /// - Returns: The scores on held-out clips.
  func sample(network: NetworkFile, video: String) async throws -> [NamedNumber]
}

/// The videos of a run: those to learn from and those that are held out.
struct TrainingVideos {
  let root: String
  let training: [DatasetVideo]
  let heldOut: [DatasetVideo]
  /// What a person should see.
  let notes: [String]

  /// Looks through a folder.
  ///
  /// - Parameter cacheFolder: Where what is found out about the videos is kept.
  /// - Throws: `DatasetError` if there are no videos to learn from.
  init(
    _ root: String, cacheFolder: String, onProgress: @Sendable (Int, Int) -> Void
  ) throws {
    try? FileManager.default.createDirectory(
      atPath: cacheFolder, withIntermediateDirectories: true)
    let dataset = try VideoDataset(
      root: root, cacheFolder: cacheFolder, onProgress: onProgress)
    self.root = dataset.root
    training = try dataset.videos(in: .train)
    let test = dataset.videos.filter { $0.split == .test }
    heldOut = test.isEmpty ? training : test
    var notes = dataset.notes(of: root)
    if test.isEmpty {
      notes.append("no video is held out, so that scores are those of videos that are learnt from")
    }
    self.notes = notes
  }

  /// Frames a second at which the videos look right.
  var framesPerSecond: Double { training.first?.framesPerSecond ?? 8 }
}

/// What a step draws, beside the data's order: a stream of numbers for every use and batch.
struct StepDraws {
  private let seed: UInt64
  private let step: UInt64

  /// Uses of random numbers in a step.
  enum Use: UInt64 {
    case frame = 1
    case condition, offset, noise, conditionNoise, latentNoise
  }

  init(seed: UInt64, step: Int) {
    self.seed = seed
    self.step = UInt64(step)
  }

  /// Numbers for one use in one batch of the step.
  func numbers(_ use: Use, batch: Int) -> SeededNumbers {
    SeededNumbers(seed, 0x5354_4550, use.rawValue, step, UInt64(batch))
  }

  /// The seed of a generator of normal numbers.
  func generatorSeed(_ use: Use, batch: Int) -> UInt64 {
    var numbers = numbers(use, batch: batch)
    return numbers.next() & 0xFFFF_FFFF
  }
}
