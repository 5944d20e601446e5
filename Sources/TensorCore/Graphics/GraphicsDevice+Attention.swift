internal import CGraphicsKernels

extension GraphicsDevice {
  func attention(_ call: AttentionCall, _ patterns: [AttentionPattern]) throws {
    let widest = try Self.headWidth(of: call)
    let x = call.input
    for group in Self.together(patterns, call, by: { queryBlock($0, x.elementType, widest) }) {
      var problem = problem(call, group)
      let queries = queryBlock(group[0], x.elementType, widest)
      let rotated = try rotated(
        &problem, x, call.width, isWhole: group[0].queryCount == nil)
      try withExtendedLifetime(rotated) {
        try launch(
          "gk_attention_\(productSuffix(x.elementType))_\(widest)x\(queries)", problem,
          blocks: Self.blocks(group, call) { Self.count($0.queryCount ?? $0.length, by: queries) })
      }
    }
  }

  func attentionGradient(
    _ call: AttentionCall, _ patterns: [AttentionPattern], _ gradient: Tensor, into result: Tensor
  ) throws {
    let widest = try Self.headWidth(of: call)
    let x = call.input
    let products = try TensorStorage(byteCount: 4 * x.rows * call.heads, memory)
    let part = UInt64(call.partStride * x.elementType.byteCount)
    for group in Self.together(patterns, call, by: { _ in 0 }) {
      var problem = gk_attention_gradient()
      problem.forward = self.problem(call, group)
      problem.gradient = gradient.onCard
      problem.products = products.address.onCard
      problem.cosine = problem.forward.cosine
      problem.sine = problem.forward.sine
      problem.query_gradient = result.onCard
      problem.key_gradient = result.onCard + part
      problem.value_gradient = result.onCard + 2 * part
      problem.stride = problem.forward.source_stride
      problem.head_stride = problem.forward.source_head_stride
      let rotated = try rotated(
        &problem.forward, x, call.width, isWhole: group[0].queryCount == nil)
      try withExtendedLifetime((rotated, products)) {
        // The first also makes the products that the second reads.
        let positions = x.elementType == .bfloat16 ? 64 : 32
        for owner in ["query", "key"] {
          try launch(
            "gk_attention_\(owner)_gradient_\(x.kernelSuffix)_\(widest)", problem,
            blocks: Self.blocks(group, call) { Self.count($0.length, by: positions) })
        }
      }
    }
  }

  private static let headWidths = [32, 64, 128]

  private static func headWidth(of call: AttentionCall) throws -> Int {
    if let widest = headWidths.first(where: { call.width <= $0 }) { return widest }
    throw TensorError(
      operation: "attention",
      reason: "heads of \(call.width) channels are wider than the \(headWidths.last ?? 0) "
        + "that graphics processors are programmed for: use the processor")
  }

  /// Queries that a block has. Few, as over the frames of a clip, leave a block of 16 fuller; many share what a
  /// block reads.
  private func queryBlock(
    _ pattern: AttentionPattern, _ type: ElementType, _ widest: Int
  ) -> Int {
    let queries = pattern.queryCount ?? pattern.length
    if queries <= 16 { return 16 }
    if !usesTensorCores(type) { return widest == 128 ? 32 : 64 }
    return type == .bfloat16 && widest == 64 && queries >= Self.manyQueries ? 128 : 64
  }

  /// Patterns in groups that one launch serves: those of single runs that are alike but for where they lie, and
  /// have the same kind of block.
  private static func together(
    _ patterns: [AttentionPattern], _ call: AttentionCall, by block: (AttentionPattern) -> Int
  ) -> [[AttentionPattern]] {
    var groups: [[AttentionPattern]] = []
    for pattern in patterns {
      if let first = groups.last?.first, groups[groups.count - 1].count < Int(GK_MAX_PARTS),
        call.rotary == nil, pattern.isWholeRun, first.isWholeRun, block(first) == block(pattern),
        pattern.lies(like: first)
      {
        groups[groups.count - 1].append(pattern)
      } else {
        groups.append([pattern])
      }
    }
    return groups
  }

  private static func blocks(
    _ group: [AttentionPattern], _ call: AttentionCall, _ tiles: (AttentionPattern) -> Int
  ) -> Int {
    group.reduce(0) { $0 + $1.sequences * call.heads * tiles($1) }
  }

  /// What an attention and its gradient say alike, for patterns of one launch.
  private func problem(_ call: AttentionCall, _ group: [AttentionPattern]) -> gk_attention {
    let (x, pattern) = (call.input, group[0])
    let part = UInt64(call.partStride * x.elementType.byteCount)
    let isPerHead = call.layout == .perHead
    var problem = gk_attention()
    problem.query = x.onCard
    problem.key = x.onCard + part
    problem.value = x.onCard + 2 * part
    problem.target = call.output.onCard
    problem.log_sums = call.logSums?.onCard ?? 0
    problem.cosine = call.rotary?.cosine.onCard ?? 0
    problem.sine = call.rotary?.sine.onCard ?? 0
    (problem.runs, problem.run_count) = parts(
      group.flatMap(\.runs).map(gk_run.init), none: gk_run())
    problem.apart = group.count > 1 ? 1 : 0
    problem.length = Int32(pattern.length)
    problem.query_count = Int32(pattern.queryCount ?? pattern.length)
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
    return problem
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

extension AttentionPattern {
  /// Whether all positions of a single run ask.
  fileprivate var isWholeRun: Bool { runs.count == 1 && queryCount == nil }

  /// Whether sequences lie as far apart as another's, and as many.
  fileprivate func lies(like other: AttentionPattern) -> Bool {
    sequences == other.sequences && inner == other.inner && outerStride == other.outerStride
      && innerStride == other.innerStride && tokenStep == other.tokenStep
  }
}

extension gk_run {
  init(_ tokens: Range<Int>) {
    self.init(start: Int32(tokens.lowerBound), count: Int32(tokens.count))
  }
}
