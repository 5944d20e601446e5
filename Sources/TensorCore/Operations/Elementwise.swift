extension ComputeContext {
  /// The first half of the channels times the exact GELU of the second (Shazeer 2020, GEGLU).
  ///
  /// - Parameter x: `[..., 2 * width]`.
  /// - Returns: `[..., width]`.
  public func gatedGELU(_ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    let result = try makeTensor(x.shape.dropLast() + [x.channels / 2], x.elementType)
    try device.run(.gatedGELU(x, into: result))
    return recorded(result, from: x) { context, gradient in
      try context.propagate(
        to: x, context.elementwiseGradient(x) { .gatedGELUGradient(gradient, input: x, into: $0) })
    }
  }

  /// The exact (erf) GELU (Hendrycks and Gimpel 2016) of every element.
  public func gelu(_ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    let result = try makeTensor(x.shape, x.elementType)
    try device.run(.gelu(x, into: result))
    return recorded(result, from: x) { context, gradient in
      try context.propagate(
        to: x, context.elementwiseGradient(x) { .geluGradient(gradient, input: x, into: $0) })
    }
  }

  /// `x / (1 + exp(-x))` of every element of a float32 tensor.
  public func silu(_ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    precondition(x.elementType == .float32)
    let result = try makeTensor(x.shape, .float32)
    try device.run(.silu(x, into: result))
    return recorded(result, from: x) { context, gradient in
      try context.propagate(
        to: x, context.elementwiseGradient(x) { .siluGradient(gradient, input: x, into: $0) })
    }
  }

  /// The sum of two tensors of one shape and type.
  public func add(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.addition, since: start, a.shape) }
    precondition(a.shape == b.shape && a.elementType == b.elementType)
    let result = try makeTensor(a.shape, a.elementType)
    try device.run(.add(a, b, into: result))
    return recorded(result, from: a, b) {
      try $0.propagate(to: a, $1)
      try $0.propagate(to: b, $1)
    }
  }

  /// Adds one row to all rows of each sample.
  ///
  /// - Parameters:
  ///   - x: `[batch, rows, channels]`.
  ///   - row: `[batch, channels]` float32.
  public func addRows(_ x: Tensor, _ row: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.addition, since: start, x.shape) }
    precondition(x.shape.count == 3 && row.shape == [x.shape[0], x.channels])
    precondition(row.elementType == .float32)
    let result = try makeTensor(x.shape, x.elementType)
    try device.run(.addRows(x, row: row, into: result))
    return recorded(result, from: x, row) {
      try $0.propagate(to: x, $1)
      try $0.propagate(to: row, $0.sumRows($1, batch: x.shape[0]))
    }
  }

  /// `tanh(scale x)` of every element of a float32 tensor.
  public func tanh(_ x: Tensor, scale: Float = 1) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    precondition(x.elementType == .float32)
    let result = try makeTensor(x.shape, .float32)
    try device.run(.tanh(x, scale: scale, into: result))
    return recorded(result, from: x) { context, gradient in
      try context.propagate(
        to: x,
        context.elementwiseGradient(x) {
          .tanhGradient(gradient, result: result, scale: scale, into: $0)
        })
    }
  }

  /// The first token of every sequence: `[sequences, length, channels]` to `[sequences, channels]`.
  public func firstTokens(_ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.movement, since: start, x.shape) }
    precondition(x.shape.count == 3)
    let result = try makeTensor([x.shape[0], x.channels], x.elementType)
    let row = x.channels * x.elementType.byteCount
    device.memory.copy(
      DeviceRows(x.address, stride: x.shape[1] * row), to: DeviceRows(result.address, stride: row),
      rowCount: x.shape[0], byteCount: row)
    return recorded(result, from: x) {
      try $0.propagate(to: x, $0.firstTokensGradient($1, x.shape))
    }
  }

  /// Joins two tensors along the channels.
  ///
  /// - Parameters:
  ///   - a: `[..., m]`.
  ///   - b: `[..., n]` with the same rows.
  /// - Returns: `[..., m + n]`.
  public func concatenateChannels(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.movement, since: start, a.shape) }
    precondition(a.shape.dropLast() == b.shape.dropLast() && a.elementType == b.elementType)
    let result = try makeTensor(a.shape.dropLast() + [a.channels + b.channels], a.elementType)
    try device.run(.concatenateChannels(a, b, into: result))
    return recorded(result, from: a, b) { context, gradient in
      let (toA, toB) = try context.split(gradient, a.shape, b.shape)
      try context.propagate(to: a, toA)
      try context.propagate(to: b, toB)
    }
  }

  /// The same numbers in another precision; the tensor itself if it has it already.
  public func convert(_ x: Tensor, to elementType: ElementType) throws -> Tensor {
    guard x.elementType != elementType else { return x }
    let result = try makeTensor(x.shape, elementType)
    try device.run(.convert(x, into: result))
    return recorded(result, from: x) { try $0.propagate(to: x, $0.convert($1, to: x.elementType)) }
  }

  func copy(_ x: Tensor) throws -> Tensor {
    let result = try makeTensor(x.shape, x.elementType)
    copy(x, to: result)
    return result
  }

  /// The numbers of a tensor to another of as many bytes, or to a part of one.
  func copy(_ x: Tensor, to target: Tensor) {
    device.memory.copy(
      DeviceRows(x.address, stride: x.byteCount),
      to: DeviceRows(target.address, stride: x.byteCount),
      rowCount: 1, byteCount: x.byteCount)
  }

  func clear(_ x: Tensor) { device.memory.clear(x.address, byteCount: x.byteCount) }

  /// A float32 tensor of zeros.
  public func zeros(_ shape: [Int]) throws -> Tensor {
    let result = try makeTensor(shape, .float32)
    clear(result)
    return result
  }
}
