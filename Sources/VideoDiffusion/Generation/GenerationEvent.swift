/// What happens while a video is generated, in order.
public enum GenerationEvent: Sendable {
  /// A clip begins, or goes on after an interruption.
  case clipStarted(ClipStart)
  /// A step of a clip is done.
  case step(GenerationStep)
  /// A clip is complete.
  case clipFinished(FinishedClip)
}

/// The beginning of a clip.
public struct ClipStart: Sendable {
  /// Clips made before it in this run.
  public let clip: Int
  /// Steps that are done already, 0 unless a saved run goes on.
  public let finishedSteps: Int
  /// Steps that make the clip.
  public let stepCount: Int
  /// Seed of each sample.
  public let seeds: [UInt64]
  /// Whether it continues a clip.
  public let isContinuation: Bool
}

/// One finished step.
public struct GenerationStep: Sendable {
  /// Clips made before this one in this run.
  public let clip: Int
  /// Steps done of this clip, from 1.
  public let finishedSteps: Int
  /// Steps that make the clip.
  public let stepCount: Int
  /// The time step that the step started from.
  public let timestep: Int
  /// Each sample's estimate of the finished latent: what previews show.
  public let cleanEstimates: [Latent]
  /// How long the step took, the network and the solver, in seconds.
  public let seconds: Double
  /// All that is needed to go on from here.
  public let state: GenerationState
}

/// A complete clip.
public struct FinishedClip: Sendable {
  /// Clips made before it in this run.
  public let clip: Int
  /// Each sample's latent.
  public let latents: [Latent]
  /// In which order each sample's planes came out; they were put right.
  public let planeOrders: [PlaneOrder]
  /// How long the clip took, in seconds; of a clip that went on after an interruption, the rest.
  public let seconds: Double
  /// All that is needed to go on with the next clip.
  public let state: GenerationState
}

/// A run between two steps: with its request, all that is needed to go on, bit for bit.
public struct GenerationState: Sendable, Hashable {
  /// Clips that are complete.
  public var finishedClips: Int
  /// What the next clip continues, one for each sample; `nil` if it starts from nothing.
  public var condition: [Latent]?
  /// The clip in progress; `nil` between clips.
  public var sampler: SamplerState?
  /// The run's first clip, one latent for each sample, once it is complete: where a loop goes on.
  public var opening: [Latent]?

  /// The start of a run.
  ///
  /// - Parameter condition: The clip to continue, one latent for each sample; `nil` for none.
  public init(condition: [Latent]? = nil) {
    finishedClips = 0
    self.condition = condition
  }
}
