import NeuralLayers
import RunKit
import TensorCore
import VideoDiffusion

/// One of the two stages of training (PVDM, section 3).
public enum TrainingStage: String, Sendable, Hashable, Codable, CaseIterable {
  /// The autoencoder, which writes clips as planes.
  case autoencoder
  /// The denoiser, which learns to make such planes.
  case diffusion

  /// The network that it trains.
  public var network: NetworkKind { self == .autoencoder ? .autoencoder : .denoiser }
}

/// Everything that decides how both stages train, apart from the data: the networks and their training.
public struct TrainingConfiguration: Sendable, Hashable, Codable {
  /// The autoencoder's settings.
  public var autoencoder: AutoencoderConfiguration
  /// The denoiser's settings; its planes are the autoencoder's.
  public var denoiser: DenoiserConfiguration
  /// How the autoencoder is trained.
  public var autoencoderTraining: AutoencoderTrainingSettings
  /// How the denoiser is trained.
  public var diffusionTraining: DiffusionTrainingSettings

  /// Describes a training; the defaults are the paper's.
  public init(
    autoencoder: AutoencoderConfiguration = .published,
    denoiser: DenoiserConfiguration = .published,
    autoencoderTraining: AutoencoderTrainingSettings = AutoencoderTrainingSettings(),
    diffusionTraining: DiffusionTrainingSettings = DiffusionTrainingSettings()
  ) {
    self.autoencoder = autoencoder
    self.denoiser = denoiser
    self.autoencoderTraining = autoencoderTraining
    self.diffusionTraining = diffusionTraining
  }

  /// What a stage has in common with the other.
  public subscript(stage: TrainingStage) -> StageSettings {
    get { stage == .autoencoder ? autoencoderTraining.stage : diffusionTraining.stage }
    set {
      switch stage {
      case .autoencoder: autoencoderTraining.stage = newValue
      case .diffusion: diffusionTraining.stage = newValue
      }
    }
  }
}

/// What both stages are told.
public struct StageSettings: Sendable, Hashable, Codable {
  /// Steps of the optimiser, at least 1.
  public var steps: Int
  /// Clips of a batch, at least 1.
  public var batch: Int
  /// Batches whose gradients make up one step, at least 1.
  public var accumulation: Int
  /// The highest learning rate.
  public var learningRate: Double
  /// Steps in which the learning rate rises to it.
  public var warmUpSteps: Int
  /// Whether it then falls with a cosine until the last step, or stays.
  public var decay: RateDecay
  /// The share of it that is left at the end of a cosine, 0 to 1.
  public var finalRateShare: Double
  /// Decay of the gradient's running mean, 0 to below 1.
  public var beta1: Double
  /// Decay of the running mean of its square, 0 to below 1.
  public var beta2: Double
  /// Decay of the weights, times the learning rate.
  public var weightDecay: Double
  /// The longest gradient; a longer one is shortened to it. 0 for no limit.
  public var maximumGradientNorm: Double
  /// Decay of the weights' moving average, 0 to below 1; 0 keeps none.
  public var averageDecay: Double
  /// Steps from one update of that average to the next, at least 1: its horizon grows with it.
  public var averageInterval: Int
  /// Whether half of the clips exchange left and right.
  public var mirrors: Bool
  /// Precision of products and features; weights, gradients and the optimiser are float32.
  public var precision: Precision
  /// Precision in which ranks that train together send each other gradients, which are added in float32.
  public var gradientType: GradientPrecision
  /// Whether blocks run twice in place of keeping what gradients need.
  public var gradientCheckpointing: Bool
  /// Decides the first weights, the order of the data and every draw.
  public var seed: UInt64
  /// Steps from one line of the log to the next, at least 1.
  public var logInterval: Int
  /// Steps from one set of samples and scores on held-out clips to the next, at least 1.
  public var sampleInterval: Int
  /// Steps from one checkpoint to the next, at least 1.
  public var checkpointInterval: Int
  /// Checkpoints that are kept, at least 1.
  public var keptCheckpoints: Int
  /// Held-out clips that scores are taken of, at least 1.
  public var validationClips: Int

  /// How a learning rate goes on after it has risen.
  public enum RateDecay: String, Sendable, Hashable, Codable, CaseIterable {
    case constant, cosine
  }

  /// Settings of the paper's second stage, where not told otherwise.
  public init(
    steps: Int, batch: Int, accumulation: Int = 1, learningRate: Double = 1e-4,
    warmUpSteps: Int = 0, decay: RateDecay = .constant, finalRateShare: Double = 0,
    beta1: Double = 0.9, beta2: Double = 0.999, weightDecay: Double = 0.01,
    maximumGradientNorm: Double = 0, averageDecay: Double = 0, averageInterval: Int = 1,
    mirrors: Bool = false,
    precision: Precision = .float32, gradientType: GradientPrecision = .float32,
    gradientCheckpointing: Bool = false, seed: UInt64 = 0,
    logInterval: Int = 10, sampleInterval: Int = 1000, checkpointInterval: Int = 500,
    keptCheckpoints: Int = 2, validationClips: Int = 16
  ) {
    self.steps = steps
    self.batch = batch
    self.accumulation = accumulation
    self.learningRate = learningRate
    self.warmUpSteps = warmUpSteps
    self.decay = decay
    self.finalRateShare = finalRateShare
    self.beta1 = beta1
    self.beta2 = beta2
    self.weightDecay = weightDecay
    self.maximumGradientNorm = maximumGradientNorm
    self.averageDecay = averageDecay
    self.averageInterval = averageInterval
    self.mirrors = mirrors
    self.precision = precision
    self.gradientType = gradientType
    self.gradientCheckpointing = gradientCheckpointing
    self.seed = seed
    self.logInterval = logInterval
    self.sampleInterval = sampleInterval
    self.checkpointInterval = checkpointInterval
    self.keptCheckpoints = keptCheckpoints
    self.validationClips = validationClips
  }
}

