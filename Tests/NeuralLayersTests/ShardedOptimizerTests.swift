import MessagePassing
import NeuralLayers
import TensorCore
import TestSupport
import Testing

@Suite("One optimiser over ranks")
struct ShardedOptimizerTests {
  /// Sizes of parameters, among them one that is larger than a bucket and one of a single number.
  private static let counts = [5, 1, 33, 7, 64, 2, 19]
  private static let steps = 3

  /// What one rank gives for a parameter in a step; some give nothing, and one parameter gets nothing.
  private static func gradient(step: Int, rank: Int, parameter: Int) -> [Float]? {
    if parameter == 3 || (parameter == 5 && rank % 2 == step % 2) { return nil }
    var numbers = SeededNumbers(UInt64(step), UInt64(rank), UInt64(parameter))
    return numbers.floats(counts[parameter]).map { 3 * $0 }
  }

  private static func parameters(_ context: ComputeContext) throws -> ParameterSet {
    let set = ParameterSet()
    let values = counts.indices.map { index in
      var numbers = SeededNumbers(9, UInt64(index))
      return numbers.floats(counts[index])
    }
    let source = MemoryParameters(
      Dictionary(
        uniqueKeysWithValues: zip(counts.indices, values).map { index, values in
          ("p\(index)", MemoryParameters.Parameter(shape: [counts[index]], values: values))
        }))
    let scope = ParameterScope(source, context: context, elementType: .float32, trained: set)
    for (index, count) in counts.enumerated() { _ = try scope.tensor("p\(index)", shape: [count]) }
    return set
  }

  private static let configuration = OptimizerConfiguration(
    schedule: LearningRateSchedule(peak: 0.01), maximumGradientNorm: 2, averageDecay: 0.9)

  private struct Outcome: Sendable {
    var values: [[Float]] = []
    var state: [[Float]] = []
    var norms: [Double] = []
  }

  private static func outcome(
    _ set: ParameterSet, _ optimizer: Optimizer, _ norms: [Double], _ context: ComputeContext
  ) throws -> Outcome {
    Outcome(
      values: try set.parameters.map { try context.read($0.tensor) },
      state: try optimizer.state.map { try $0.values() }, norms: norms)
  }

  /// Steps that ranks take together.
  private func together(_ count: Int, _ type: ElementType) async throws -> [Outcome] {
    try await amongRanks(count) { ranks in
      let context = ComputeContext(try Device.open(threadCount: 1))
      let set = try Self.parameters(context)
      let optimizer = try Optimizer(
        set, Self.configuration,
        sharing: GradientSharing(ranks, elementType: type, bucketCount: 40), context)
      var norms: [Double] = []
      for step in 1...Self.steps {
        for (index, parameter) in set.parameters.enumerated() {
          if let values = Self.gradient(step: step, rank: ranks.rank, parameter: index) {
            parameter.setGradient(try context.tensor(values, shape: [values.count]))
          }
        }
        try optimizer.addGradients()
        let own = try context.read(numbers: [optimizer.gradientNorm()])
        let norm = Optimizer.norm(ofShares: try ranks.gathered(numbers: own).map { $0[0] })
        try optimizer.step(inRun: step, norm: norm)
        norms.append(norm)
      }
      return try Self.outcome(set, optimizer, norms, context)
    }
  }

  /// The same by one that adds up what ranks would give, in their order.
  private func alone(_ count: Int, _ type: ElementType, norms: [Double]) throws -> Outcome {
    let context = ComputeContext(try Device.open(threadCount: 1))
    let set = try Self.parameters(context)
    let optimizer = try Optimizer(set, Self.configuration, context)
    for step in 1...Self.steps {
      for (index, parameter) in set.parameters.enumerated() {
        let parts = (0..<count).compactMap {
          Self.gradient(step: step, rank: $0, parameter: index)
        }.map { type == .float32 ? $0 : $0.map(Self.rounded) }
        guard let first = parts.first else { continue }
        let sum = parts.dropFirst().reduce(first) { sum, part in zip(sum, part).map { $0 + $1 } }
        parameter.setGradient(try context.tensor(sum, shape: [sum.count]))
      }
      // Squares are added by shares, in float32 within each, so that the last digits are those of the ranks.
      let norm = try context.read(numbers: [optimizer.gradientNorm()])[0]
      #expect(abs(norm - norms[step - 1]) < 1e-6 * norm)
      try optimizer.step(inRun: step, norm: norms[step - 1])
    }
    return try Self.outcome(set, optimizer, norms, context)
  }

  /// To the nearest bfloat16, ties to even.
  private static func rounded(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF_0000)
  }

  @Test(
    "1, 2 and 4 ranks have the bits of one that adds up in their order",
    arguments: [1, 2, 3, 4], [ElementType.float32, .bfloat16])
  func equalsSerialSum(count: Int, type: ElementType) async throws {
    let outcomes = try await together(count, type)
    let expected = try alone(count, type, norms: outcomes[0].norms)
    #expect(outcomes[0].norms.allSatisfy { $0 > 2 }, "gradients are to be clipped")
    for outcome in outcomes {
      // Long lists make no message that anyone could read.
      #expect((outcome.values == expected.values) == true)
      #expect((outcome.state == expected.state) == true)
    }
  }

  /// The state as a checkpoint would give it.
  private static func source(_ outcome: Outcome) -> MemoryParameters {
    let names = counts.indices.flatMap { index in
      ["first_moment.", "second_moment.", "average."].map { ($0 + "p\(index)", counts[index]) }
    }
    return MemoryParameters(
      Dictionary(
        uniqueKeysWithValues: zip(names, outcome.state).map { name, values in
          (name.0, MemoryParameters.Parameter(shape: [name.1], values: values))
        }))
  }

  @Test("the state of some ranks is that of any others, and of one alone")
  func restores() async throws {
    let before = try await together(3, .float32)[0]
    for count in [1, 2, 4] {
      let restored = try await amongRanks(count) { ranks in
        let context = ComputeContext(try Device.open(threadCount: 1))
        let optimizer = try Optimizer(
          Self.parameters(context), Self.configuration,
          sharing: GradientSharing(ranks, bucketCount: 40), context)
        try optimizer.restore(from: Self.source(before), stepCount: 3, averageUpdateCount: 3)
        return try optimizer.state.map { try $0.values() }
      }
      for state in restored { #expect(state == before.state) }
    }
  }
}
