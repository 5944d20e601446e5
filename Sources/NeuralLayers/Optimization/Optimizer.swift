import TensorCore

/// AdamW over all parameters of a network, with the moving average of their values and clipping of the
/// gradient's norm.
///
/// Everything it remembers can be written out and restored, so that a run continues bit for bit. Where ranks
/// train together, each has the optimiser of a share of the numbers.
public final class Optimizer {
  /// The settings.
  public let configuration: OptimizerConfiguration
  /// Steps taken.
  public private(set) var stepCount = 0
  /// Updates of the moving average, by which it warms up.
  public private(set) var averageUpdateCount = 0
  /// All parameters.
  private let whole: ParameterSet
  /// What is optimised here: all parameters, or segments of them.
  private let parameters: [OptimizedParameter]
  private let shards: ShardedParameters?
  private let context: ComputeContext

  /// Begins to optimise parameters.
  ///
  /// - Parameter sharing: The ranks that do it together; `nil` for one alone. All have the same parameters.
  public init(
    _ parameters: ParameterSet, _ configuration: OptimizerConfiguration,
    sharing: GradientSharing? = nil, _ context: ComputeContext
  ) throws {
    self.configuration = configuration
    self.context = context
    whole = parameters
    shards = try sharing.map { try ShardedParameters(parameters.parameters, $0, context) }
    self.parameters = try (shards?.segments ?? parameters.parameters).map {
      try OptimizedParameter($0, averaged: configuration.averageDecay != nil, context)
    }
  }

  /// Adds up the gradients of all ranks, in their order; to be called before their norm is asked for.
  /// Nothing to do for one alone.
  ///
  /// - Throws: `CommunicationError`, or `TensorError` if memory is short.
  public func addGradients() throws { try shards?.addGradients() }

  /// Sends gradients that are whole to the other ranks, on the way back of a step's last pass. All ranks call
  /// it for the same optimisers in the same order, each until all of its gradients have left.
  ///
  /// - Returns: Whether all have.
  /// - Throws: `TensorError` if memory is short.
  package func sendGradients() throws -> Bool { try shards?.sendWhole() ?? true }

  /// The norm of the gradient that has gathered, `[1]`, still on the device: to be read together with
  /// what else a step wants to know. Where ranks optimise together it is that of this one's share.
  public func gradientNorm() throws -> Tensor { try context.gradientNorm(parameters) }

  /// The norm of the whole gradient, of those of all ranks' shares in their order.
  public static func norm(ofShares norms: [Double]) -> Double {
    norms.count == 1 ? norms[0] : norms.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// Changes the parameters as ``step(inRun:norm:)`` does, reading the norm by itself; for one alone.
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
    try shards?.publish()
  }

  /// Forgets the gradients without a step.
  public func clearGradients() {
    whole.clearGradients()
    for entry in parameters { entry.parameter.clearGradient() }
  }
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
    /// The numbers, row-major; they change with every step. Where ranks optimise together, all of them ask
    /// for the same tensors in the order of the list.
    ///
    /// Throws `TensorError`, and `CommunicationError` if a rank does not.
    public let values: () throws -> [Float]
  }

  /// What is remembered of each parameter.
  private enum Kind: String, CaseIterable {
    case firstMoment = "first_moment."
    case secondMoment = "second_moment."
    case average = "average."

    func tensor(_ parameter: OptimizedParameter) -> Tensor? {
      switch self {
      case .firstMoment: parameter.firstMoment
      case .secondMoment: parameter.secondMoment
      case .average: parameter.average
      }
    }
  }

  private var kinds: [Kind] {
    Kind.allCases.filter { $0 != .average || configuration.averageDecay != nil }
  }

  private func values(_ kind: Kind, of index: Int) throws -> [Float] {
    func tensor(_ index: Int) -> Tensor {
      guard let tensor = kind.tensor(parameters[index]) else {
        preconditionFailure("an average that is not kept was asked for")
      }
      return tensor
    }
    guard let shards else { return try context.read(tensor(index)) }
    return try shards.whole(kind.rawValue, of: index, tensor)
  }

  /// Moments and moving averages of all parameters. With ``stepCount`` and ``averageUpdateCount`` it is
  /// all that a run needs to continue, beside the parameters themselves.
  public var state: [StateTensor] {
    shards?.endGathering()
    return whole.parameters.enumerated().flatMap { index, parameter in
      kinds.map { kind in
        StateTensor(name: kind.rawValue + parameter.name, shape: parameter.shape) {
          try self.values(kind, of: index)
        }
      }
    }
  }

  /// The moving averages under the parameters' own names, as a checkpoint to sample with has them;
  /// empty if none are kept.
  public var averages: [StateTensor] {
    guard kinds.contains(.average) else { return [] }
    shards?.endGathering()
    return whole.parameters.enumerated().map { index, parameter in
      StateTensor(name: parameter.name, shape: parameter.shape) {
        try self.values(.average, of: index)
      }
    }
  }

  /// Continues from a state. Moving averages that are kept from now on, of which the state has none, begin
  /// with the parameters as they are.
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
    let hasAverages =
      averageUpdateCount > 0
      || whole.parameters.contains { source.shape(of: Kind.average.rawValue + $0.name) != nil }
    let kinds = kinds.filter { $0 != .average || hasAverages }
    for (index, parameter) in whole.parameters.enumerated() {
      let parts =
        shards?.segments(of: index) ?? [(index: index, range: 0..<parameter.tensor.count)]
      for kind in kinds {
        try scope.withValues(kind.rawValue + parameter.name, shape: parameter.shape) { values in
          for part in parts {
            kind.tensor(parameters[part.index])?.overwrite(
              with: UnsafeBufferPointer(rebasing: values[part.range]))
          }
        }
      }
    }
    self.stepCount = stepCount
    self.averageUpdateCount = averageUpdateCount
  }
}
