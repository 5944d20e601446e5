import TensorCore

/// One sample of a batch in the middle of a run.
public struct SampleState: Sendable, Hashable {
  /// The sample x_t at the timestep that comes next; the result once the run has finished.
  public internal(set) var latent: Latent
  /// What the solver remembers of it.
  public internal(set) var history: SolverHistory
  /// Where its noise comes from.
  public internal(set) var generator: TorchGenerator

  package init(latent: Latent, history: SolverHistory, generator: TorchGenerator) {
    self.latent = latent
    self.history = history
    self.generator = generator
  }
}

/// A run between two steps: all that is needed to go on, here or in another process.
///
/// A value: a copy kept aside can be gone on from as often as wanted. `encoded()` and
/// `init(decoding:)` keep it bit for bit.
public struct SamplerState: Sendable, Hashable {
  /// The settings that the run was started with.
  public let configuration: SamplerConfiguration
  /// Steps done, in `0...configuration.stepsTaken`.
  public internal(set) var stepIndex: Int
  /// The batch; at least one sample, all of one shape.
  public internal(set) var samples: [SampleState]

  /// The samples' current latents.
  public var latents: [Latent] { samples.map(\.latent) }
  /// Whether all steps are done, so that `latents` are the results.
  public var isFinished: Bool { stepIndex == configuration.stepsTaken }

  package init(configuration: SamplerConfiguration, stepIndex: Int, samples: [SampleState]) {
    self.configuration = configuration
    self.stepIndex = stepIndex
    self.samples = samples
  }
}