/// How the autoencoder is trained (PVDM, section 3.1 and appendix).
public struct AutoencoderTrainingSettings: Sendable, Hashable, Codable {
  /// What both stages are told.
  public var stage: StageSettings
  /// Factors of the losses.
  public var weights: AutoencoderLossWeights
  /// Standard deviation of noise that is added to the planes before they are decoded, 0 for none. A
  /// decoder that was trained with it bears the small errors of a sampled latent.
  public var latentNoise: Double
  /// Whether this is the second phase, with both discriminators.
  public var usesDiscriminators: Bool

  /// Describes the training; the defaults are the first phase of the authors' scripts, which end it
  /// after 1,000,000 batches at the latest and measure after every 2,000.
  public init(
    stage: StageSettings = StageSettings(
      steps: 333_333, batch: 8, accumulation: 3, beta1: 0.5, beta2: 0.9, seed: 42,
      sampleInterval: 667),
    weights: AutoencoderLossWeights = AutoencoderLossWeights(), latentNoise: Double = 0,
    usesDiscriminators: Bool = false
  ) {
    self.stage = stage
    self.weights = weights
    self.latentNoise = latentNoise
    self.usesDiscriminators = usesDiscriminators
  }
}

/// How the denoiser is trained (PVDM, section 3.2 and 3.3).
public struct DiffusionTrainingSettings: Sendable, Hashable, Codable {
  /// What both stages are told.
  public var stage: StageSettings
  /// How the predicted noise's error is measured: squares (l2), as the original code does, or l1.
  public var distance: NoiseDistance
  /// The share of batches that are trained with the clip before as a condition, 0 to 1.
  public var conditionalShare: Double
  /// Standard deviation of noise that is added to the condition's latent, 0 for none.
  public var conditionNoise: Double
  /// The signal-to-noise ratio up to which time steps count by it, as in min-SNR weighting; 0 counts them
  /// alike.
  public var ratioLimit: Double
  /// Steps that the denoiser is to sample in, learning from the network that the run begins with; 0 learns
  /// from noise. See `StepDistillation`.
  public var distilledSteps: Int
  /// Steps that this teacher takes in place of each of them.
  public var teacherSteps: Int
  /// Whether the denoiser is told which plane is which where there is no condition; see
  /// `Latent.planeCodes(_:)`.
  public var hasPlaneCodes: Bool
  /// Whether latents are computed once and kept on disk, or for every batch anew.
  public var cachesLatents: Bool
  /// Frames from one cached clip's start to the next; divides the clip's frames.
  public var latentStride: Int
  /// DDIM steps of sample videos, 1 to 1000.
  public var sampleSteps: Int
  /// Clips of sample videos, at least 1.
  public var sampleClips: Int

  /// Measures of the predicted noise's error.
  public enum NoiseDistance: String, Sendable, Hashable, Codable, CaseIterable {
    case l2, l1

    /// The measure as the networks' operations name it.
    public var distance: Distance { self == .l2 ? .squared : .absolute }
  }

  /// Describes the training; the defaults are the paper's for UCF-101, and where it says nothing those
  /// of the authors' scripts.
  public init(
    stage: StageSettings = StageSettings(
      steps: 1_000_000, batch: 64, averageDecay: 0.9999, averageInterval: 25, seed: 42,
      sampleInterval: 10_000),
    distance: NoiseDistance = .l2, conditionalShare: Double = 0.3, conditionNoise: Double = 0,
    ratioLimit: Double = 0, distilledSteps: Int = 0, teacherSteps: Int = 4,
    hasPlaneCodes: Bool = false, cachesLatents: Bool = false, latentStride: Int = 4,
    sampleSteps: Int = 100, sampleClips: Int = 2
  ) {
    self.stage = stage
    self.distance = distance
    self.conditionalShare = conditionalShare
    self.conditionNoise = conditionNoise
    self.ratioLimit = ratioLimit
    self.distilledSteps = distilledSteps
    self.teacherSteps = teacherSteps
    self.hasPlaneCodes = hasPlaneCodes
    self.cachesLatents = cachesLatents
    self.latentStride = latentStride
    self.sampleSteps = sampleSteps
    self.sampleClips = sampleClips
  }
}

extension StageSettings {
  /// The optimiser that these settings describe.
  public var optimizer: OptimizerConfiguration {
    OptimizerConfiguration(
      schedule: LearningRateSchedule(
        peak: learningRate, warmUpSteps: warmUpSteps,
        decay: decay == .constant
          ? .constant : .cosine(lastStep: steps, final: finalRateShare)),
      beta1: beta1, beta2: beta2, weightDecay: weightDecay,
      maximumGradientNorm: maximumGradientNorm > 0 ? maximumGradientNorm : nil,
      averageDecay: averageDecay > 0 ? averageDecay : nil, averageInterval: averageInterval)
  }
}
