internal import CKernels

extension ComputeContext {
  /// Carries the gradient of a group normalisation to its input, parameters and modulation.
  ///
  /// - Parameter kept: `[batch, images, groups, 2]`: means and inverse deviations.
  func groupNormGradient(
    _ gradient: Tensor, _ x: Tensor, _ parameters: NormalizationWeight, groups: Int,
    on stack: ImageStack, statistics: GroupStatistics, kept: Tensor, modulation: Tensor?,
    activated: Bool
  ) throws {
    let result = try makeTensor(x.shape, x.elementType)
    let toWeight = try makeTensor([x.channels], .float32)
    let toBias = try makeTensor([x.channels], .float32)
    let toModulation = try modulation.map { try makeTensor($0.shape, .float32) }
    let start = operationStart
    stack.withRuns { runs in
      let scale = modulation?.pointer(of: Float.self)
      var problem = ck_group_norm_gradient_problem(
        type: x.kernelType, source: x.pointer, gradient: gradient.pointer,
        destination: result.pointer, batch: x.shape[0], tokens: x.shape[1], channels: x.channels,
        groups: groups, runs: runs.baseAddress, run_count: Int32(runs.count),
        joint: statistics == .joint, weight: parameters.weight.pointer(of: Float.self),
        bias: parameters.bias.pointer(of: Float.self), scale: scale,
        shift: scale.map { $0 + x.channels }, modulation_stride: 2 * x.channels, silu: activated,
        statistics: kept.pointer(of: Float.self),
        weight_gradient: toWeight.pointer(of: Float.self),
        bias_gradient: toBias.pointer(of: Float.self),
        modulation_gradient: toModulation?.pointer(of: Float.self))
      ck_group_norm_gradient(&problem, Int32(threadCount))
    }
    try checkKernelMemory("the gradient of group normalisation")
    record(.groupNorm, since: start, x.shape)
    try propagate(to: x, result)
    try propagate(to: parameters.weight, toWeight)
    try propagate(to: parameters.bias, toBias)
    if let toModulation { try propagate(to: modulation, toModulation) }
  }

  /// Carries the gradient of a layer normalisation to its input and parameters.
  func layerNormGradient(
    _ gradient: Tensor, _ x: Tensor, _ parameters: NormalizationWeight
  ) throws {
    let result = try makeTensor(x.shape, x.elementType)
    let toWeight = try makeTensor([x.channels], .float32)
    let toBias = try makeTensor([x.channels], .float32)
    let start = operationStart
    ck_layer_norm_gradient(
      x.kernelType, x.pointer, gradient.pointer, result.pointer, x.rows, x.channels,
      parameters.weight.pointer(of: Float.self), 1e-5, toWeight.pointer(of: Float.self),
      toBias.pointer(of: Float.self), Int32(threadCount))
    try checkKernelMemory("the gradient of layer normalisation")
    record(.layerNorm, since: start, x.shape)
    try propagate(to: x, result)
    try propagate(to: parameters.weight, toWeight)
    try propagate(to: parameters.bias, toBias)
  }
}
