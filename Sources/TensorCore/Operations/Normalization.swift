/// The affine parameters of a normalisation, always float32.
public struct NormalizationWeight: Sendable {
  /// Added to every variance.
  static let epsilon: Float = 1e-5

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
    let call = GroupNormCall(
      input: x, parameters: parameters, groups: groups, stack: stack, statistics: statistics,
      modulation: modulation, isActivated: activated,
      savedStatistics: isRecording
        ? try makeTensor([x.shape[0], stack.heights.count, groups, 2], .float32) : nil)
    try device.run(.groupNorm(call, into: result))
    return recorded(result, from: x, parameters.weight, parameters.bias, modulation) {
      try $0.groupNormGradient($1, call)
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
    try device.run(.layerNorm(x, parameters, into: result))
    return recorded(result, from: x, parameters.weight, parameters.bias) {
      try $0.layerNormGradient($1, x, parameters)
    }
  }
}

/// One group normalisation.
package struct GroupNormCall {
  let input: Tensor
  let parameters: NormalizationWeight
  let groups: Int
  let stack: ImageStack
  let statistics: ComputeContext.GroupStatistics
  let modulation: Tensor?
  let isActivated: Bool
  /// `[batch, images, groups, 2]`: means and inverse deviations, saved for the gradient if one is wanted.
  let savedStatistics: Tensor?
}

/// Where the gradients of a group normalisation go.
package struct GroupNormGradients {
  let input: Tensor
  let weight: Tensor
  let bias: Tensor
  let modulation: Tensor?
}
