internal import CKernels
import Glibc

func cosine(_ x: Float) -> Float { Glibc.cosf(x) }
func sine(_ x: Float) -> Float { Glibc.sinf(x) }
func power(_ base: Double, _ exponent: Double) -> Double { Glibc.pow(base, exponent) }

extension ComputeContext {
  /// The first half of the channels times the exact GELU of the second (Shazeer 2020, GEGLU).
  ///
  /// - Parameter x: `[..., 2 * width]`.
  /// - Returns: `[..., width]`.
  public func gatedGELU(_ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    let result = try makeTensor(x.shape.dropLast() + [x.channels / 2], x.elementType)
    ck_gated_gelu(
      x.kernelType, x.pointer, result.pointer, x.rows, x.channels / 2, Int32(threadCount))
    return noted(result, from: x) { try $0.propagate(to: x, $0.gatedGELUGradient($1, x)) }
  }

  /// The exact (erf) GELU (Hendrycks and Gimpel 2016) of every element.
  public func gelu(_ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    let result = try copy(x)
    ck_gelu(result.kernelType, result.pointer, result.count, Int32(threadCount))
    return noted(result, from: x) { try $0.propagate(to: x, $0.geluGradient($1, x)) }
  }

  /// `x / (1 + exp(-x))` of every element of a float32 tensor.
  public func silu(_ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.activation, since: start, x.shape) }
    precondition(x.elementType == .float32)
    let result = try makeTensor(x.shape, .float32)
    ck_silu(x.pointer(of: Float.self), result.pointer(of: Float.self), x.count)
    return noted(result, from: x) { try $0.propagate(to: x, $0.siluGradient($1, x)) }
  }

  /// The sum of two tensors of one shape and type.
  public func add(_ a: Tensor, _ b: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.addition, since: start, a.shape) }
    precondition(a.shape == b.shape && a.elementType == b.elementType)
    let result = try makeTensor(a.shape, a.elementType)
    ck_add(a.kernelType, a.pointer, b.pointer, result.pointer, a.count, Int32(threadCount))
    return noted(result, from: a, b) {
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
    ck_add_rows(
      x.kernelType, x.pointer, row.pointer(of: Float.self), result.pointer, x.shape[0], x.shape[1],
      x.channels, Int32(threadCount))
    return noted(result, from: x, row) {
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
    ck_scaled_tanh(x.pointer(of: Float.self), result.pointer(of: Float.self), scale, x.count)
    return noted(result, from: x) {
      try $0.propagate(to: x, $0.tanhGradient($1, result: result, scale: scale))
    }
  }

  /// The first token of every sequence: `[sequences, length, channels]` to `[sequences, channels]`.
  public func firstTokens(_ x: Tensor) throws -> Tensor {
    let start = operationStart
    defer { record(.movement, since: start, x.shape) }
    precondition(x.shape.count == 3)
    let result = try makeTensor([x.shape[0], x.channels], x.elementType)
    let bytes = x.channels * x.elementType.byteCount
    for sequence in 0..<x.shape[0] {
      (result.pointer + sequence * bytes).copyMemory(
        from: x.pointer + sequence * x.shape[1] * bytes, byteCount: bytes)
    }
    return noted(result, from: x) { try $0.propagate(to: x, $0.firstTokensGradient($1, x.shape)) }
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
    ck_concatenate(
      a.kernelType, a.pointer, a.channels, b.pointer, b.channels, result.pointer, a.rows,
      Int32(threadCount))
    return noted(result, from: a, b) { context, gradient in
      let (toA, toB) = try context.split(gradient, a.shape, b.shape)
      try context.propagate(to: a, toA)
      try context.propagate(to: b, toB)
    }
  }

  /// The same numbers in another precision; the tensor itself if it has it already.
  public func convert(_ x: Tensor, to elementType: ElementType) throws -> Tensor {
    guard x.elementType != elementType else { return x }
    let result = try makeTensor(x.shape, elementType)
    if elementType == .bfloat16 {
      ck_float32_to_bfloat16(x.pointer(of: Float.self), result.pointer(of: UInt16.self), x.count)
    } else {
      ck_bfloat16_to_float32(x.pointer(of: UInt16.self), result.pointer(of: Float.self), x.count)
    }
    return noted(result, from: x) { try $0.propagate(to: x, $0.convert($1, to: x.elementType)) }
  }

  func copy(_ x: Tensor) throws -> Tensor {
    let result = try makeTensor(x.shape, x.elementType)
    result.pointer.copyMemory(from: x.pointer, byteCount: x.count * x.elementType.byteCount)
    return result
  }

  func clear(_ x: Tensor) { memset(x.pointer, 0, x.count * x.elementType.byteCount) }
}

/// Whether every number is finite.
public func allFinite(_ values: UnsafeBufferPointer<Float>) -> Bool {
  guard let base = values.baseAddress else { return true }
  return ck_all_finite(base, values.count)
}
