import Glibc

/// The settings of an optimiser.
public struct OptimizerConfiguration: Sendable, Hashable, Codable {
  /// The learning rate over the run.
  public var schedule: LearningRateSchedule
  /// Decay of the gradient's running mean.
  public var beta1: Double
  /// Decay of the running mean of its square.
  public var beta2: Double
  /// Added to the root of the latter.
  public var epsilon: Double
  /// Decay of the values, times the learning rate.
  public var weightDecay: Double
  /// The largest norm of the gradient; a longer one is shortened to it. `nil` for none.
  public var maximumGradientNorm: Double?
  /// Decay of the values' moving average once it has warmed up; `nil` to keep none.
  public var averageDecay: Double?
  /// Steps from one update of that average to the next, at least 1.
  public var averageInterval: Int

  /// Describes an optimiser; the defaults are those of the paper's second stage, without an average.
  public init(
    schedule: LearningRateSchedule = LearningRateSchedule(), beta1: Double = 0.9,
    beta2: Double = 0.999, epsilon: Double = 1e-8, weightDecay: Double = 0.01,
    maximumGradientNorm: Double? = nil, averageDecay: Double? = nil, averageInterval: Int = 1
  ) {
    precondition(averageInterval >= 1, "an average is updated every so many steps")
    self.schedule = schedule
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.maximumGradientNorm = maximumGradientNorm
    self.averageDecay = averageDecay
    self.averageInterval = averageInterval
  }

  /// The paper's first stage, the autoencoder: betas 0.5 and 0.9.
  public static let autoencoder = OptimizerConfiguration(beta1: 0.5, beta2: 0.9)
  /// The paper's first stage, each discriminator: as the autoencoder, gradients clipped to norm 1.
  public static let discriminator = OptimizerConfiguration(
    beta1: 0.5, beta2: 0.9, maximumGradientNorm: 1)
  /// The paper's second stage, the denoiser.
  public static let denoiser = OptimizerConfiguration(averageDecay: 0.9999)

  /// What gradients of this norm are multiplied by. The small addition is PyTorch's.
  func clippingFactor(norm: Double) -> Double {
    guard let maximumGradientNorm else { return 1 }
    return min(1, maximumGradientNorm / (norm + 1e-6))
  }

  /// The decay of the moving average at its n-th update, from 1: `min(decay, (1 + n) / (10 + n))`, so
  /// that the first values are soon forgotten.
  static func warmedUp(_ decay: Double, update n: Int) -> Double {
    min(decay, Double(1 + n) / Double(10 + n))
  }
}

/// The learning rate of each step: a linear rise, then constant or falling with a cosine.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
  /// How the rate goes on after it has risen.
  public enum Decay: Sendable, Hashable, Codable {
    /// It stays.
    case constant
    /// It falls to `final` times the peak at step `lastStep`, and stays there (Loshchilov and
    /// Hutter 2017).
    case cosine(lastStep: Int, final: Double)
  }

  /// The highest rate.
  public var peak: Double
  /// Steps of the rise; the last of them has the peak.
  public var warmUpSteps: Int
  /// How the rate goes on.
  public var decay: Decay

  /// Describes a schedule.
  public init(peak: Double = 1e-4, warmUpSteps: Int = 0, decay: Decay = .constant) {
    self.peak = peak
    self.warmUpSteps = warmUpSteps
    self.decay = decay
  }

  /// The rate of a step, counted from 1.
  public func rate(at step: Int) -> Double {
    if step < warmUpSteps { return peak * Double(step) / Double(warmUpSteps) }
    switch decay {
    case .constant: return peak
    case .cosine(let lastStep, let final):
      let length = max(1, lastStep - warmUpSteps)
      let done = min(1, Double(step - warmUpSteps) / Double(length))
      return peak * (final + (1 - final) * (1 + cos(done * .pi)) / 2)
    }
  }
}
