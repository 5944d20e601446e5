/// One step of a run: from one timestep to the next, with those before it in reach.
public struct SamplerTransition: Sendable, Hashable {
  /// All timesteps of the run, noisiest first, `cleanTimestep` last.
  public let timesteps: [Int]
  /// Which step this is, in `0..<timesteps.count - 1`.
  public let index: Int

  /// Where the step starts: the timestep that the network was asked about.
  public var timestep: Int { timesteps[index] }
  /// Where the step leads.
  public var nextTimestep: Int { timesteps[index + 1] }
  /// Whether the step ends at clean data.
  public var isLast: Bool { nextTimestep == DiffusionSchedule.cleanTimestep }

  /// Where an earlier step started.
  ///
  /// - Parameter distance: how many steps ago, in `0...index`.
  public func timestep(before distance: Int) -> Int { timesteps[index - distance] }
}

/// What a multistep solver remembers of one sample between steps.
public struct SolverHistory: Sendable, Hashable {
  /// Estimates of the clean latent at earlier timesteps, newest first.
  public internal(set) var cleanEstimates: [Latent]
  /// The sample that the last step started from, where the solver needs it again.
  public internal(set) var previousLatent: Latent?

  /// The empty memory of a run's start.
  public init() {
    self.cleanEstimates = []
    self.previousLatent = nil
  }

  init(cleanEstimates: [Latent], previousLatent: Latent?) {
    self.cleanEstimates = cleanEstimates
    self.previousLatent = previousLatent
  }

  /// Latents held, which is what a state's consistency is judged by.
  var latentCount: Int { cleanEstimates.count + (previousLatent == nil ? 0 : 1) }
}

/// Everything about one sample that a solver's step may depend on. All arrays have equal counts.
public struct SolverInput: Sendable {
  /// The noisy sample x_t.
  public let latent: [Float]
  /// The network's prediction of the noise in it.
  public let noisePrediction: [Float]
  /// The clean latent that follows from both, clamped if the run clamps.
  public let cleanEstimate: [Float]
  /// Memory of earlier steps.
  public let history: SolverHistory
  /// A fresh standard normal draw; empty when the solver draws none in this step.
  public let noise: [Float]
}

/// What a solver makes of one sample.
public struct SolverOutput: Sendable {
  /// The sample at the next timestep.
  public let next: [Float]
  /// The sample that the step started from, after any correction.
  public let corrected: [Float]
}

/// A rule for moving samples from one timestep to the next.
///
/// A solver is a pure function of its input: it neither calls the network nor draws noise, and it
/// treats every value of every sample alike, so that a batch never changes a sample.
public protocol Solver: Sendable {
  /// How many earlier clean estimates the solver reads.
  var cleanHistoryLength: Int { get }
  /// Whether the solver reads the sample that the last step started from.
  var keepsPreviousLatent: Bool { get }
  /// Whether one normal draw is made for this step, used or not.
  func drawsNoise(in transition: SamplerTransition) -> Bool
  /// Takes one step with one sample.
  func advance(
    _ input: SolverInput, through transition: SamplerTransition, schedule: DiffusionSchedule
  ) -> SolverOutput
}

/// The weighted sum of equally long arrays, each product and each sum rounded to float32 from left
/// to right, as elementwise tensor code does it.
///
/// - Parameter terms: at least one pair of a weight and its values.
func weightedSum(_ terms: (weight: Double, values: [Float])...) -> [Float] {
  let count = terms[0].values.count
  return [Float](unsafeUninitializedCapacity: count) { sum, initialized in
    for (order, term) in terms.enumerated() {
      let weight = Float(term.weight)
      term.values.withUnsafeBufferPointer { values in
        if order == 0 {
          for index in 0..<count { sum.initializeElement(at: index, to: weight * values[index]) }
        } else {
          for index in 0..<count { sum[index] += weight * values[index] }
        }
      }
    }
    initialized = count
  }
}
