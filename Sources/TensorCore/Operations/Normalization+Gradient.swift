extension ComputeContext {
  /// Carries the gradient of a group normalisation to its input, parameters and modulation.
  func groupNormGradient(_ gradient: Tensor, _ call: GroupNormCall) throws {
    let x = call.input
    let results = GroupNormGradients(
      input: try makeTensor(x.shape, x.elementType), weight: try makeTensor([x.channels], .float32),
      bias: try makeTensor([x.channels], .float32),
      modulation: try call.modulation.map { try makeTensor($0.shape, .float32) })
    do {
      let start = operationStart
      defer { record(.groupNorm, since: start, x.shape) }
      try device.run(.groupNormGradient(call, gradient, into: results))
    }
    try propagate(to: x, results.input)
    try propagate(to: call.parameters.weight, results.weight)
    try propagate(to: call.parameters.bias, results.bias)
    if let toModulation = results.modulation { try propagate(to: call.modulation, toModulation) }
  }

  /// Carries the gradient of a layer normalisation to its input and parameters.
  func layerNormGradient(
    _ gradient: Tensor, _ x: Tensor, _ parameters: NormalizationWeight
  ) throws {
    let result = try makeTensor(x.shape, x.elementType)
    let toWeight = try makeTensor([x.channels], .float32)
    let toBias = try makeTensor([x.channels], .float32)
    do {
      let start = operationStart
      defer { record(.layerNorm, since: start, x.shape) }
      try device.run(
        .layerNormGradient(
          gradient, input: x, parameters, into: result, weight: toWeight, bias: toBias))
    }
    try propagate(to: x, result)
    try propagate(to: parameters.weight, toWeight)
    try propagate(to: parameters.bias, toBias)
  }
}
