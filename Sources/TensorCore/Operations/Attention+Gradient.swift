internal import CKernels

extension ComputeContext {
  /// The gradient of an attention's q, k and v, with scores computed again block by block.
  func attentionGradient(
    _ gradient: Tensor, _ call: AttentionCall, _ patterns: [AttentionPattern]
  ) throws -> Tensor {
    let start = operationStart
    let x = call.input
    defer {
      record(
        .attention, since: start, x.shape,
        operations: patterns.reduce(0) {
          $0 + 10 * Double($1.sequences * ($1.queryCount ?? $1.length) * $1.length)
            * Double(x.channels / 3)
        })
    }
    let result = try makeTensor(x.shape, x.elementType)
    // Nothing was read of tokens outside every sequence.
    if patterns.reduce(0, { $0 + $1.sequences * $1.length }) < x.rows { clear(result) }
    let part = call.partStride * x.elementType.byteCount
    for pattern in patterns {
      call.withProblem(pattern) { forward in
        withUnsafePointer(to: forward) { forward in
          var problem = ck_attention_gradient_problem(
            forward: forward, gradient: gradient.pointer, query_gradient: result.pointer,
            key_gradient: result.pointer + part, value_gradient: result.pointer + 2 * part)
          ck_attention_gradient(&problem, Int32(threadCount))
        }
      }
    }
    try checkKernelMemory("the gradient of attention")
    return result
  }
}
