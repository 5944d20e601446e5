import TensorCore

/// A linear layer, or a convolution of kernel 1: `x weight' + bias` on the last axis.
///
/// Parameters: `weight` `[outputs, inputs]`, `bias` `[outputs]` unless it has none.
public struct Linear: Sendable {
  let weight: LinearWeight

  /// Width of the input rows.
  public var inputs: Int { weight.inputs }
  /// Width of the output rows.
  public var outputs: Int { weight.outputs }
  /// Precision of the input rows.
  public var elementType: ElementType { weight.elementType }

  /// Takes the layer's parameters.
  ///
  /// - Parameters:
  ///   - kernelAxes: Axes of the kernel where the original has a convolution of kernel 1, which its files
  ///     store behind the channels; they may be absent.
  ///   - rows: How many rows of a sample the layer will be applied to, where that is known: devices may
  ///     divide their work by it.
  public init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, bias: Bool = true, kernelAxes: Int = 0,
    rows: Int? = nil
  ) throws {
    weight = try scope.linear(
      inputs: inputs, outputs: outputs, bias: bias, kernelAxes: kernelAxes, rows: rows)
  }

  /// Takes a weight that was put together by the caller, `[outputs, inputs]`.
  public init(
    weight: [Float], bias: [Float], _ inputs: Int, _ outputs: Int, context: ComputeContext,
    elementType: ElementType
  ) throws {
    self.weight = try weight.withUnsafeBufferPointer {
      try context.prepareLinear(
        $0, bias: bias, inputs: inputs, outputs: outputs, elementType: elementType)
    }
  }

  /// Takes tensors that were put together by the caller, weight `[outputs, inputs]` and bias
  /// `[outputs]`, float32; gradients reach them.
  public init(
    weight: Tensor, bias: Tensor, elementType: ElementType, _ context: ComputeContext
  ) throws {
    self.weight = try context.trainedLinear(weight, bias: bias, elementType: elementType)
  }

  /// Applies the layer to `[..., inputs]`, optionally adding a tensor of the result's shape.
  public func callAsFunction(
    _ x: Tensor, adding residual: Tensor? = nil, outputType: ElementType? = nil,
    _ context: ComputeContext
  ) throws -> Tensor {
    try context.linear(x, weight, adding: residual, outputType: outputType)
  }
}

/// A 3x3 convolution with padding 1 over each image of a stack.
///
/// Parameters: `weight` `[outputs, inputs, 3, 3]`, `bias` `[outputs]`.
public struct Convolution: Sendable {
  let weight: ConvolutionWeight

  /// Precision of the input.
  public var elementType: ElementType { weight.elementType }

  /// Takes the layer's parameters.
  ///
  /// - Parameters:
  ///   - stack: The images it will run on; any stack works, this one is fastest.
  ///   - stride: 1, or 2 to halve the images.
  public init(
    _ scope: ParameterScope, _ inputs: Int, _ outputs: Int, on stack: ImageStack, stride: Int = 1
  ) throws {
    weight = try scope.convolution(
      inputs: inputs, outputs: outputs, on: stack, stride: stride)
  }

  /// Applies the layer to `[batch, stack.tokenCount, inputs]`, with zeros between the images unless
  /// the stride is 2.
  ///
  /// - Parameters:
  ///   - residual: Added to the result.
  ///   - overwriting: The result may take over the residual's memory.
  public func callAsFunction(
    _ x: Tensor, on stack: ImageStack, adding residual: Tensor? = nil, overwriting: Bool = false,
    outputType: ElementType? = nil, _ context: ComputeContext
  ) throws -> Tensor {
    if weight.stride == 2 { return try context.stridedConvolution(x, weight, on: stack) }
    return try context.convolution(
      x, weight, on: stack, adding: residual, overwriting: overwriting, outputType: outputType)
  }
}

/// Group normalisation of stacked images, with what follows it: modulation and SiLU.
///
/// Parameters: `weight` and `bias` `[channels]`.
public struct GroupNorm: Sendable {
  /// Groups of the denoiser's norms, which divide every level's width.
  public static let groupCount = 32

  let weight: NormalizationWeight
  let groups: Int
  let statistics: ComputeContext.GroupStatistics

  /// Takes the layer's parameters.
  public init(
    _ scope: ParameterScope, _ channels: Int, groups: Int = groupCount,
    statistics: ComputeContext.GroupStatistics
  ) throws {
    weight = try scope.normalization(channels: channels)
    self.groups = groups
    self.statistics = statistics
  }

  /// Applies the layer to `[batch, stack.tokenCount, channels]`; zeros between the images.
  ///
  /// - Parameters:
  ///   - modulation: `[batch, 2 * channels]` float32: scale, then shift, of `y (1 + scale) + shift`.
  ///   - activated: Whether SiLU follows.
  public func callAsFunction(
    _ x: Tensor, on stack: ImageStack, modulation: Tensor? = nil, activated: Bool = false,
    _ context: ComputeContext
  ) throws -> Tensor {
    try context.groupNorm(
      x, weight, groups: groups, on: stack, statistics: statistics, modulation: modulation,
      activated: activated)
  }
}

/// Layer normalisation of the last axis.
///
/// Parameters: `weight` and `bias` `[channels]`.
public struct LayerNorm: Sendable {
  let weight: NormalizationWeight

  /// Takes the layer's parameters.
  public init(_ scope: ParameterScope, _ channels: Int) throws {
    weight = try scope.normalization(channels: channels)
  }

  /// Applies the layer to `[..., channels]`.
  public func callAsFunction(_ x: Tensor, _ context: ComputeContext) throws -> Tensor {
    try context.layerNorm(x, weight)
  }
}

extension ComputeContext {
  /// `x + contract(gatedGELU(expand(norm(x))))` for `[..., width]`, in chunks of rows.
  public func gatedFeedForward(
    _ x: Tensor, norm: LayerNorm, expand: Linear, contract: Linear
  ) throws -> Tensor {
    try gatedFeedForward(x, norm.weight, expand: expand.weight, contract: contract.weight)
  }
}
