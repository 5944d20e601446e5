import CheckpointIO
import MessagePassing
import NeuralLayers
import TensorCore

/// The second stage of training at work, on a thread of its own (PVDM, sections 3.2 and 3.3).
public actor DenoiserTrainer {
  /// What is trained and how.
  public struct Plan: Sendable {
    /// The network's settings.
    public var configuration: DenoiserConfiguration
    /// Where it begins.
    public var beginning: TrainingBeginning
    /// Its optimiser.
    public var optimizer = OptimizerConfiguration.denoiser
    /// How the predicted noise's error is measured.
    public var distance = Distance.squared
    /// The signal-to-noise ratio up to which time steps count by it; `nil` counts them alike. See
    /// ``Prediction/limitedWeight(at:limit:_:)``.
    public var ratioLimit: Float?
    /// Whether the planes are told apart where there is no condition; see ``Latent/planeCodes(_:)``.
    public var hasPlaneCodes = false
    /// The denoiser to learn from and how, for one that is to sample in few steps; `nil` learns from noise.
    public var teaching: (teacher: NetworkFile, distillation: StepDistillation)?
    /// Precision of products and features.
    public var precision = ProductPrecision.float32
    /// Whether blocks run twice in place of keeping what gradients need.
    public var isCheckpointing = false
    /// The ranks that train together, and how they share gradients; `nil` for one alone.
    public var sharing: GradientSharing?
    /// What computes; a card only for one alone.
    public var device = DeviceChoice.processor
    /// Threads of the processor; `nil` for all of the process.
    public var threadCount: Int?

    /// Describes a training; everything else has a default.
    public init(_ configuration: DenoiserConfiguration, beginning: TrainingBeginning) {
      self.configuration = configuration
      self.beginning = beginning
    }
  }

  private struct Work {
    let context: ComputeContext
    let step: DenoiserTrainingStep
    let group: ParameterGroup
    let ranks: (any Communicator)?
    let teacher: StepTeacher?
  }

  private nonisolated let thread = ComputeThread()
  public nonisolated var unownedExecutor: UnownedSerialExecutor {
    thread.asUnownedSerialExecutor()
  }
  private var opened: Work?

  private init() {}

  /// Builds the network.
  ///
  /// - Throws: ``ModelError`` for a device that there is not, or naming the file and the parameter that cannot be used,
  ///   `CheckpointError` for a damaged file, `TensorError` if memory is short.
  public static func open(_ plan: Plan) async throws -> DenoiserTrainer {
    let trainer = DenoiserTrainer()
    try await trainer.open(plan)
    return trainer
  }

  private func open(_ plan: Plan) throws {
    precondition(plan.sharing == nil || plan.device.resolved == .processor)
    let context = ComputeContext(
      try Device.open(
        plan.device, threadCount: plan.threadCount, for: plan.precision, training: true))
    var source = try plan.beginning.source(.denoiser) {
      InitialParameters(plan.configuration, seed: $0)
    }
    if plan.hasPlaneCodes, plan.configuration.isConditional {
      source = PlaneCodedParameters(source, plan.configuration.geometry)
    }
    if let state = plan.beginning.state {
      try DenoiserSettings(metadata: state.metadata)
        .check(against: plan.configuration, of: state.path)
    }
    try plan.beginning.naming {
      let step = try DenoiserTrainingStep(
        source, plan.configuration, distance: plan.distance, ratioLimit: plan.ratioLimit,
        isTaught: plan.teaching != nil, elementType: plan.precision.elementType,
        checkpointing: plan.isCheckpointing, context)
      let group = try ParameterGroup(
        TrainingGroupName.network, step.parameters, of: plan.configuration.parameters,
        from: source, plan.optimizer, sharing: plan.sharing, context)
      try plan.beginning.restore([group])
      let teacher = try plan.teaching.map {
        StepTeacher(
          $0.distillation,
          try $0.teacher.loadDenoiser(context, elementType: plan.precision.elementType), context)
      }
      opened = Work(
        context: context, step: step, group: group, ranks: plan.sharing?.ranks, teacher: teacher)
    }
    context.releaseUnusedMemory()
  }

  private var work: Work {
    guard let opened else { preconditionFailure("a trainer is only given out when it is open") }
    return opened
  }

  /// Numbers that the denoiser has to learn.
  public var parameterCount: Int { work.step.parameters.count }

  /// Takes one step.
  ///
  /// - Parameters:
  ///   - number: The step's number in the run, from 1, which the learning rate follows.
  ///   - batches: The batches whose gradients make up the step, where ranks train together this one's, as
  ///     many and as large in each.
  /// - Returns: The loss of all; see ``TrainingStepResult/wasTaken``.
  /// - Throws: `TensorError` if memory is short.
  public func step(
    _ number: Int, _ batches: [[DenoiserExample]]
  ) throws -> TrainingStepResult {
    let work = work
    let share = 1 / Float(batches.count * (work.ranks?.size ?? 1))
    let errors = try batches.enumerated().map { index, batch in
      let isLast = index == batches.count - 1 && work.ranks != nil
      return try work.step.accumulate(
        work.teacher?.taught(batch) ?? batch, weight: share,
        whenWhole: isLast ? [work.group].sendGradients : nil)
    }
    return try TrainingStepResult(
      number, [work.group], reading: errors, of: work.ranks, work.context
    ) { errors in
      [TrainingLoss("loss", errors.reduce(0) { $0 + share * $1 })]
    }
  }

  /// The examples with what the teacher says is to be predicted; as they are without one.
  ///
  /// - Throws: `TensorError` if memory is short.
  public func taught(_ examples: [DenoiserExample]) throws -> [DenoiserExample] {
    try work.teacher?.taught(examples) ?? examples
  }

  /// Writes everything that the training needs to go on.
  ///
  /// - Parameters:
  ///   - metadata: Stored beside it; names that begin with `pvdm.steps.` are taken.
  ///   - path: Where ranks train together, one writes and the others give what they have (`nil`).
  /// - Throws: `CheckpointError` if it cannot be written; what stood there before stays then.
  public func writeState(metadata: [String: String] = [:], to path: String?) throws {
    let settings = NetworkFile.metadata(
      of: .denoiser(work.step.network.configuration),
      WeightOrigin(distilledSteps: work.teacher?.distillation.steps))
    try TrainingState.write(
      [work.group], metadata: metadata.merging(settings) { own, _ in own }, to: path)
  }

  /// Writes the denoiser as a checkpoint to make videos with: the moving average of its parameters, if
  /// one is kept.
  ///
  /// - Parameter path: Where ranks train together, one writes and the others give what they have (`nil`).
  /// - Throws: `CheckpointError` if it cannot be written; what stood there before stays then.
  public func writeNetwork(to path: String?) throws {
    try work.group.writeNetwork(
      .denoiser(work.step.network.configuration),
      distilledSteps: work.teacher?.distillation.steps, to: path)
  }
}
