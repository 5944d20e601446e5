import TensorCore
import TestSupport
import Testing

/// Pooling and repetition of stacked images, with every instruction set.
@Suite(.onEveryDevice)
struct ResamplingTests {
  private static let stacks = [
    ImageStack(width: 2, heights: [2]), ImageStack(width: 6, heights: [4, 10]),
    ImageStack(width: 8, heights: [8, 2, 4]),
  ]

  /// What stands between the source's images, which must not show in the result.
  private static let gap: Float = 1000

  private struct Case {
    let context: ComputeContext
    let x: (tensor: Tensor, values: [Float])
    let stack: ImageStack
    let channels: Int

    init(_ stack: ImageStack, channels: Int, _ type: ElementType) throws {
      self.stack = stack
      self.channels = channels
      context = try ComputeContext(threadCount: 2)
      x = try context.rounded(
        stack.randomValues(batch: 2, channels: channels, seed: 1, gap: ResamplingTests.gap),
        [2, stack.tokenCount, channels], as: type)
    }

    func expected(_ change: (ReferenceImage) -> ReferenceImage) -> [Double] {
      stack.expected(x.values, batch: 2, channels: channels, change)
    }
  }

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func poolingAveragesBlocksOfEachImage(_ kernels: String, _ type: ElementType) throws {
    for stack in Self.stacks {
      for channels in [1, 16, 35] {
        let it = try Case(stack, channels: channels, type)
        let result = try KernelSelection.withKernels(kernels) {
          try it.context.read(it.context.averagePool(it.x.tensor, on: stack))
        }
        let images = stack.halved.imageValues(of: result, channels: channels)
        #expect(deviation(images, from: it.expected(\.pooled)) < type.tolerance, "\(stack)")
        #expect(stack.halved.gapValues(of: result, channels: channels).allSatisfy { $0 == 0 })
      }
    }
  }

  @Test(arguments: KernelSelection.available, ElementType.kernelPrecisions)
  func upsamplingRepeatsTheTokensOfEachImage(_ kernels: String, _ type: ElementType) throws {
    for stack in Self.stacks {
      for channels in [1, 16, 35] {
        let it = try Case(stack, channels: channels, type)
        let result = try KernelSelection.withKernels(kernels) {
          try it.context.read(it.context.upsample(it.x.tensor, on: stack))
        }
        let images = stack.doubled.imageValues(of: result, channels: channels)
        #expect(deviation(images, from: it.expected(\.doubled)) == 0, "\(stack)")
        #expect(stack.doubled.gapValues(of: result, channels: channels).allSatisfy { $0 == 0 })
      }
    }
  }
}
