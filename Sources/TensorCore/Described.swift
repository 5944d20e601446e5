// Weights and tensors that say their extents and hold no numbers: what a network is built of where only its
// parameters are asked for. Nothing can be computed with them.

extension Tensor {
  /// A tensor without memory.
  package static func described(
    _ shape: [Int], _ elementType: ElementType = .float32
  ) -> Tensor {
    Tensor(shape: shape, elementType: elementType, storage: TensorStorage())
  }
}

extension LinearWeight {
  /// The weights of a layer without their numbers.
  package static func described(
    inputs: Int, outputs: Int, bias: Bool, elementType: ElementType
  ) -> LinearWeight {
    LinearWeight(
      inputs: inputs, outputs: outputs, elementType: elementType,
      weight: .described, bias: bias ? .described([outputs]) : nil)
  }
}

extension ConvolutionWeight {
  /// The weights of a 3x3 convolution without their numbers.
  package static func described(
    inputs: Int, outputs: Int, stride: Int, elementType: ElementType
  ) -> ConvolutionWeight {
    ConvolutionWeight(
      inputs: inputs, outputs: outputs, stride: stride, elementType: elementType,
      weight: .described, bias: .described([outputs]))
  }
}

extension RotaryTable {
  /// A table without its numbers.
  package static func described(length: Int, width: Int) -> RotaryTable {
    RotaryTable(cosine: .described([length, width]), sine: .described([length, width]))
  }
}
