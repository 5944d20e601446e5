internal import CKernels

/// The affine parameters of a normalisation, always float32.
public struct NormalizationWeight: Sendable {
  let weight: Tensor
  let bias: Tensor

  /// Takes tensors, `[channels]` float32 each; gradients reach them.
  public init(weight: Tensor, bias: Tensor) {
    precondition(weight.count == bias.count)
    precondition(weight.elementType == .float32 && bias.elementType == .float32)
    self.weight = weight
    self.bias = bias
  }

  /// Width of the normalised axis.
  public var channels: Int { weight.count }
}

extension ComputeContext {
  /// Over what the mean and variance of a group are taken.
  public enum GroupStatistics: Sendable, Hashable {
    /// Each image of the stack by itself.
    case perImage
    /// All images of the stack together.
    case joint
  }

  /// Group normalisation (Wu and He 2018) of the images of a stack, optionally modulated by
  /// `y (1 + scale) + shift` and followed by SiLU, in one pass. Zeros between the images.
  ///
  /// - Parameters:
  ///   - x: `[batch, stack.tokenCount, channels]`.
  ///   - groups: Groups of neighbouring channels; divides `channels`.
  ///   - modulation: `[batch, 2 * channels]` float32, scales then shifts; or `nil`.
  ///   - activated: Whether SiLU follows.
  /// - Returns: A tensor like `x`.
  public func groupNorm(
    _ x: Tensor, _ parameters: NormalizationWeight, groups: Int = 32, on stack: ImageStack,
    statistics: GroupStatistics, modulation: Tensor? = nil, activated: Bool
  ) throws -> Tensor {
    precondition(x.shape.count == 3 && x.shape[1] == stack.tokenCount)
    precondition(x.channels == parameters.channels && x.channels % groups == 0)
    if let modulation {
      precondition(modulation.shape == [x.shape[0], 2 * x.channels])
      precondition(modulation.elementType == .float32)
    }
    let start = operationStart
    defer { record(.groupNorm, since: start, x.shape) }
    let result = try makeTensor(x.shape, x.elementType)
    // Means and deviations, for the gradient.
    let kept =
      isRecording
      ? try makeTensor([x.shape[0], stack.heights.count, groups, 2], .float32) : nil
    stack.withRuns { runs in
      let scale = modulation?.pointer(of: Float.self)
      var problem = ck_group_norm_problem(
        type: x.kernelType, source: x.pointer, destination: result.pointer, batch: x.shape[0],
        tokens: x.shape[1], channels: x.channels, groups: groups, runs: runs.baseAddress,
        run_count: Int32(runs.count), joint: statistics == .joint,
        weight: parameters.weight.pointer(of: Float.self),
        bias: parameters.bias.pointer(of: Float.self), scale: scale,
        shift: scale.map { $0 + x.channels }, modulation_stride: 2 * x.channels, silu: activated,
        epsilon: 1e-5, statistics: kept?.pointer(of: Float.self))
      ck_group_norm(&problem, Int32(threadCount))
    }
    try checkKernelMemory("group normalisation")
    guard let kept else { return result }
    return noted(result, from: x, parameters.weight, parameters.bias, modulation) {
      try $0.groupNormGradient(
        $1, x, parameters, groups: groups, on: stack, statistics: statistics, kept: kept,
        modulation: modulation, activated: activated)
    }
  }

  /// Layer normalisation (Ba et al. 2016) of each row, epsilon 1e-5.
  ///
  /// - Parameter x: `[..., channels]`.
  public func layerNorm(_ x: Tensor, _ parameters: NormalizationWeight) throws -> Tensor {
    precondition(x.channels == parameters.channels)
    let start = operationStart
    defer { record(.layerNorm, since: start, x.shape) }
    let result = try makeTensor(x.shape, x.elementType)
    ck_layer_norm(
      x.kernelType, x.pointer, result.pointer, x.rows, x.channels,
      parameters.weight.pointer(of: Float.self), parameters.bias.pointer(of: Float.self), 1e-5,
      Int32(threadCount))
    return noted(result, from: x, parameters.weight, parameters.bias) {
      try $0.layerNormGradient($1, x, parameters)
    }
  }
}

extension ImageStack {
  /// The images' tokens as the kernels name them.
  func withRuns<R>(_ body: (UnsafeBufferPointer<ck_run>) throws -> R) rethrows -> R {
    let runs = heights.indices.map { image in
      let tokens = tokens(of: image)
      return ck_run(start: tokens.lowerBound, count: tokens.count)
    }
    return try runs.withUnsafeBufferPointer(body)
  }
}
