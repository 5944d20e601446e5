internal import CKernels

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

extension ComputeContext {
  /// A float32 tensor of zeros.
  public func zeros(_ shape: [Int]) throws -> Tensor {
    let result = try makeTensor(shape, .float32)
    clear(result)
    return result
  }

  /// Changes all parameters by one step of AdamW with PyTorch's order of operations, and their moving
  /// averages after it. A parameter without a gradient stays as it is.
  public func adamW(_ parameters: [OptimizedParameter], _ step: AdamWStep) throws {
    let start = operationStart
    defer { record(.optimizer, since: start, [parameters.count]) }
    let number = Double(step.number)
    withKernelParameters(parameters, averaging: step.averageDecay < 1) { list in
      var problem = ck_adamw_step(
        parameters: list.baseAddress, parameter_count: list.count,
        gradient_factor: Float(step.gradientFactor),
        decay_factor: Float(1 - step.learningRate * step.weightDecay), beta1: Float(step.beta1),
        beta2: Float(step.beta2),
        step_size: Float(step.learningRate / (1 - power(step.beta1, number))),
        second_correction: Float((1 - power(step.beta2, number)).squareRoot()),
        epsilon: Float(step.epsilon), average_share: Float(1 - step.averageDecay))
      ck_adamw(&problem, Int32(threadCount))
    }
    for optimized in parameters { optimized.parameter.noteChange() }
  }

  /// The Euclidean norm of all parameters' gradients together, `[1]` float64.
  public func gradientNorm(_ parameters: [OptimizedParameter]) throws -> Tensor {
    let start = operationStart
    defer { record(.optimizer, since: start, [parameters.count]) }
    let result = try makeTensor([1], .float64)
    withKernelParameters(parameters) {
      result.pointer(of: Double.self)[0] =
        ck_squared_gradient_norm($0.baseAddress, $0.count, Int32(threadCount)).squareRoot()
    }
    return result
  }

  private func withKernelParameters<Result>(
    _ parameters: [OptimizedParameter], averaging: Bool = false,
    _ body: (UnsafeBufferPointer<ck_parameter>) throws -> Result
  ) rethrows -> Result {
    // The gradients must outlive the call.
    let gradients = parameters.map(\.parameter.gradient)
    let list = zip(parameters, gradients).map { optimized, gradient in
      ck_parameter(
        values: optimized.parameter.tensor.pointer(of: Float.self),
        gradient: gradient?.pointer(of: Float.self),
        first_moment: optimized.firstMoment.pointer(of: Float.self),
        second_moment: optimized.secondMoment.pointer(of: Float.self),
        average: averaging ? optimized.average?.pointer(of: Float.self) : nil,
        count: optimized.parameter.tensor.count)
    }
    return try withExtendedLifetime(gradients) { try list.withUnsafeBufferPointer(body) }
  }
}

extension Tensor {
  /// Replaces the numbers of a float32 tensor in place, for state that is restored.
  public func overwrite(with values: UnsafeBufferPointer<Float>) {
    precondition(values.count == count, "\(values.count) values for shape \(shape)")
    fill(from: values)
  }
}
