import Foundation
import TensorCore
import TestSupport

/// `x weight' + bias` of `[rows, inputs]` in double precision; `weight` is `[outputs, inputs]`.
func referenceLinear(
  _ x: [Float], _ weight: [Float], bias: [Float]?, inputs: Int, outputs: Int
) -> [Double] {
  (0..<(x.count / inputs)).flatMap { row in
    (0..<outputs).map { output in
      var sum = bias.map { Double($0[output]) } ?? 0
      for input in 0..<inputs {
        sum += Double(x[row * inputs + input]) * Double(weight[output * inputs + input])
      }
      return sum
    }
  }
}

/// The exact GELU.
func referenceGELU(_ x: Double) -> Double { x * (1 + erf(x / 2.0.squareRoot())) / 2 }

/// `x / (1 + exp(-x))`.
func referenceSiLU(_ x: Double) -> Double { x / (1 + exp(-x)) }

/// A gated GELU of `[rows, 2 * width]`.
func referenceGatedGELU(_ x: [Double], width: Int) -> [Double] {
  (0..<(x.count / (2 * width))).flatMap { row in
    (0..<width).map { x[row * 2 * width + $0] * referenceGELU(x[row * 2 * width + width + $0]) }
  }
}

extension ComputeContext {
  /// Random numbers as a tensor and as the precision holds them.
  func rounded(
    _ values: [Float], _ shape: [Int], as elementType: ElementType
  ) throws -> (tensor: Tensor, values: [Float]) {
    let tensor = try tensor(values, shape: shape, as: elementType)
    return (tensor, try read(tensor))
  }

  /// Packs a random product's weights; the numbers are those that the precision holds.
  func linear(
    inputs: Int, outputs: Int, bias: [Float]?, seed: UInt64, as elementType: ElementType
  ) throws -> (weight: LinearWeight, values: [Float]) {
    let drawn = weightValues(inputs: inputs, outputs: outputs, seed: seed)
    let values = try rounded(drawn, [outputs, inputs], as: elementType).values
    let weight = try values.withUnsafeBufferPointer {
      try prepareLinear(
        $0, bias: bias, inputs: inputs, outputs: outputs, elementType: elementType)
    }
    return (weight, values)
  }

  /// Packs a random convolution's weights; the numbers are those that the precision holds.
  func convolution(
    inputs: Int, outputs: Int, bias: [Float], stride: Int = 1, on stack: ImageStack, seed: UInt64,
    as elementType: ElementType
  ) throws -> (weight: ConvolutionWeight, values: [Float]) {
    let drawn = weightValues(inputs: inputs * 9, outputs: outputs, seed: seed)
    let values = try rounded(drawn, [outputs, inputs, 3, 3], as: elementType).values
    let weight = try values.withUnsafeBufferPointer {
      try prepareConvolution(
        $0, bias: bias, inputs: inputs, outputs: outputs, stride: stride, on: stack,
        elementType: elementType)
    }
    return (weight, values)
  }
}

/// Weights that keep the scale of what goes through them.
private func weightValues(inputs: Int, outputs: Int, seed: UInt64) -> [Float] {
  var numbers = SeededNumbers(seed)
  return numbers.floats(inputs * outputs, scale: (3 / Float(inputs)).squareRoot())
}
