import TensorCore
import TestSupport
import Testing

/// Convolutions over stacked images against a padded convolution of each image by itself.
@Suite(.onEveryDevice)
struct ConvolutionTests {
  private static let stacks = [
    ImageStack(width: 1, heights: [1]), ImageStack(width: 7, heights: [5]),
    ImageStack(width: 5, heights: [6, 3]), ImageStack(width: 8, heights: [8, 16, 16]),
    ImageStack(width: 3, heights: [4, 1, 2]),
  ]
  private static let channels = [(inputs: 3, outputs: 5), (inputs: 32, outputs: 48)]

  private struct Case {
    let context: ComputeContext
    let stack: ImageStack
    let batch: Int
    let channels: (inputs: Int, outputs: Int)
    let bias: [Float]
    let weight: (weight: ConvolutionWeight, values: [Float])
    let x: (tensor: Tensor, values: [Float])

    init(
      _ stack: ImageStack, _ channels: (inputs: Int, outputs: Int), batch: Int,
      _ type: ElementType
    ) throws {
      self.stack = stack
      self.batch = batch
      self.channels = channels
      context = try ComputeContext(threadCount: 2)
      var numbers = SeededNumbers(3)
      bias = numbers.floats(channels.outputs)
      weight = try context.convolution(
        inputs: channels.inputs, outputs: channels.outputs, bias: bias, on: stack, seed: 4,
        as: type)
      x = try context.rounded(
        stack.randomValues(batch: batch, channels: channels.inputs, seed: 7),
        [batch, stack.tokenCount, channels.inputs], as: type)
    }

    /// Every image convolved by itself, so that a leak between images shows.
    var expected: [Double] {
      stack.expected(x.values, batch: batch, channels: channels.inputs) {
        $0.convolved(weight.values, bias: bias)
      }
    }

    func deviation(of result: Tensor, from expected: [Double]) throws -> Double {
      TestSupport.deviation(
        stack.imageValues(of: try context.read(result), channels: channels.outputs), from: expected)
    }
  }

  @Test(arguments: ElementType.kernelPrecisions, [1, 2])
  func eachImageIsConvolvedByItself(_ type: ElementType, batch: Int) throws {
    for stack in Self.stacks {
      for channels in Self.channels {
        let it = try Case(stack, channels, batch: batch, type)
        let result = try it.context.convolution(it.x.tensor, it.weight.weight, on: stack)
        #expect(result.shape == [batch, stack.tokenCount, channels.outputs])
        #expect(
          try it.deviation(of: result, from: it.expected) < type.tolerance, "\(stack) \(channels)")
      }
    }
  }

  @Test(arguments: ElementType.kernelPrecisions, [true, false])
  func aResidualIsAdded(_ type: ElementType, overwriting: Bool) throws {
    for stack in Self.stacks {
      let it = try Case(stack, (inputs: 6, outputs: 10), batch: 2, type)
      let residual = try it.context.rounded(
        stack.randomValues(batch: 2, channels: 10, seed: 8), [2, stack.tokenCount, 10], as: type)
      let result = try it.context.convolution(
        it.x.tensor, it.weight.weight, on: stack, adding: residual.tensor,
        overwriting: overwriting)
      let added = stack.imageValues(of: residual.values, channels: 10)
      let expected = zip(it.expected, added).map { $0 + Double($1) }
      #expect(try it.deviation(of: result, from: expected) < type.tolerance, "\(stack)")
    }
  }

  @Test func aResidualIsLeftAloneUnlessItMayBeOverwritten() throws {
    let stack = ImageStack(width: 4, heights: [4, 2])
    let it = try Case(stack, (inputs: 3, outputs: 3), batch: 1, .float32)
    let residual = try it.context.rounded(
      stack.randomValues(batch: 1, channels: 3, seed: 8), [1, stack.tokenCount, 3], as: .float32)
    _ = try it.context.convolution(
      it.x.tensor, it.weight.weight, on: stack, adding: residual.tensor)
    #expect(try it.context.read(residual.tensor) == residual.values)
  }

  @Test
  func bfloat16ConvolutionsCanKeepTheirFloat32Sums() throws {
    let stack = ImageStack(width: 8, heights: [8, 16, 16])
    let it = try Case(stack, (inputs: 32, outputs: 4), batch: 2, .bfloat16)
    let result = try it.context.convolution(
      it.x.tensor, it.weight.weight, on: stack, outputType: .float32)
    #expect(result.elementType == .float32)
    #expect(try it.deviation(of: result, from: it.expected) < ElementType.float32.tolerance)
  }

  @Test func weightsPreparedForOneStackServeAnother() throws {
    let it = try Case(
      ImageStack(width: 16, heights: [16, 8]), (inputs: 4, outputs: 6), batch: 1, .float32)
    let other = ImageStack(width: 5, heights: [3, 7, 2])
    let x = other.randomValues(batch: 3, channels: 4, seed: 11)
    let result = try it.context.convolution(
      it.context.tensor(x, shape: [3, other.tokenCount, 4]), it.weight.weight, on: other)
    let expected = other.expected(x, batch: 3, channels: 4) {
      $0.convolved(it.weight.values, bias: it.bias)
    }
    #expect(
      deviation(other.imageValues(of: try it.context.read(result), channels: 6), from: expected)
        < 1e-5
    )
  }

  @Test(arguments: ElementType.kernelPrecisions, [1, 2])
  func strideTwoHalvesEachImageByItself(_ type: ElementType, batch: Int) throws {
    let stacks = [
      ImageStack(width: 2, heights: [2]), ImageStack(width: 6, heights: [4, 10]),
      ImageStack(width: 8, heights: [8, 16, 16]),
    ]
    for stack in stacks {
      let context = try ComputeContext(threadCount: 2)
      var numbers = SeededNumbers(3)
      let bias = numbers.floats(7)
      let weight = try context.convolution(
        inputs: 5, outputs: 7, bias: bias, stride: 2, on: stack, seed: 4, as: type)
      // The space between the images holds what an earlier convolution left there.
      let x = try context.rounded(
        stack.randomValues(batch: batch, channels: 5, seed: 12, gap: 100),
        [batch, stack.tokenCount, 5], as: type)
      let result = try context.stridedConvolution(x.tensor, weight.weight, on: stack)
      let expected = stack.expected(x.values, batch: batch, channels: 5) {
        $0.convolved(weight.values, bias: bias, stride: 2)
      }
      #expect(result.shape == [batch, stack.halved.tokenCount, 7])
      let images = stack.halved.imageValues(of: try context.read(result), channels: 7)
      #expect(deviation(images, from: expected) < type.tolerance, "\(stack)")
    }
  }
}
