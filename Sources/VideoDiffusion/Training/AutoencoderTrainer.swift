import CheckpointIO
import Foundation
import MessagePassing
import NeuralLayers
import TensorCore

/// The first stage of training at work, on a thread of its own (PVDM, section 3.1 and appendix).
///
/// With discriminators, steps alternate: the autoencoder learns in the odd ones, counted from 1, both
/// discriminators in the even ones.
public actor AutoencoderTrainer {
  /// What is trained and how.
  public struct Plan: Sendable {
    /// The network's settings.
    public var configuration: AutoencoderConfiguration
    /// Where it begins.
    public var beginning: TrainingBeginning
    /// Factors of the losses.
    public var weights = AutoencoderLossWeights()
    /// The autoencoder's optimiser.
    public var optimizer = OptimizerConfiguration.autoencoder
    /// Seed of new discriminators, for the second phase; `nil` for the first.
    public var discriminatorSeed: UInt64?
    /// A file with the weights of LPIPS, and one with VGG16's if that is another; `nil` leaves the
    /// perceptual distance out.
    public var perceptual: (weights: String, features: String?)?
    /// Precision of products and features.
    public var precision = ProductPrecision.float32
    /// Whether layers run twice in place of keeping what gradients need.
    public var isCheckpointing = false
    /// The ranks that train together, and how they share gradients; `nil` for one alone.
    public var sharing: GradientSharing?
    /// What computes; a card only for one alone.
    public var device = DeviceChoice.processor
    /// Threads of the processor; `nil` for all of the process.
    public var threadCount: Int?

    /// Describes a training; everything else has a default.
    public init(_ configuration: AutoencoderConfiguration, beginning: TrainingBeginning) {
      self.configuration = configuration
      self.beginning = beginning
    }
  }

  private struct Work {
    let context: ComputeContext
    let step: AutoencoderTrainingStep
    /// The network, then the discriminators.
    let groups: [ParameterGroup]
    let ranks: (any Communicator)?
  }

  private nonisolated let thread = ComputeThread()
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    thread.asUnownedSerialExecutor()
  }
  private var opened: Work?

  private init() {}

  /// Builds the networks.
  ///
  /// - Throws: ``ModelError`` for a device that there is not, or naming the file and the parameter that cannot be used,
  ///   ``EvaluationError`` if a file of the perceptual distance is not there, `CheckpointError` for a
  ///   damaged file, `TensorError` if memory is short.
  public static func open(_ plan: Plan) async throws -> AutoencoderTrainer {
    let trainer = AutoencoderTrainer()
    try await trainer.open(plan)
    return trainer
  }

  private func open(_ plan: Plan) throws {
    precondition(plan.sharing == nil || plan.device.resolved == .processor)
    let context = ComputeContext(
      try Device.open(
        plan.device, threadCount: plan.threadCount, for: plan.precision, training: true))
    let beginning = plan.beginning
    let source = try beginning.source(.autoencoder) {
      InitialParameters(plan.configuration, seed: $0)
    }
    let pair = try plan.discriminatorSeed.map {
      try discriminators(plan, seed: $0, context)
    }
    let perceptual = try plan.perceptual.map { files in
      try PerceptualDistance.load(
        weights: files.weights, features: files.features ?? files.weights,
        side: plan.configuration.resolution, context)
    }
    try beginning.naming {
      let step = try AutoencoderTrainingStep(
        source, plan.configuration, weights: plan.weights, perceptualDistance: perceptual,
        discriminators: pair?.networks, elementType: plan.precision.elementType,
        checkpointing: plan.isCheckpointing, context)
      let network = try ParameterGroup(
        TrainingGroupName.network, step.parameters, of: plan.configuration.parameters,
        from: source, plan.optimizer, sharing: plan.sharing, context)
      let groups = [network] + (pair?.groups ?? [])
      try beginning.restore(groups)
      opened = Work(
        context: context, step: step, groups: groups, ranks: plan.sharing?.ranks)
    }
    context.releaseUnusedMemory()
  }

  private func discriminators(
    _ plan: Plan, seed: UInt64, _ context: ComputeContext
  ) throws -> (networks: DiscriminatorPair, groups: [ParameterGroup]) {
    func source(_ name: String, _ reach: PatchDiscriminator.Reach) -> any ParameterSource {
      if case .state(let state) = plan.beginning {
        return TrainingState.source(of: name, in: state)
      }
      return InitialParameters(discriminator: reach, seed: seed)
    }
    let frame = source(TrainingGroupName.frameDiscriminator, .frame)
    let clip = source(TrainingGroupName.clipDiscriminator, .clip)
    return try plan.beginning.naming {
      let networks = try DiscriminatorPair(
        frameSource: frame, clipSource: clip, elementType: plan.precision.elementType, context)
      // They learn as the autoencoder does, but for their gradients' norm, which the paper limits.
      var optimizer = plan.optimizer
      optimizer.maximumGradientNorm =
        optimizer.maximumGradientNorm ?? OptimizerConfiguration.discriminator.maximumGradientNorm
      optimizer.averageDecay = nil
      return (
        networks,
        [
          try ParameterGroup(
            TrainingGroupName.frameDiscriminator, networks.frameParameters,
            of: PatchDiscriminator.parameters(.frame), from: frame, optimizer,
            sharing: plan.sharing, context),
          try ParameterGroup(
            TrainingGroupName.clipDiscriminator, networks.clipParameters,
            of: PatchDiscriminator.parameters(.clip), from: clip, optimizer,
            sharing: plan.sharing, context),
        ]
      )
    }
  }

  private var work: Work {
    guard let opened else { preconditionFailure("a trainer is only given out when it is open") }
    return opened
  }

  /// Numbers that the autoencoder has to learn.
  public var parameterCount: Int { work.step.parameters.count }

  /// Takes one step of the autoencoder, or of the discriminators where it is their turn.
  ///
  /// - Parameters:
  ///   - number: The step's number in the run, from 1.
  ///   - batches: The batches whose gradients make up the step, where ranks train together this one's, as
  ///     many and as large in each.
  /// - Returns: The losses of all; see ``TrainingStepResult/wasTaken``.
  /// - Throws: `TensorError` if memory is short.
  public func step(
    _ number: Int, _ batches: [[AutoencoderExample]]
  ) throws -> TrainingStepResult {
    let work = work
    let rankCount = work.ranks?.size ?? 1
    let isShared = work.ranks != nil
    let share = 1 / Float(batches.count * rankCount)
    if work.step.discriminators != nil, number.isMultiple(of: 2) {
      let groups = Array(work.groups.dropFirst())
      let parts = try batches.enumerated().compactMap { index, batch in
        try work.step.accumulateDiscriminators(
          batch, weight: share,
          whenWhole: isShared && index == batches.count - 1 ? groups.sendGradients : nil)
      }
      return try TrainingStepResult(
        number, groups,
        reading: parts.flatMap { ($0.frame + $0.clip).map(\.loss) }, of: work.ranks, work.context
      ) { numbers in
        var numbers = numbers[...]
        func total(_ losses: [WeightedLoss]) -> Float {
          losses.reduce(0) { $0 + numbers.removeFirst() * $1.weight }
        }
        var frame: Float = 0
        var clip: Float = 0
        for part in (0..<rankCount).flatMap({ _ in parts }) {
          frame += share * total(part.frame)
          clip += share * total(part.clip)
        }
        return [
          TrainingLoss("discriminator", frame + clip), TrainingLoss("frame_hinge", frame),
          TrainingLoss("clip_hinge", clip),
        ]
      }
    }
    let groups = [work.groups[0]]
    let parts = try batches.enumerated().map { index, batch in
      try work.step.accumulate(
        batch, weight: share,
        whenWhole: isShared && index == batches.count - 1 ? groups.sendGradients : nil)
    }
    return try TrainingStepResult(
      number, groups, reading: parts.flatMap(\.tensors), of: work.ranks, work.context
    ) { numbers in
      var numbers = numbers[...]
      var mean = AutoencoderLosses()
      for part in (0..<rankCount).flatMap({ _ in parts }) {
        mean.add(part.losses(taking: &numbers), share)
      }
      return Self.reported(mean, work.step.weights)
    }
  }

  /// The losses under the names that logs have.
  private static func reported(
    _ mean: AutoencoderLosses, _ weights: AutoencoderLossWeights
  ) -> [TrainingLoss] {
    var losses = [
      TrainingLoss("loss", mean.total(weights)), TrainingLoss("l1", mean.absolute),
    ]
    if let difference = mean.gradientDifference {
      losses.append(TrainingLoss("gradient_difference", difference))
    }
    if let difference = mean.temporalDifference {
      losses.append(TrainingLoss("temporal_difference", difference))
    }
    if let square = mean.latentL2 { losses.append(TrainingLoss("plane_square", square)) }
    if let perceptual = mean.perceptual { losses.append(TrainingLoss("lpips", perceptual)) }
    if let adversarial = mean.adversarial {
      losses.append(TrainingLoss("adversarial", adversarial))
    }
    if let matching = mean.featureMatching {
      losses.append(TrainingLoss("feature_matching", matching))
    }
    return losses
  }

  /// Writes everything that the training needs to go on.
  ///
  /// - Parameters:
  ///   - metadata: Stored beside it; names that begin with `pvdm.steps.` are taken.
  ///   - path: Where ranks train together, one writes and the others give what they have (`nil`).
  /// - Throws: `CheckpointError` if it cannot be written; what stood there before stays then.
  public func writeState(metadata: [String: String] = [:], to path: String?) throws {
    try TrainingState.write(work.groups, metadata: metadata, to: path)
  }

  /// Writes the autoencoder as a checkpoint to make videos with.
  ///
  /// - Parameter path: Where ranks train together, one writes and the others give what they have (`nil`).
  /// - Throws: `CheckpointError` if it cannot be written; what stood there before stays then.
  public func writeNetwork(to path: String?) throws {
    try work.groups[0].writeNetwork(.autoencoder(work.step.network.configuration), to: path)
  }
}
