import TensorCore

/// What layers are made of: prepared once for inference, or reading trained parameters.
extension ParameterScope {
  /// Whether layers read parameters that are trained.
  public var isTrained: Bool { trained != nil }

  /// A parameter as a float32 tensor, which gradients reach if it is trained.
  ///
  /// - Parameters:
  ///   - name: Below this scope.
  ///   - shape: The extents it must have, which the tensor gets; extents of 1 at the end of the
  ///     source's may be absent or present.
  /// - Throws: ``ParameterError``, or what the source throws.
  public func tensor(_ name: String, shape: [Int]) throws -> Tensor {
    if let record {
      record.add(prefix + name, shape)
      return .described(shape)
    }
    guard let trained else {
      return try withValues(name, shape: shape) { try context.tensor($0, shape: shape) }
    }
    let fullName = prefix + name
    return try trained.parameter(fullName) {
      // Stored as the source has it, so that a checkpoint of it has the same extents.
      let stored = loader.source.shape(of: fullName) ?? shape
      return try withValues(name, shape: shape) {
        try Parameter(name: fullName, shape: stored, values: $0, context)
      }
    }.tensor.reshaped(shape)
  }

  /// The weights of a linear layer: `weight` `[outputs, inputs]`, with axes of extent 1 behind them as
  /// the authors' files have them, and, if it has one, `bias`.
  ///
  /// - Parameter rows: How many rows of a sample the layer will be applied to, where that is known.
  func linear(
    inputs: Int, outputs: Int, bias: Bool, kernelAxes: Int, rows: Int?
  ) throws -> LinearWeight {
    if let record {
      record.add(
        prefix + "weight", [outputs, inputs] + Array(repeating: 1, count: kernelAxes))
      if bias { record.add(prefix + "bias", [outputs]) }
      return .described(
        inputs: inputs, outputs: outputs, bias: bias, elementType: elementType)
    }
    if isTrained {
      let weight = try tensor("weight", shape: [outputs, inputs])
      return try context.trainedLinear(
        weight, bias: bias ? tensor("bias", shape: [outputs]) : nil, elementType: elementType)
    }
    let bias = bias ? try values("bias", shape: [outputs]) : nil
    return try withValues("weight", shape: [outputs, inputs]) {
      try context.prepareLinear(
        $0, bias: bias, inputs: inputs, outputs: outputs, elementType: elementType, rows: rows)
    }
  }

  /// The weights of a 3x3 convolution: `weight` `[outputs, inputs, 3, 3]` and `bias`.
  func convolution(
    inputs: Int, outputs: Int, on stack: ImageStack, stride: Int
  ) throws -> ConvolutionWeight {
    if let record {
      record.add(prefix + "weight", [outputs, inputs, 3, 3])
      record.add(prefix + "bias", [outputs])
      return .described(
        inputs: inputs, outputs: outputs, stride: stride, elementType: elementType)
    }
    if isTrained {
      return try context.trainedConvolution(
        tensor("weight", shape: [outputs, inputs, 3, 3]), bias: tensor("bias", shape: [outputs]),
        stride: stride, on: stack, elementType: elementType)
    }
    let bias = try values("bias", shape: [outputs])
    return try withValues("weight", shape: [outputs, inputs, 3, 3]) {
      try context.prepareConvolution(
        $0, bias: bias, inputs: inputs, outputs: outputs, stride: stride, on: stack,
        elementType: elementType)
    }
  }

  /// The parameters of a normalisation: `weight` and `bias` `[channels]`.
  func normalization(channels: Int) throws -> NormalizationWeight {
    NormalizationWeight(
      weight: try tensor("weight", shape: [channels]), bias: try tensor("bias", shape: [channels]))
  }
}
