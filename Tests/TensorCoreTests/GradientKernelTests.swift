import TensorCore
import TestSupport
import Testing

/// Gradients do not depend on the processor's instruction set, and not at all on the threads.
struct GradientKernelTests {
  /// A network in little: every kernel of the gradients once, with sizes that leave a remainder.
  private func gradients(threads: Int, _ type: ElementType) throws -> [[Float]] {
    let context = try ComputeContext(threadCount: threads)
    let stack = ImageStack(width: 6, heights: [6, 4, 10])
    var numbers = SeededNumbers(21)
    let channels = 44
    func parameter(_ shape: [Int], around centre: Float = 0) throws -> Tensor {
      context.differentiable(
        try context.tensor(
          numbers.floats(shape.reduce(1, *), scale: 0.5, around: centre), shape: shape))
    }
    let x = context.differentiable(
      try context.tensor(
        stack.randomValues(batch: 2, channels: channels, seed: 2),
        shape: [2, stack.tokenCount, channels], as: type))
    let modulation = try parameter([2, 2 * channels])
    let weight = try parameter([channels], around: 1)
    let bias = try parameter([channels])
    let row = try parameter([2, channels])
    let tape = GradientTape()
    let result = try context.recording(on: tape) {
      let norm = NormalizationWeight(weight: weight, bias: bias)
      var h = try context.groupNorm(
        x, norm, groups: 11, on: stack, statistics: .perImage, modulation: modulation,
        activated: true)
      h = try context.upsample(context.averagePool(h, on: stack), on: stack.halved)
      h = try context.layerNorm(context.addRows(h, row), norm)
      h = try context.groupNorm(
        h, norm, groups: 44, on: stack, statistics: .joint, activated: false)
      h = try context.gelu(context.add(h, x))
      h = try context.gatedGELU(context.concatenateChannels(h, x))
      let planes = stack.heights.indices.map(stack.tokens)
      let qkv = try context.concatenateChannels(context.concatenateChannels(h, x), h)
      h = try context.attention(
        qkv, heads: 2, layout: .queryKeyValue,
        [AttentionPattern(runs: planes, sequences: 2, outerStride: stack.tokenCount)], scale: 0.2)
      return try context.leakyReLU(h, slope: 0.2)
    }
    try context.backward(
      from: result,
      gradient: context.tensor(
        stack.randomValues(batch: 2, channels: channels, seed: 3), shape: result.shape, as: type),
      on: tape)
    return try [x, modulation, weight, bias, row].map {
      try context.read(#require(context.gradient(of: $0)))
    }
  }

  @Test(arguments: ElementType.kernelPrecisions)
  func everyInstructionSetGivesTheSameGradients(_ type: ElementType) throws {
    let sets = KernelSelection.available
    // Dot products of bfloat16 round attention's weights too, and a row's gradient is a sum of many that
    // nearly cancel: in float32 1.1e-5 was seen.
    let tolerance = type == .bfloat16 ? 0.015 : 2e-5
    let best = try gradients(threads: 2, type)
    for set in sets.dropFirst() {
      let found = try KernelSelection.withKernels(set) { try gradients(threads: 2, type) }
      for (index, pair) in zip(found, best).enumerated() {
        #expect(
          relativeError(pair.0, from: pair.1) < tolerance,
          "\(set), input \(index)")
      }
    }
  }

  @Test(arguments: ElementType.kernelPrecisions)
  func threadsChangeNoBit(_ type: ElementType) throws {
    let one = try gradients(threads: 1, type)
    for threads in [2, 3] { #expect(try gradients(threads: threads, type) == one) }
  }
}
