internal import CGraphicsKernels

extension GraphicsDevice {
  func groupNorm(_ call: GroupNormCall, into result: Tensor) throws {
    let problem = problem(call, result)
    try launch(
      "gk_group_norm_\(call.input.kernelSuffix)", problem, blocks: Self.blocks(problem))
  }

  func groupNormGradient(
    _ call: GroupNormCall, _ gradient: Tensor, into results: GroupNormGradients
  ) throws {
    precondition(call.savedStatistics != nil, "a gradient of a normalisation without statistics")
    let x = call.input
    var problem = gk_group_norm_gradient()
    problem.forward = self.problem(call, nil)
    let blocks = Self.blocks(problem.forward)
    let sums = try TensorStorage(byteCount: 4 * blocks.2 * blocks.1 * 2 * x.channels, memory)
    problem.gradient = gradient.onCard
    problem.result = results.input.onCard
    problem.sums = sums.address.onCard
    problem.weight_gradient = results.weight.onCard
    problem.bias_gradient = results.bias.onCard
    problem.modulation_gradient = results.modulation?.onCard ?? 0
    try withExtendedLifetime(sums) {
      try launch("gk_group_norm_gradient_\(x.kernelSuffix)", problem, blocks: blocks)
      try launch(
        "gk_group_norm_parameters_f32", problem,
        blocks: Self.count(x.channels, by: Self.movedBlock))
    }
  }

  /// Groups by images, or all of them together, by samples.
  private static func blocks(_ problem: gk_group_norm) -> (Int, Int, Int) {
    (
      Int(problem.groups), problem.joint != 0 ? 1 : Int(problem.run_count), Int(problem.batch)
    )
  }

  private func problem(_ call: GroupNormCall, _ result: Tensor?) -> gk_group_norm {
    let x = call.input
    var problem = gk_group_norm()
    problem.source = x.onCard
    problem.target = result?.onCard ?? 0
    problem.weight = call.parameters.weight.onCard
    problem.bias = call.parameters.bias.onCard
    problem.modulation = call.modulation?.onCard ?? 0
    problem.statistics = call.savedStatistics?.onCard ?? 0
    (problem.runs, problem.run_count) = parts(
      call.stack.heights.indices.map { gk_run(call.stack.tokens(of: $0)) }, none: gk_run())
    problem.joint = call.statistics == .joint ? 1 : 0
    problem.activated = call.isActivated ? 1 : 0
    problem.batch = Int32(x.shape[0])
    problem.tokens = Int32(x.shape[1])
    problem.channels = Int32(x.channels)
    problem.groups = Int32(call.groups)
    problem.epsilon = NormalizationWeight.epsilon
    return problem
  }

  func layerNorm(_ x: Tensor, _ parameters: NormalizationWeight, into result: Tensor) throws {
    try launch(
      "gk_layer_norm_\(x.kernelSuffix)", problem(x, parameters, result),
      blocks: Self.count(x.rows, by: Self.normalizedRows))
  }

  func layerNormGradient(
    _ gradient: Tensor, _ x: Tensor, _ parameters: NormalizationWeight, into result: Tensor,
    _ toWeight: Tensor, _ toBias: Tensor
  ) throws {
    let chunks = Chunks(rows: x.rows)
    let statistics = try TensorStorage(byteCount: 4 * 2 * x.rows, memory)
    let sums = try TensorStorage(byteCount: 4 * chunks.count * 2 * x.channels, memory)
    let whole = try TensorStorage(byteCount: 4 * 2 * x.channels, memory)
    let problem = gk_layer_norm_gradient(
      forward: self.problem(x, parameters, nil), gradient: gradient.onCard, result: result.onCard,
      statistics: statistics.address.onCard, sums: sums.address.onCard,
      chunk_rows: Int32(chunks.rows))
    try withExtendedLifetime((statistics, sums, whole)) {
      try launch(
        "gk_layer_norm_gradient_\(x.kernelSuffix)", problem,
        blocks: Self.count(x.rows, by: Self.normalizedRows))
      try launch(
        "gk_layer_norm_sums_\(x.kernelSuffix)", problem,
        blocks: (Self.count(x.channels, by: Self.movedBlock), chunks.count, 1))
      try addRows(
        sums.address, .float32, batch: 1, rows: chunks.count, width: 2 * x.channels,
        into: whole.address)
      let row = 4 * x.channels
      for (part, target) in [toWeight, toBias].enumerated() {
        memory.copy(
          DeviceRows(whole.address + part * row, stride: row),
          to: DeviceRows(target.address, stride: row), rowCount: 1, byteCount: row)
      }
    }
  }

  private func problem(
    _ x: Tensor, _ parameters: NormalizationWeight, _ result: Tensor?
  ) -> gk_layer_norm {
    gk_layer_norm(
      source: x.onCard, target: result?.onCard ?? 0, weight: parameters.weight.onCard,
      bias: parameters.bias.onCard, rows: Int32(x.rows), channels: Int32(x.channels),
      epsilon: NormalizationWeight.epsilon)
  }

  /// Rows that a block normalises.
  private static let normalizedRows = 4
}
