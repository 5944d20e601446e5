import Foundation
import RunKit

/// A training run's folder as a list shows it.
public struct TrainingRunEntry: Sendable, Hashable, Identifiable, Codable {
  /// The folder.
  public var path: String
  /// The stage.
  public var stage: TrainingStage
  /// How it is trained.
  public var configuration: TrainingConfiguration
  /// The folder of videos.
  public var dataPath: String
  /// Steps done by the newest checkpoint.
  public var finishedSteps: Int
  /// What was logged.
  public var history: TrainingHistory
  /// Scores on held-out clips.
  public var scores: TrainingHistory
  /// The last video of samples.
  public var samplePath: String?
  /// The trained network by now.
  public var weightsPath: String?
  /// Whether another process trains in it now.
  public var isElsewhere: Bool
  /// Which one, where it is known.
  public var holder: LockHolder?
  /// When it began.
  public var created: Date
  /// Why it cannot be read, in a sentence; the rest is then made up.
  public var problem: String?

  public var id: String { path }
  /// The folder's name.
  public var name: String { URL(filePath: path).lastPathComponent }
  /// Steps that the whole run has.
  public var steps: Int { configuration[stage].steps }
  /// Whether all steps are done.
  public var isComplete: Bool { finishedSteps >= steps }

  /// Describes a run.
  public init(
    path: String, stage: TrainingStage, configuration: TrainingConfiguration, dataPath: String,
    finishedSteps: Int, history: TrainingHistory = TrainingHistory(),
    scores: TrainingHistory = TrainingHistory(), samplePath: String? = nil,
    weightsPath: String? = nil, isElsewhere: Bool = false, holder: LockHolder? = nil,
    created: Date = .distantPast, problem: String? = nil
  ) {
    self.path = path
    self.stage = stage
    self.configuration = configuration
    self.dataPath = dataPath
    self.finishedSteps = finishedSteps
    self.history = history
    self.scores = scores
    self.samplePath = samplePath
    self.weightsPath = weightsPath
    self.isElsewhere = isElsewhere
    self.holder = holder
    self.created = created
    self.problem = problem
  }

  /// A folder that holds a run which cannot be read.
  init(_ path: String, problem: any Error) {
    self.init(
      path: path, stage: .autoencoder, configuration: TrainingConfiguration(), dataPath: "",
      finishedSteps: 0, problem: Explanation(problem).sentence)
  }

  /// Seconds of a step by the last lines of the log.
  public var secondsPerStep: Double? {
    let last = history.values("seconds_per_step").suffix(5).map(\.value)
    return last.isEmpty ? nil : last.reduce(0, +) / Double(last.count)
  }

  /// Whether a step of another training costs about what one of this did.
  func hasSteps(like other: TrainingConfiguration, _ stage: TrainingStage) -> Bool {
    guard stage == self.stage else { return false }
    let mine = configuration[stage]
    let its = other[stage]
    let sameNetwork =
      stage == .autoencoder
      ? configuration.autoencoder == other.autoencoder
        && configuration.autoencoderTraining.usesDiscriminators
          == other.autoencoderTraining.usesDiscriminators
      : configuration.denoiser == other.denoiser
        && configuration.diffusionTraining.cachesLatents
          == other.diffusionTraining.cachesLatents
    return sameNetwork && mine.batch == its.batch && mine.accumulation == its.accumulation
      && mine.precision == its.precision
      && mine.gradientCheckpointing == its.gradientCheckpointing
  }
}
