import RunKit

/// What happens during a training run, in order.
public enum TrainingEvent: Sendable, Hashable {
  /// Things a person should see.
  case notes([String])
  /// Part of the preparation is done: looking through the data, caching latents.
  case preparation(ItemProgress)
  /// The steps begin, or go on after a stop.
  case began(TrainingStart)
  /// Some steps are done.
  case progress(TrainingProgress)
  /// Samples were made and held-out clips measured.
  case samples(TrainingSamples)
  /// A checkpoint is whole on the disk.
  case checkpoint(step: Int, path: String)
}

/// What a run is about to do.
public struct TrainingStart: Sendable, Hashable, Codable {
  /// Steps done before, by the run itself.
  public let finishedSteps: Int
  /// Steps that the whole run has.
  public let steps: Int
  /// Numbers that are trained, those of discriminators not counted.
  public let parameterCount: Int
  /// Videos to learn from, and videos held out.
  public let trainingVideos, heldOutVideos: Int
  /// Clips that make up one step.
  public let clipsPerStep: Int

  /// Describes a beginning.
  public init(
    finishedSteps: Int, steps: Int, parameterCount: Int, trainingVideos: Int, heldOutVideos: Int,
    clipsPerStep: Int
  ) {
    self.finishedSteps = finishedSteps
    self.steps = steps
    self.parameterCount = parameterCount
    self.trainingVideos = trainingVideos
    self.heldOutVideos = heldOutVideos
    self.clipsPerStep = clipsPerStep
  }
}

/// A number with its name, for example a loss.
public struct NamedNumber: Sendable, Hashable, Codable {
  /// A name in lower case without spaces, as files use it: `loss`, `l1`, `psnr`.
  public let name: String
  /// The number.
  public let value: Double

  /// Names a number.
  public init(_ name: String, _ value: Double) {
    self.name = name
    self.value = value
  }
}

/// How far a run is: one line of its log.
public struct TrainingProgress: Sendable, Hashable, Codable {
  /// Steps done.
  public let step: Int
  /// Steps that the whole run has.
  public let steps: Int
  /// Means over the steps since the last line; the first is the whole loss.
  public let losses: [NamedNumber]
  /// The learning rate of the last step.
  public let learningRate: Double
  /// Mean of the gradient's norm before it was limited.
  public let gradientNorm: Double
  /// Mean seconds of a step since the last line, the data's time included.
  public let secondsPerStep: Double
  /// Clips learnt from in a second.
  public let clipsPerSecond: Double
  /// Seconds that the remaining steps take at the run's pace so far; samples are not counted.
  public let secondsLeft: Double
  /// Bytes of the process in main memory.
  public let residentBytes: Int
  /// Clips passed over so far because they could not be read.
  public let skippedClips: Int

  /// Describes a state.
  public init(
    step: Int, steps: Int, losses: [NamedNumber], learningRate: Double, gradientNorm: Double,
    secondsPerStep: Double, clipsPerSecond: Double, secondsLeft: Double, residentBytes: Int,
    skippedClips: Int
  ) {
    self.step = step
    self.steps = steps
    self.losses = losses
    self.learningRate = learningRate
    self.gradientNorm = gradientNorm
    self.secondsPerStep = secondsPerStep
    self.clipsPerSecond = clipsPerSecond
    self.secondsLeft = secondsLeft
    self.residentBytes = residentBytes
    self.skippedClips = skippedClips
  }
}

/// What a run can do by now.
public struct TrainingSamples: Sendable, Hashable {
  /// Steps done.
  public let step: Int
  /// Scores on held-out clips: `psnr` in dB for the autoencoder, `validation_loss` for the denoiser.
  public let scores: [NamedNumber]
  /// The video that was written: clips beside their reconstructions, or videos made from nothing.
  public let videoPath: String

  /// Describes samples.
  public init(step: Int, scores: [NamedNumber], videoPath: String) {
    self.step = step
    self.scores = scores
    self.videoPath = videoPath
  }
}

/// How a run ended.
public struct TrainingOutcome: Sendable, Hashable {
  /// Steps done.
  public let step: Int
  /// Whether that is all of them; otherwise it was asked to stop, and can go on.
  public let isComplete: Bool
  /// The newest checkpoint.
  public let checkpoint: String?
  /// The trained network as a checkpoint to make videos with, its moving average if one is kept.
  public let weights: String

  /// Describes an end.
  public init(step: Int, isComplete: Bool, checkpoint: String?, weights: String) {
    self.step = step
    self.isComplete = isComplete
    self.checkpoint = checkpoint
    self.weights = weights
  }
}
