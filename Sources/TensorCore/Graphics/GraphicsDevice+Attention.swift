internal import CGraphicsKernels

extension GraphicsDevice {
  func attention(_ call: AttentionCall, _ patterns: [AttentionPattern]) throws {
    guard call.logSums == nil else {
      throw TensorError(
        operation: "attention",
        reason: "its gradient is not computed on graphics processors: use the processor")
    }
    guard let widest = Self.headWidths.first(where: { call.width <= $0 }) else {
      throw TensorError(
        operation: "attention",
        reason: "heads of \(call.width) channels are wider than the \(Self.headWidths.last ?? 0) "
          + "that graphics processors are programmed for: use the processor")
    }
    for pattern in patterns { try attention(call, pattern, widest: widest) }
  }

  private static let headWidths = [32, 64, 128]

  private func attention(_ call: AttentionCall, _ pattern: AttentionPattern, widest: Int) throws {
    let x = call.input
    let part = UInt64(call.partStride * x.elementType.byteCount)
    let queries = pattern.queryCount ?? pattern.length
    let isPerHead = call.layout == .perHead
    var problem = gk_attention()
    problem.query = x.onCard
    problem.key = x.onCard + part
    problem.value = x.onCard + 2 * part
    problem.target = call.output.onCard
    problem.cosine = call.rotary?.cosine.onCard ?? 0
    problem.sine = call.rotary?.sine.onCard ?? 0
    (problem.runs, problem.run_count) = parts(pattern.runs.map(gk_run.init), none: gk_run())
    problem.length = Int32(pattern.length)
    problem.query_count = Int32(queries)
    problem.heads = Int32(call.heads)
    problem.width = Int32(call.width)
    problem.source_stride = Int32(x.channels)
    problem.source_head_stride = Int32(isPerHead ? 3 * call.width : call.width)
    problem.value_stride = problem.source_stride
    problem.value_head_stride = problem.source_head_stride
    problem.target_stride = Int32(call.heads * call.width)
    problem.sequences = Int32(pattern.sequences)
    problem.inner = Int32(pattern.inner)
    problem.outer_stride = Int32(pattern.outerStride)
    problem.inner_stride = Int32(pattern.innerStride)
    problem.token_step = Int32(pattern.tokenStep)
    problem.scale = call.scale
    let rotated = try rotated(&problem, x, call.width, isWhole: pattern.queryCount == nil)
    // Few queries, as over the frames of a clip, leave a block of 16 fuller; many share what a block reads.
    let most = x.elementType == .float32 && widest == 128 ? 32 : 64
    let wants128 = x.elementType == .bfloat16 && widest == 64 && queries >= Self.manyQueries
    let block = queries <= 16 ? 16 : wants128 ? 128 : most
    try withExtendedLifetime(rotated) {
      try launch(
        "gk_attention_\(x.kernelSuffix)_\(widest)x\(block)", problem,
        blocks: pattern.sequences * call.heads * Self.count(queries, by: block))
    }
  }

  /// Queries from which on a block takes 128 of them.
  private static let manyQueries = 512

  /// Turns queries and keys by the rotary embedding before anyone reads them, where there is one and rows are
  /// whole: each block of queries would turn all keys anew.
  ///
  /// - Returns: Where they are then, which the problem now reads.
  private func rotated(
    _ problem: inout gk_attention, _ x: Tensor, _ width: Int, isWhole: Bool
  ) throws -> TensorStorage? {
    let size = 16 / x.elementType.byteCount
    let strides = [problem.source_stride, problem.source_head_stride]
    guard problem.cosine != 0, isWhole, width % size == 0,
      strides.allSatisfy({ Int($0) % size == 0 })
    else { return nil }
    let heads = Int(problem.heads)
    let storage = try TensorStorage(
      byteCount: x.rows * 2 * heads * width * x.elementType.byteCount, memory)
    var rotation = problem
    rotation.target = storage.address.onCard
    let count = Int(problem.sequences) * Int(problem.length) * 2 * heads * (width / size)
    try launch(
      "gk_rotate_\(x.kernelSuffix)", rotation, blocks: Self.count(count, by: Self.movedBlock))
    problem.query = storage.address.onCard
    problem.key = problem.query + UInt64(heads * width * x.elementType.byteCount)
    problem.source_stride = Int32(2 * heads * width)
    problem.source_head_stride = Int32(width)
    problem.cosine = 0
    problem.sine = 0
    return storage
  }
}

extension gk_run {
  init(_ tokens: Range<Int>) {
    self.init(start: Int32(tokens.lowerBound), count: Int32(tokens.count))
  }
}
