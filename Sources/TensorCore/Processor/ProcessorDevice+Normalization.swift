internal import CKernels

extension ProcessorDevice {
  func groupNorm(_ call: GroupNormCall, into result: Tensor) {
    let x = call.input
    call.stack.withRuns { runs in
      let scale = call.modulation.map { floats($0) }
      var problem = ck_group_norm_problem(
        type: x.kernelType, source: pointer(x), destination: pointer(result), batch: x.shape[0],
        tokens: x.shape[1], channels: x.channels, groups: call.groups, runs: runs.baseAddress,
        run_count: Int32(runs.count), joint: call.statistics == .joint,
        weight: floats(call.parameters.weight), bias: floats(call.parameters.bias), scale: scale,
        shift: scale.map { $0 + x.channels }, modulation_stride: 2 * x.channels,
        silu: call.isActivated, epsilon: NormalizationWeight.epsilon,
        statistics: call.savedStatistics.map { floats($0) })
      ck_group_norm(&problem, threads)
    }
  }

  func groupNormGradient(
    _ call: GroupNormCall, _ gradient: Tensor, into results: GroupNormGradients
  ) {
    let x = call.input
    guard let savedStatistics = call.savedStatistics else {
      preconditionFailure("a gradient of a normalisation that saved no statistics")
    }
    call.stack.withRuns { runs in
      let scale = call.modulation.map { floats($0) }
      var problem = ck_group_norm_gradient_problem(
        type: x.kernelType, source: pointer(x), gradient: pointer(gradient),
        destination: pointer(results.input), batch: x.shape[0], tokens: x.shape[1],
        channels: x.channels, groups: call.groups, runs: runs.baseAddress,
        run_count: Int32(runs.count), joint: call.statistics == .joint,
        weight: floats(call.parameters.weight), bias: floats(call.parameters.bias), scale: scale,
        shift: scale.map { $0 + x.channels }, modulation_stride: 2 * x.channels,
        silu: call.isActivated, statistics: floats(savedStatistics),
        weight_gradient: floats(results.weight), bias_gradient: floats(results.bias),
        modulation_gradient: results.modulation.map { floats($0) })
      ck_group_norm_gradient(&problem, threads)
    }
  }

  func layerNorm(_ x: Tensor, _ parameters: NormalizationWeight, into result: Tensor) {
    ck_layer_norm(
      x.kernelType, pointer(x), pointer(result), x.rows, x.channels, floats(parameters.weight),
      floats(parameters.bias), NormalizationWeight.epsilon, threads)
  }

  func layerNormGradient(
    _ gradient: Tensor, _ x: Tensor, _ parameters: NormalizationWeight, into result: Tensor,
    _ toWeight: Tensor, _ toBias: Tensor
  ) {
    ck_layer_norm_gradient(
      x.kernelType, pointer(x), pointer(gradient), pointer(result), x.rows, x.channels,
      floats(parameters.weight), NormalizationWeight.epsilon, floats(toWeight), floats(toBias),
      threads)
  }
}

extension ImageStack {
  /// The images' tokens as the kernels name them.
  fileprivate func withRuns(_ body: (UnsafeBufferPointer<ck_run>) -> Void) {
    let runs = heights.indices.map { image in
      let tokens = tokens(of: image)
      return ck_run(start: tokens.lowerBound, count: tokens.count)
    }
    runs.withUnsafeBufferPointer(body)
  }
}
