import Foundation
import NeuralLayers
import TensorCore
import TestSupport
import Testing

/// The optimiser against the formulas in double precision.
@Suite(.onEveryDevice)
struct OptimizerTests {
  private static let shapes = [[3], [5, 7], [40_000]]

  /// Parameters of several sizes, and gradients that are the same whenever asked for.
  private struct Setting {
    let context: ComputeContext
    let parameters = ParameterSet()

    init(threads: Int = 2) throws {
      context = try ComputeContext(threadCount: threads)
      let source = MemoryParameters()
      for (index, shape) in shapes.enumerated() { _ = source.made("p\(index)", shape) }
      let scope = ParameterScope(
        source, context: context, elementType: .float32, trained: parameters)
      for (index, shape) in shapes.enumerated() { _ = try scope.tensor("p\(index)", shape: shape) }
    }

    /// Gives every parameter the gradient of a step.
    func setGradients(_ step: Int) throws {
      for (parameter, values) in zip(parameters.parameters, Self.gradients(step)) {
        let tape = GradientTape()
        let shape = parameter.tensor.shape
        let result = try context.recording(on: tape) {
          try context.add(parameter.tensor, context.zeros(shape))
        }
        try context.backward(
          from: result, gradient: context.tensor(values, shape: shape), on: tape)
      }
    }

    static func gradients(_ step: Int) -> [[Float]] {
      var numbers = SeededNumbers(UInt64(step))
      return shapes.map { numbers.floats($0.reduce(1, *)) }
    }

    /// Each parameter's numbers as they are now.
    func parts() throws -> [[Float]] { try context.read(parameters.parameters.map(\.tensor)) }
    /// All numbers, one parameter after the other.
    func values() throws -> [Float] { try parts().flatMap { $0 } }
    /// The moving averages, likewise.
    func averages(_ optimizer: Optimizer) throws -> [Float] {
      try optimizer.averages.flatMap { try $0.values() }
    }
  }

  private static let configuration = OptimizerConfiguration(
    schedule: LearningRateSchedule(peak: 0.01), beta1: 0.8, beta2: 0.95, weightDecay: 0.1,
    averageDecay: 0.99)

  /// AdamW as Loshchilov and Hutter 2019 and PyTorch have it.
  private struct Reference {
    var values: [Double]
    var first: [Double]
    var second: [Double]
    var average: [Double]

    init(_ values: [Float]) {
      self.values = values.map(Double.init)
      first = values.map { _ in 0 }
      second = first
      average = self.values
    }

    mutating func step(_ gradient: [Float], _ number: Int, factor: Double = 1) {
      let decay = min(0.99, Double(1 + number) / Double(10 + number))
      for i in values.indices {
        let g = Double(gradient[i]) * factor
        values[i] *= 1 - 0.01 * 0.1
        first[i] = 0.8 * first[i] + 0.2 * g
        second[i] = 0.95 * second[i] + 0.05 * g * g
        let mean = first[i] / (1 - pow(0.8, Double(number)))
        let square = second[i] / (1 - pow(0.95, Double(number)))
        values[i] -= 0.01 * mean / (square.squareRoot() + 1e-8)
        average[i] = decay * average[i] + (1 - decay) * values[i]
      }
    }
  }

  @Test(arguments: KernelSelection.available)
  func stepsFollowTheFormulas(_ kernels: String) throws {
    try KernelSelection.withKernels(kernels) {
      let setting = try Setting()
      var reference = Reference(try setting.values())
      let optimizer = try Optimizer(setting.parameters, Self.configuration, setting.context)
      for step in 1...4 {
        try setting.setGradients(step)
        try optimizer.step()
        reference.step(Setting.gradients(step).flatMap { $0 }, step)
      }
      #expect(optimizer.stepCount == 4)
      #expect(deviation(try setting.values(), from: reference.values) < 1e-5)
      let averages = try setting.averages(optimizer)
      #expect(deviation(averages, from: reference.average) < 1e-5)
      #expect(setting.parameters.parameters.allSatisfy { $0.gradient == nil })
    }
  }

