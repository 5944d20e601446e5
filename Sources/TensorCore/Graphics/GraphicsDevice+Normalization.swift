internal import CGraphicsKernels

extension GraphicsDevice {
  func groupNorm(_ call: GroupNormCall, into result: Tensor) throws {
    guard call.savedStatistics == nil else {
      throw TensorError(
        operation: "groupNorm",
        reason: "its gradient is not computed on graphics processors: use the processor")
    }
    let x = call.input
    let isJoint = call.statistics == .joint
    var problem = gk_group_norm()
    problem.source = x.onCard
    problem.target = result.onCard
    problem.weight = call.parameters.weight.onCard
    problem.bias = call.parameters.bias.onCard
    problem.modulation = call.modulation?.onCard ?? 0
    (problem.runs, problem.run_count) = parts(
      call.stack.heights.indices.map { gk_run(call.stack.tokens(of: $0)) }, none: gk_run())
    problem.joint = isJoint ? 1 : 0
    problem.activated = call.isActivated ? 1 : 0
    problem.batch = Int32(x.shape[0])
    problem.tokens = Int32(x.shape[1])
    problem.channels = Int32(x.channels)
    problem.groups = Int32(call.groups)
    problem.epsilon = NormalizationWeight.epsilon
    try launch(
      "gk_group_norm_\(x.kernelSuffix)", problem,
      blocks: (call.groups, isJoint ? 1 : call.stack.heights.count, x.shape[0]))
  }

  func layerNorm(_ x: Tensor, _ parameters: NormalizationWeight, into result: Tensor) throws {
    try launch(
      "gk_layer_norm_\(x.kernelSuffix)",
      gk_layer_norm(
        source: x.onCard, target: result.onCard, weight: parameters.weight.onCard,
        bias: parameters.bias.onCard, rows: Int32(x.rows), channels: Int32(x.channels),
        epsilon: NormalizationWeight.epsilon),
      blocks: Self.count(x.rows, by: Self.normalizedRows))
  }

  /// Rows that a block normalises.
  private static let normalizedRows = 4
}
