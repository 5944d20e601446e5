internal import CGraphicsKernels

extension GraphicsDevice {
  func meanDistance(_ call: DistanceCall, into result: Tensor) throws {
    try withDistance(call) { problem, blocks in
      let sums = try blockNumbers(blocks)
      var problem = problem
      problem.target = sums.address.onCard
      try launch("gk_distance_\(call.input.kernelSuffix)", problem, blocks: blocks)
      try addNumbers(sums, count: blocks, factor: 1 / Double(call.count), into: result)
    }
  }

  func meanDistanceGradient(
    _ call: DistanceCall, _ gradient: Tensor, into result: Tensor
  ) throws {
    if call.count < result.count { memory.clear(result.address, byteCount: result.byteCount) }
    try withDistance(call) { problem, blocks in
      var problem = problem
      problem.target = result.onCard
      problem.number = gradient.onCard
      try launch("gk_distance_gradient_\(call.input.kernelSuffix)", problem, blocks: blocks)
    }
  }

  private func withDistance(
    _ call: DistanceCall, _ body: (gk_distance, _ blocks: Int) throws -> Void
  ) throws {
    var blocks = 0
    let parts = call.parts.map { part in
      defer { blocks += Self.count(part.count, by: Self.sumBlock) }
      return gk_part(
        start: Int64(part.lowerBound), count: Int64(part.count), block: Int64(blocks))
    }
    let table = try table(parts)
    try withExtendedLifetime(table) {
      var problem = gk_distance()
      problem.source = call.input.onCard
      problem.other = call.target.onCard
      problem.parts = table.address.onCard
      problem.part_count = Int32(parts.count)
      problem.squared = call.distance == .squared ? 1 : 0
      problem.share = 1 / Float(call.count)
      try body(problem, blocks)
    }
  }

  func mean(_ function: MeanFunction, _ x: Tensor, into result: Tensor) throws {
    try launch("gk_mean_\(x.kernelSuffix)", problem(function, x, nil, result), blocks: 1)
  }

  func meanGradient(
    _ function: MeanFunction, _ gradient: Tensor, _ x: Tensor, into result: Tensor
  ) throws {
    try launch(
      "gk_mean_gradient_\(x.kernelSuffix)", problem(function, x, gradient, result),
      blocks: Self.count(x.count, by: Self.movedBlock))
  }

  private func problem(
    _ function: MeanFunction, _ x: Tensor, _ gradient: Tensor?, _ result: Tensor
  ) -> gk_mean {
    var problem = gk_mean()
    problem.source = x.onCard
    problem.target = result.onCard
    problem.number = gradient?.onCard ?? 0
    problem.count = Int64(x.count)
    if case .hinge(let sign, let margin) = function {
      problem.hinge = 1
      problem.sign = sign
      problem.margin = margin
    }
    return problem
  }

  func featureDistance(_ call: FeatureDistanceCall) throws {
    let x = call.input
    let values = try TensorStorage(byteCount: 4 * x.rows, memory)
    try withExtendedLifetime(values) {
      try launch(
        "gk_feature_distance_f32",
        gk_feature_distance(
          source: x.onCard, other: call.target.onCard, weight: call.weight.onCard,
          values: values.address.onCard, gradient: call.gradient?.onCard ?? 0, rows: Int32(x.rows),
          channels: Int32(x.channels), share: 1 / Float(x.rows)),
        blocks: Self.count(x.rows, by: Self.featureRows))
      try launch(
        "gk_feature_means_f32",
        gk_feature_means(
          values: values.address.onCard, distances: call.distances.onCard, mean: call.mean.onCard,
          batch: Int32(x.shape[0]), rows: Int32(x.shape[1])), blocks: 1)
    }
  }

  /// Rows of features that a block compares.
  private static let featureRows = 4

  func finiteDifference(
    _ x: Tensor, _ target: Tensor, _ neighbors: [Neighbors], into result: Tensor,
    _ gradient: Tensor?
  ) throws {
    precondition(neighbors.count <= Int(GK_MAX_NEIGHBORS))
    let blocks = Self.count(x.count, by: Self.sumBlock)
    let sums = try blockNumbers(blocks)
    var problem = gk_finite_difference()
    problem.source = x.onCard
    problem.other = target.onCard
    problem.target = sums.address.onCard
    problem.gradient = gradient?.onCard ?? 0
    problem.count = Int64(x.count)
    let kinds = neighbors.map {
      gk_neighbors(
        step: Int64($0.step), length: Int64($0.length), share: 1 / Double($0.rows * $0.length))
    }
    (problem.kinds, problem.kind_count) = parts(kinds, none: gk_neighbors())
    try launch("gk_finite_difference_f32", problem, blocks: blocks)
    try addNumbers(sums, count: blocks, into: result)
  }
}
