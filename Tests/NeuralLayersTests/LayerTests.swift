import NeuralLayers
import TensorCore
import TestSupport
import Testing

/// Layers take exactly the parameters that their documentation names.
@Suite(.onEveryDevice)
struct LayerTests {
  private let source = MemoryParameters()
  private let context: ComputeContext
  private let stack = ImageStack(width: 2, heights: [2, 4])

  init() throws { context = try ComputeContext(threadCount: 1) }

  private func scope() -> ParameterScope {
    ParameterScope(source, context: context, elementType: .float32)
  }

  @Test func aLinearLayerTakesItsWeightAndBias() throws {
    _ = source.made("x.weight", [3, 2])
    _ = source.made("x.bias", [3])
    let scope = scope()
    let layer = try Linear(scope["x"], 2, 3)
    try scope.checkEverythingWasUsed(of: source.names)
    #expect(layer.inputs == 2 && layer.outputs == 3 && layer.elementType == .float32)
  }

  @Test func aLinearLayerWithoutBiasLeavesOneUnused() throws {
    _ = source.made("weight", [3, 2])
    _ = source.made("bias", [3])
    let scope = scope()
    _ = try Linear(scope, 2, 3, bias: false)
    #expect(throws: ParameterError(name: "bias", problem: .unexpected(found: [3]))) {
      try scope.checkEverythingWasUsed(of: source.names)
    }
  }

  @Test func aLinearLayerTakesTheWeightOfAOneByOneConvolution() throws {
    let weight = source.made("weight", [3, 2, 1, 1])
    let bias = source.made("bias", [3])
    let layer = try Linear(scope(), 2, 3)
    let result = try context.read(layer(context.tensor([1, 10], shape: [1, 2]), context))
    let expected: [Float] = (0..<3).map { output in
      weight[2 * output] + 10 * weight[2 * output + 1] + bias[output]
    }
    #expect(largestDifference(result, expected) < 1e-5)
  }

  @Test func aConvolutionOfStrideTwoHalvesTheStack() throws {
    _ = source.made("weight", [5, 3, 3, 3])
    _ = source.made("bias", [5])
    let layer = try Convolution(scope(), 3, 5, on: stack, stride: 2)
    let x = try context.tensor(
      [Float](repeating: 1, count: stack.tokenCount * 3), shape: [1, stack.tokenCount, 3])
    #expect(try layer(x, on: stack, context).shape == [1, stack.halved.tokenCount, 5])
  }

  @Test func aConvolutionNeedsThreeByThreeWeights() throws {
    _ = source.made("weight", [5, 3, 1, 1])
    _ = source.made("bias", [5])
    let scope = scope()
    let expected = ParameterError(
      name: "weight", problem: .shape(expected: [5, 3, 3, 3], found: [5, 3, 1, 1]))
    #expect(throws: expected) { try Convolution(scope, 3, 5, on: stack) }
  }

  @Test func normsTakeAWeightAndABias() throws {
    for name in ["group", "layer"] {
      _ = source.made("\(name).weight", [32])
      _ = source.made("\(name).bias", [32])
    }
    let scope = scope()
    _ = try GroupNorm(scope["group"], 32, statistics: .perImage)
    _ = try LayerNorm(scope["layer"], 32)
    try scope.checkEverythingWasUsed(of: source.names)
  }
}
