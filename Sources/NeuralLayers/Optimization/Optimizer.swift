import TensorCore

/// AdamW over all parameters of a network, with the moving average of their values and clipping of the
/// gradient's norm.
///
/// Everything it remembers can be written out and restored, so that a run continues bit for bit.
public final class Optimizer {
  /// The settings.
  public let configuration: OptimizerConfiguration
  /// Steps taken.
  public private(set) var stepCount = 0
  /// Updates of the moving average, by which it warms up.
  public private(set) var averageUpdateCount = 0
  private let parameters: [OptimizedParameter]
  private let context: ComputeContext

  /// Begins to optimise parameters.
  public init(
    _ parameters: ParameterSet, _ configuration: OptimizerConfiguration, _ context: ComputeContext
  ) throws {
    self.configuration = configuration
    self.context = context
    self.parameters = try parameters.parameters.map {
      try OptimizedParameter($0, averaged: configuration.averageDecay != nil, context)
    }
  }

  /// The norm of the gradient that has gathered, `[1]`, still on the device: to be read together with
  /// what else a step wants to know.
  public func gradientNorm() throws -> Tensor { try context.gradientNorm(parameters) }

  /// Changes the parameters as ``step(inRun:norm:)`` does, reading the norm by itself.
  ///
  /// - Returns: The norm of the gradient before it was clipped.
  @discardableResult
  public func step(inRun number: Int? = nil) throws -> Double {
    let norm = try context.read(numbers: [gradientNorm()])[0]
    try step(inRun: number, norm: norm)
    return norm
  }

  /// Changes the parameters by the gradients that have gathered, and forgets those. A gradient that
  /// is not finite is forgotten without a step, so that it destroys nothing.
  ///
  /// - Parameters:
  ///   - number: The step of the run, from 1, which the learning rate follows; `nil` where each step of
  ///     the run is one of this optimiser's. Two that take turns each take every second.
  ///   - norm: What ``gradientNorm()`` gave.
  public func step(inRun number: Int? = nil, norm: Double) throws {
    defer { clearGradients() }
    guard norm.isFinite else { return }
    stepCount += 1
    // A decay of 1 leaves the average as it is.
    var averageDecay = 1.0
    if let decay = configuration.averageDecay,
      stepCount.isMultiple(of: configuration.averageInterval)
    {
      averageUpdateCount += 1
      averageDecay = OptimizerConfiguration.warmedUp(decay, update: averageUpdateCount)
    }
    try context.adamW(
      parameters,
      AdamWStep(
        learningRate: configuration.schedule.rate(at: number ?? stepCount),
        beta1: configuration.beta1, beta2: configuration.beta2, epsilon: configuration.epsilon,
        weightDecay: configuration.weightDecay, number: stepCount,
        gradientFactor: configuration.clippingFactor(norm: norm),
        averageDecay: averageDecay))
  }

  /// Forgets the gradients without a step.
  public func clearGradients() { for entry in parameters { entry.parameter.clearGradient() } }
}

/// The optimiser's memory, as named tensors for a checkpoint.
extension Optimizer {
  /// One tensor of the state.
  public struct StateTensor {
    /// What it is and of which parameter: `first_moment.`, `second_moment.` or `average.` and the
    /// parameter's name.
    public let name: String
    /// The parameter's extents.
    public let shape: [Int]
    /// The numbers, float32 and row-major; they change with every step.
    public let tensor: Tensor
  }

  /// Moments and moving averages of all parameters. With ``stepCount`` and ``averageUpdateCount`` it is
  /// all that a run needs to continue, beside the parameters themselves.
  public var state: [StateTensor] {
    parameters.flatMap { entry in
      let moments = [
        (Self.firstMoment, entry.firstMoment), (Self.secondMoment, entry.secondMoment),
      ]
      let average = entry.average.map { [(Self.average, $0)] } ?? []
      return (moments + average).map { kind, tensor in
        StateTensor(
          name: kind + entry.parameter.name, shape: entry.parameter.shape, tensor: tensor)
      }
    }
  }

  /// The moving averages under the parameters' own names, as a checkpoint to sample with has them;
  /// empty if none are kept.
  public var averages: [StateTensor] {
    parameters.compactMap { entry in
      entry.average.map {
        StateTensor(name: entry.parameter.name, shape: entry.parameter.shape, tensor: $0)
      }
    }
  }

  /// Continues from a state.
  ///
  /// - Parameters:
  ///   - source: The tensors of ``state``, under their names.
  ///   - stepCount: Steps that had been taken.
  ///   - averageUpdateCount: Updates of the moving average that were among them.
  /// - Throws: ``ParameterError`` if a tensor is missing, misshapen or not finite.
  public func restore(
    from source: any ParameterSource, stepCount: Int, averageUpdateCount: Int
  ) throws {
    let scope = ParameterScope(source, context: context, elementType: .float32)
    for entry in state {
      try scope.withValues(entry.name, shape: entry.shape) { entry.tensor.overwrite(with: $0) }
    }
    self.stepCount = stepCount
    self.averageUpdateCount = averageUpdateCount
  }

  private static let firstMoment = "first_moment."
  private static let secondMoment = "second_moment."
  private static let average = "average."
}
