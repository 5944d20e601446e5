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
    problem.target_stride = Int32(call.heads * call.width)
    problem.sequences = Int32(pattern.sequences)
    problem.inner = Int32(pattern.inner)
    problem.outer_stride = Int32(pattern.outerStride)
    problem.inner_stride = Int32(pattern.innerStride)
    problem.token_step = Int32(pattern.tokenStep)
    problem.scale = call.scale
    // Few queries, as over the frames of a clip, leave a block of 16 fuller.
    let most = x.elementType == .float32 && widest == 128 ? 32 : 64
    let block = queries <= 16 ? 16 : most
    try launch(
      "gk_attention_\(x.kernelSuffix)_\(widest)x\(block)", problem,
      blocks: pattern.sequences * call.heads * Self.count(queries, by: block))
  }
}

extension gk_run {
  init(_ tokens: Range<Int>) {
    self.init(start: Int32(tokens.lowerBound), count: Int32(tokens.count))
  }
}
