import RunKit
import TensorCore
import TrainingKit
import VideoDiffusion

/// The model sizes that are measured.
public enum BenchmarkSize: String, Sendable, Hashable, CaseIterable {
  /// The authors' released models: 256 x 256, a denoiser of 528 M parameters.
  case published
  /// The authors' smaller denoiser, 132 M parameters, with the published autoencoder.
  case small
  /// The size of the model that comes with the program: 64 x 64.
  case skies64 = "skies-64"

  /// The denoiser of this size.
  public var denoiser: DenoiserConfiguration {
    switch self {
    case .published: .published
    case .small: .small
    case .skies64: TrainingPreset.skies64.configuration.denoiser
    }
  }

  /// The autoencoder of this size.
  public var autoencoder: AutoencoderConfiguration {
    switch self {
    case .published, .small: .published
    case .skies64: TrainingPreset.skies64.configuration.autoencoder
    }
  }

  /// Whether its autoencoder is measured among some sizes: that of two which have the same is measured
  /// with the first.
  func bringsAutoencoder(among sizes: [BenchmarkSize]) -> Bool {
    self != .small || !sizes.contains(.published)
  }
}

/// What to measure, and how often.
public struct BenchmarkPlan: Sendable, Hashable {
  /// Model sizes.
  public var sizes: [BenchmarkSize]
  /// What is measured of each.
  public var tasks: Set<BenchmarkMeasurement.Task>
  /// Precisions.
  public var precisions: [Precision]
  /// Batch sizes of the denoiser; the autoencoder takes one clip at a time.
  public var batches: [Int]
  /// What computes.
  public var device: DeviceChoice
  /// Thread counts of the processor.
  public var threadCounts: [Int]
  /// Times that each is measured, after one run that is not counted.
  public var runs: Int
  /// Busy processes beside which everything is measured once more; 0 for none.
  public var neighbourCount: Int
  /// Whether the machine's own peaks are measured briefly.
  public var isQuick: Bool
  /// Whether the time of every operation is collected in one run more.
  public var profiles: Bool

  /// Describes a benchmark.
  public init(
    sizes: [BenchmarkSize],
    tasks: Set<BenchmarkMeasurement.Task> = Set(BenchmarkMeasurement.Task.allCases),
    precisions: [Precision], batches: [Int], device: DeviceChoice = .processor,
    threadCounts: [Int], runs: Int,
    neighbourCount: Int = 0, isQuick: Bool = false, profiles: Bool = false
  ) {
    self.sizes = sizes
    self.tasks = tasks
    self.precisions = precisions
    self.batches = batches
    self.device = device
    self.threadCounts = threadCounts
    self.runs = runs
    self.neighbourCount = neighbourCount
    self.isQuick = isQuick
    self.profiles = profiles
  }
}
