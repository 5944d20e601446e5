/// The weight matrix and bias of a linear layer, as the device keeps them.
public struct LinearWeight: Sendable {
  /// Width of the input rows.
  public let inputs: Int
  /// Width of the output rows.
  public let outputs: Int
  /// Precision of the product: `.float32` or `.bfloat16`, always accumulated in float32.
  public let elementType: ElementType
  let weight: LayerWeight
  let bias: Tensor?
}

/// What one matrix product reads and writes: `x weight' + bias + residual`.
package struct LinearCall {
  let input: Tensor
  let weight: DeviceWeight
  let bias: Tensor?
  /// Whether the result is the first half of the product times the GELU of the second.
  var isGated = false
  /// Added to the product, in the result's shape and precision.
  let residual: Tensor?
  let result: Tensor
}

extension ComputeContext {
  /// Packs a linear layer's weights.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs]`, as PyTorch stores it.
  ///   - bias: `[outputs]`, or `nil` for none.
  ///   - elementType: Precision of the layer.
  ///   - rows: How many rows of a sample it will be applied to, where that is known.
  /// - Throws: ``TensorError`` if memory is short or the device lacks the precision.
  public func prepareLinear(
    _ weight: UnsafeBufferPointer<Float>, bias: [Float]?, inputs: Int, outputs: Int,
    elementType: ElementType, rows: Int? = nil
  ) throws -> LinearWeight {
    precondition(weight.count == inputs * outputs)
    return try linearWeight(
      .fixed(weight), bias: bias.map { try tensor($0, shape: [outputs]) }, inputs: inputs,
      outputs: outputs, elementType: elementType, rows: rows)
  }

  /// Takes a linear layer's weights for training: the layer reads the tensors themselves, and
  /// gradients reach them.
  ///
  /// - Parameters:
  ///   - weight: `[outputs, inputs]` float32; axes of extent 1 may follow.
  ///   - bias: `[outputs]` float32, or `nil` for none.
  ///   - elementType: Precision of the layer.
  public func trainedLinear(
    _ weight: Tensor, bias: Tensor?, elementType: ElementType
  ) throws -> LinearWeight {
    try linearWeight(
      .trained(weight), bias: bias, inputs: weight.count / weight.shape[0],
      outputs: weight.shape[0], elementType: elementType, rows: nil)
  }

  private func linearWeight(
    _ source: WeightSource, bias: Tensor?, inputs: Int, outputs: Int, elementType: ElementType,
    rows: Int?
  ) throws -> LinearWeight {
    LinearWeight(
      inputs: inputs, outputs: outputs, elementType: elementType,
      weight: try LayerWeight(
        source,
        WeightDescription(
          inputs: inputs, outputs: outputs, elementType: elementType,
          use: .linear(hasBias: bias != nil, rows: rows)),
        on: device), bias: bias)
  }

  /// `x weight' + bias`, optionally plus a tensor of the result's shape.
  ///
  /// - Parameters:
  ///   - x: `[..., inputs]` in the weight's precision.
  ///   - residual: `[..., outputs]` in the result's precision.
  ///   - outputType: Precision of the result; the weight's if `nil`.
  /// - Returns: `[..., outputs]`.
  public func linear(
    _ x: Tensor, _ weight: LinearWeight, adding residual: Tensor? = nil,
    outputType: ElementType? = nil
  ) throws -> Tensor {
    let result = try makeTensor(
      x.shape.dropLast() + [weight.outputs], outputType ?? weight.elementType)
    try linear(x, weight, adding: residual, into: result)
    return recorded(result, from: x, weight.weight.master, weight.bias, residual) {
      try $0.linearGradient($1, x, weight, residual)
    }
  }

  func linear(
    _ x: Tensor, _ weight: LinearWeight, adding residual: Tensor?, into result: Tensor
  ) throws {
    let start = operationStart
    defer { recordMatmul(since: start, x, outputs: weight.outputs) }
    precondition(x.channels == weight.inputs, "\(x.shape) against \(weight.inputs) inputs")
    precondition(x.elementType == weight.elementType)
    if let residual {
      precondition(residual.count == result.count && residual.elementType == result.elementType)
    }
    try device.run(
      .linear(
        LinearCall(
          input: x, weight: weight.weight.current, bias: weight.bias, residual: residual,
          result: result)))
  }

  /// Carries the gradient of `x weight' + bias + residual` to its parts.
  private func linearGradient(
    _ gradient: Tensor, _ x: Tensor, _ weight: LinearWeight, _ residual: Tensor?
  ) throws {
    let master = weight.weight.trained
    try propagate(to: residual, gradient)
    try propagate(to: weight.bias, sumRows(gradient, batch: 1))
    let gradient = try convert(gradient, to: weight.elementType)
    try propagate(to: x, inputGradient(gradient, weight).reshaped(x.shape))
    try propagate(to: master, weightGradient(gradient, x))
  }

  /// `gradient weight`: `[..., outputs]` to `[rows, inputs]`.
  private func inputGradient(_ gradient: Tensor, _ weight: LinearWeight) throws -> Tensor {
    let start = operationStart
    defer { recordMatmul(since: start, gradient, outputs: weight.inputs) }
    let result = try makeTensor([gradient.rows, weight.inputs], weight.elementType)
    try device.run(.linearInputGradient(gradient, weight.weight.current, into: result))
    return result
  }

  /// `gradient' x`: `[outputs, inputs]` float32.
  private func weightGradient(_ gradient: Tensor, _ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { recordMatmul(since: start, gradient, outputs: x.channels) }
    let result = try makeTensor([gradient.channels, x.channels], .float32)
    try device.run(.linearWeightGradient(gradient, input: x, into: result))
    return result
  }

  private func recordMatmul(
    since start: (any DeviceMoment)?, _ x: Tensor, outputs: Int
  ) {
    record(
      .matmul, since: start, [x.rows, x.channels], outputs: outputs,
      operations: 2 * Double(x.count) * Double(outputs))
  }
}