  @Test func theAverageIsUpdatedAfterEveryFewSteps() throws {
    let setting = try Setting()
    var configuration = Self.configuration
    configuration.averageInterval = 3
    let optimizer = try Optimizer(setting.parameters, configuration, setting.context)
    var average = try setting.values().map(Double.init)
    for step in 1...7 {
      try setting.setGradients(step)
      try optimizer.step()
      // The warm-up counts the updates and not the steps: 2/11 for the first, 3/12 for the second.
      if step == 3 || step == 6 {
        let decay = step == 3 ? 2.0 / 11 : 3.0 / 12
        for (index, value) in try setting.values().enumerated() {
          average[index] = decay * average[index] + (1 - decay) * Double(value)
        }
      }
      #expect(
        deviation(try setting.averages(optimizer), from: average) < 1e-6, "step \(step)")
    }
    #expect(optimizer.stepCount == 7 && optimizer.averageUpdateCount == 2)
  }

  @Test func longGradientsAreShortened() throws {
    let setting = try Setting()
    var configuration = Self.configuration
    configuration.maximumGradientNorm = 0.5
    var reference = Reference(try setting.values())
    let optimizer = try Optimizer(setting.parameters, configuration, setting.context)
    let gradient = Setting.gradients(1).flatMap { $0 }
    let norm = gradient.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    try setting.setGradients(1)
    #expect(abs(try optimizer.step() / norm - 1) < 1e-6)
    reference.step(gradient, 1, factor: 0.5 / norm)
    #expect(deviation(try setting.values(), from: reference.values) < 1e-5)
  }

  @Test func gradientsAddUpUntilAStep() throws {
    let once = try Setting()
    let twice = try Setting()
    try once.setGradients(1)
    try twice.setGradients(1)
    try twice.setGradients(1)
    let single = try once.context.read(#require(once.parameters["p1"]?.gradient))
    let double = try twice.context.read(#require(twice.parameters["p1"]?.gradient))
    #expect(double == single.map { 2 * $0 })
  }

  @Test func aParameterWithoutAGradientStays() throws {
    let setting = try Setting()
    let before = try setting.values()
    try Optimizer(setting.parameters, Self.configuration, setting.context).step()
    #expect(try setting.values() == before)
  }

  @Test func aRestoredOptimizerContinuesBitForBit() throws {
    let whole = try Setting()
    let optimizer = try Optimizer(whole.parameters, Self.configuration, whole.context)
    for step in 1...2 {
      try whole.setGradients(step)
      try optimizer.step()
    }
    let stored = MemoryParameters()
    for tensor in optimizer.state {
      stored.parameters[tensor.name] = .init(
        shape: tensor.shape, values: try tensor.values())
    }
    // Another number of threads must not matter either.
    let resumed = try Setting(threads: 1)
    for (parameter, values) in zip(resumed.parameters.parameters, try whole.parts()) {
      values.withUnsafeBufferPointer(parameter.setValues)
    }
    let other = try Optimizer(resumed.parameters, Self.configuration, resumed.context)
    try other.restore(
      from: stored, stepCount: optimizer.stepCount,
      averageUpdateCount: optimizer.averageUpdateCount)
    try whole.setGradients(3)
    try resumed.setGradients(3)
    #expect(try optimizer.step() == other.step())
    #expect(try whole.values() == resumed.values())
    #expect(try whole.averages(optimizer) == resumed.averages(other))
  }

  @Test func aStateOfAnotherNetworkIsRefused() throws {
    let setting = try Setting()
    let optimizer = try Optimizer(setting.parameters, Self.configuration, setting.context)
    #expect(throws: ParameterError.self) {
      try optimizer.restore(from: MemoryParameters(), stepCount: 1, averageUpdateCount: 1)
    }
    #expect(optimizer.stepCount == 0)
  }

  @Test func theLearningRateRisesAndFalls() {
    let constant = LearningRateSchedule(peak: 2, warmUpSteps: 4)
    #expect([1, 2, 4, 5, 1000].map(constant.rate) == [0.5, 1, 2, 2, 2])
    let cosine = LearningRateSchedule(
      peak: 2, warmUpSteps: 10, decay: .cosine(lastStep: 110, final: 0.1))
    #expect(cosine.rate(at: 5) == 1)
    #expect(cosine.rate(at: 10) == 2)
    #expect(abs(cosine.rate(at: 60) - 1.1) < 1e-12)
    #expect(abs(cosine.rate(at: 110) - 0.2) < 1e-12)
    #expect(abs(cosine.rate(at: 5000) - 0.2) < 1e-12)
  }

  @Test func layersFollowTheParametersTheyWereBuiltFrom() throws {
    for type in ElementType.trainingPrecisions {
      let context = try ComputeContext(threadCount: 2)
      let source = MemoryParameters()
      _ = source.made("linear.weight", [6, 5])
      _ = source.made("linear.bias", [6])
      _ = source.made("convolution.weight", [6, 5, 3, 3])
      _ = source.made("convolution.bias", [6])
      let parameters = ParameterSet()
      let stack = ImageStack(width: 4, heights: [4])
      func layers(_ scope: ParameterScope) throws -> (Linear, Convolution) {
        (
          try Linear(scope["linear"], 5, 6),
          try Convolution(scope["convolution"], 5, 6, on: stack)
        )
      }
      let trained = try layers(
        ParameterScope(source, context: context, elementType: type, trained: parameters))
      var numbers = SeededNumbers(1)
      for parameter in parameters.parameters {
        let values = numbers.floats(parameter.tensor.count)
        values.withUnsafeBufferPointer(parameter.setValues)
        source.parameters[parameter.name] = .init(shape: parameter.shape, values: values)
      }
      let fixed = try layers(ParameterScope(source, context: context, elementType: type))
      let x = try context.tensor(numbers.floats(16 * 5), shape: [1, 16, 5], as: type)
      #expect(
        deviation(
          try context.read(trained.0(x, context)),
          from: try context.read(fixed.0(x, context)).map(Double.init)) < type.tolerance)
      #expect(
        try context.read(trained.1(x, on: stack, context))
          == context.read(fixed.1(x, on: stack, context)))
    }
  }
}
