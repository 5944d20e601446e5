import TensorCore
import TestSupport
import Testing

/// Group normalisation of stacked images against two-pass statistics in double precision.
@Suite(.onEveryDevice)
struct GroupNormTests {
  private static let stacks = [
    ImageStack(width: 1, heights: [3]), ImageStack(width: 8, heights: [8, 16, 16]),
    // Images of more than one chunk of 64 tokens, the last chunk not full.
    ImageStack(width: 13, heights: [11, 5, 7]),
  ]

  private static func problem(
    channels: Int, groups: Int, batch: Int = 2, modulated: Bool = false
  ) -> ReferenceNormalization.GroupProblem {
    var numbers = SeededNumbers(21)
    return .init(
      batch: batch, channels: channels, groups: groups,
      weight: numbers.floats(channels, scale: 0.5, around: 1), bias: numbers.floats(channels),
      modulation: modulated ? numbers.floats(batch * 2 * channels) : nil)
  }

  /// How far the operation is from the reference, with the named kernels.
  private func deviationFromReference(
    _ problem: ReferenceNormalization.GroupProblem, on stack: ImageStack, _ values: [Float],
    _ type: ElementType, kernels: String
  ) throws -> Double {
    let context = try ComputeContext(threadCount: 2)
    let x = try context.rounded(
      values, [problem.batch, stack.tokenCount, problem.channels], as: type)
    let parameters = try context.prepareNormalization(weight: problem.weight, bias: problem.bias)
    let modulation = try problem.modulation.map {
      try context.tensor($0, shape: [problem.batch, 2 * problem.channels])
    }
    let result = try KernelSelection.withKernels(kernels) {
      try context.groupNorm(
        x.tensor, parameters, groups: problem.groups, on: stack,
        statistics: problem.isJoint ? .joint : .perImage, modulation: modulation,
        activated: problem.activated)
    }
    return deviation(
      try context.read(result), from: ReferenceNormalization.groupNorm(x.values, on: stack, problem)
    )
  }

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func statisticsAreOfEachImageAlone(_ kernels: String, _ type: ElementType) throws {
    for stack in Self.stacks {
      for width in [1, 2, 3] {
        let problem = Self.problem(channels: 32 * width, groups: 32)
        // What stands between the images must take no part, and become zero.
        let x = stack.randomValues(
          batch: 2, channels: problem.channels, seed: 2, scale: 3, gap: 500)
        let found = try deviationFromReference(problem, on: stack, x, type, kernels: kernels)
        #expect(found < type.tolerance, "\(stack), \(width) channels a group")
      }
    }
  }

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func jointStatisticsAreOfAllImagesTogether(_ kernels: String, _ type: ElementType) throws {
    for stack in Self.stacks {
      var problem = Self.problem(channels: 64, groups: 32)
      problem.isJoint = true
      let x = stack.randomValues(batch: 2, channels: 64, seed: 3, gap: 500)
      let found = try deviationFromReference(problem, on: stack, x, type, kernels: kernels)
      #expect(found < type.tolerance, "\(stack)")
    }
  }

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func modulationFollowsTheNormAndSiLUFollowsThat(
    _ kernels: String, _ type: ElementType
  ) throws {
    for stack in Self.stacks {
      for activated in [false, true] {
        var problem = Self.problem(channels: 64, groups: 32, modulated: true)
        problem.activated = activated
        let x = stack.randomValues(batch: 2, channels: 64, seed: 4)
        let found = try deviationFromReference(problem, on: stack, x, type, kernels: kernels)
        #expect(found < type.tolerance, "\(stack), activated: \(activated)")
      }
    }
  }

  @Test(arguments: KernelSelection.available)
  func channelsNeedNotFillVectors(_ kernels: String) throws {
    let stack = ImageStack(width: 3, heights: [5, 2])
    for (channels, groups) in [(1, 1), (5, 5), (21, 7), (35, 1)] {
      var problem = Self.problem(channels: channels, groups: groups, modulated: true)
      problem.activated = true
      let x = stack.randomValues(batch: 2, channels: channels, seed: 5)
      let found = try deviationFromReference(problem, on: stack, x, .float32, kernels: kernels)
      #expect(found < 1e-5, "\(channels) channels in \(groups) groups")
    }
  }

  @Test(arguments: KernelSelection.available, [false, true])
  func aLargeCommonOffsetLeavesTheVariance(_ kernels: String, isJoint: Bool) throws {
    let stack = ImageStack(width: 16, heights: [16, 8, 8])
    var problem = Self.problem(channels: 64, groups: 32)
    problem.isJoint = isJoint
    let x = stack.randomValues(batch: 2, channels: 64, seed: 6, around: 1e4)
    let found = try deviationFromReference(problem, on: stack, x, .float32, kernels: kernels)
    // The normalised values themselves carry the rounding of x * factor, 1e4 / 2^24; sums of
    // squares in float32 would be wrong by orders of magnitude more.
    #expect(found < 5e-3)
  }

  @Test(arguments: KernelSelection.available)
  func aConstantImageBecomesTheBias(_ kernels: String) throws {
    let stack = ImageStack(width: 5, heights: [7])
    let problem = Self.problem(channels: 32, groups: 32, batch: 1)
    let x = [Float](repeating: 3, count: stack.tokenCount * 32)
    let found = try deviationFromReference(problem, on: stack, x, .float32, kernels: kernels)
    // 3 / sqrt(1e-5) is what cancels.
    #expect(found < 2e-4)
  }
}
