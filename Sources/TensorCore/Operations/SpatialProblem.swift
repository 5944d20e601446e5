/// A convolution over two or three axes: channels last, the same kernel side, stride and padding along
/// every axis.
package struct SpatialProblem: Sendable, Hashable {
  package var batch: Int
  /// Extents of the input: height and width, or depth, height and width.
  package var sides: [Int]
  package var inputs: Int
  package var outputs: Int
  package var kernel: Int
  package var stride: Int
  package var padding: Int
  /// Precision of input, weights and output; gradients of weights are float32.
  package var elementType: ElementType

  /// Extents of the output.
  var outputSides: [Int] { sides.map { ($0 + 2 * padding - kernel) / stride + 1 } }
  /// Extents of the weights as PyTorch stores them.
  var weightShape: [Int] { [outputs, inputs] + sides.map { _ in kernel } }
  /// Multiply-adds count as 2.
  var operationCount: Double {
    2 * Double(batch * outputSides.reduce(1, *) * inputs * outputs)
      * Double(sides.reduce(1) { count, _ in count * kernel })
  }
}

extension ComputeContext {
  /// The gradient of a convolution's input.
  ///
  /// - Parameter gradient: Of the output, in the problem's precision.
  func inputGradient(
    _ gradient: Tensor, _ weight: LayerWeight, _ problem: SpatialProblem, shape: [Int]
  ) throws -> Tensor {
    let start = operationStart
    defer {
      record(
        .convolution, since: start, gradient.shape, outputs: problem.inputs,
        operations: problem.operationCount)
    }
    let result = try makeTensor(shape, problem.elementType)
    try device.run(.spatialInputGradient(problem, gradient, weight.current, into: result))
    return result
  }

  /// The gradient of a convolution's weights, float32 as PyTorch stores them.
  ///
  /// - Parameters:
  ///   - gradient: Of the output, in the problem's precision.
  ///   - x: The input.
  func weightGradient(
    _ gradient: Tensor, _ x: Tensor, _ problem: SpatialProblem
  ) throws -> Tensor {
    let start = operationStart
    defer {
      record(
        .convolution, since: start, x.shape, outputs: problem.outputs,
        operations: problem.operationCount)
    }
    let result = try makeTensor(problem.weightShape, .float32)
    try device.run(.spatialWeightGradient(problem, gradient, input: x, into: result))
    return result
  }
}
