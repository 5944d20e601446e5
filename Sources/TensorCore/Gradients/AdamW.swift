/// A parameter with what its optimiser remembers of it, float32 in the parameter's shape.
public struct OptimizedParameter: Sendable {
  /// The parameter.
  public let parameter: Parameter
  /// Running mean of the gradient.
  public let firstMoment: Tensor
  /// Running mean of the gradient's square.
  public let secondMoment: Tensor
  /// Moving average of the values, if one is kept.
  public let average: Tensor?

  /// Begins with moments of zero, and the values as they are for the average.
  public init(_ parameter: Parameter, averaged: Bool, _ context: ComputeContext) throws {
    self.parameter = parameter
    firstMoment = try context.zeros(parameter.tensor.shape)
    secondMoment = try context.zeros(parameter.tensor.shape)
    average = averaged ? try context.copy(parameter.tensor) : nil
  }
}

/// The settings of one step of AdamW (Loshchilov and Hutter 2019).
public struct AdamWStep: Sendable, Hashable {
  /// Factor of the step.
  public var learningRate: Double
  /// Decay of the first moment.
  public var beta1: Double
  /// Decay of the second moment.
  public var beta2: Double
  /// Added to the root of the second moment.
  public var epsilon: Double
  /// Decay of the values, times the learning rate.
  public var weightDecay: Double
  /// The step's number, from 1.
  public var number: Int
  /// Every gradient is multiplied by this first.
  public var gradientFactor: Double
  /// Decay of the moving average in this step; 1 leaves it as it is.
  public var averageDecay: Double

  /// Describes a step.
  public init(
    learningRate: Double, beta1: Double, beta2: Double, epsilon: Double, weightDecay: Double,
    number: Int, gradientFactor: Double = 1, averageDecay: Double = 0
  ) {
    self.learningRate = learningRate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    self.number = number
    self.gradientFactor = gradientFactor
    self.averageDecay = averageDecay
  }
}

/// The tensors of one parameter as an optimiser's operations take them, float32.
package struct OptimizedTensors {
  let values: Tensor
  /// What had gathered when the operation was asked for.
  let gradient: Tensor?
  let firstMoment: Tensor
  let secondMoment: Tensor
  let average: Tensor?

  init(_ optimized: OptimizedParameter) {
    values = optimized.parameter.tensor
    gradient = optimized.parameter.gradient
    firstMoment = optimized.firstMoment
    secondMoment = optimized.secondMoment
    average = optimized.average
  }
}

extension ComputeContext {
  /// Changes all parameters by one step of AdamW with PyTorch's order of operations, and their moving
  /// averages after it. A parameter without a gradient stays as it is.
  public func adamW(_ parameters: [OptimizedParameter], _ step: AdamWStep) throws {
    let start = operationStart
    defer { record(.optimizer, since: start, [parameters.count]) }
    try device.run(.adamW(parameters.map(OptimizedTensors.init), step))
    for optimized in parameters { optimized.parameter.noteChange() }
  }

  /// The Euclidean norm of all parameters' gradients together, `[1]` float64.
  public func gradientNorm(_ parameters: [OptimizedParameter]) throws -> Tensor {
    let start = operationStart
    defer { record(.optimizer, since: start, [parameters.count]) }
    let result = try makeTensor([1], .float64)
    try device.run(.gradientNorm(parameters.map(OptimizedTensors.init), into: result))
    return result
  }
}
