/// One operation as a device carries it out: tensors in its memory, and plain values. Shapes and
/// precisions have been checked, and the tensors that results go into (`into`) hold nothing yet.
///
/// What each computes, and over which axes, is said at the method of ``ComputeContext`` that asks for
/// it. Sums must not depend on the batch: a sample in a batch equals the one that is made alone, bit for
/// bit.
package enum DeviceOperation {
  // MARK: Products

  /// A matrix product.
  case linear(LinearCall)
  /// `gradient weight`.
  case linearInputGradient(Tensor, DeviceWeight, into: Tensor)
  /// `gradient' input`, float32.
  case linearWeightGradient(Tensor, input: Tensor, into: Tensor)
  /// A 3x3 convolution over stacked images.
  case stackedConvolution(StackedConvolutionCall)
  /// A convolution over two or three axes.
  case spatialConvolution(SpatialProblem, Tensor, DeviceWeight, bias: Tensor, into: Tensor)
  /// The gradient of such a convolution's input; also of one over stacked images.
  case spatialInputGradient(SpatialProblem, Tensor, DeviceWeight, into: Tensor)
  /// The gradient of its weight, float32 in PyTorch's order.
  case spatialWeightGradient(SpatialProblem, Tensor, input: Tensor, into: Tensor)
  /// A convolution over volumes, perhaps with ReLU.
  case volumeConvolution(VolumeProblem, Tensor, DeviceWeight, bias: Tensor, into: Tensor)
  /// The maximum or mean of every window of volumes.
  case volumePooling(VolumeProblem, Tensor, into: Tensor)

  // MARK: Attention and normalisation

  /// Attention along the sequences of each pattern.
  case attention(AttentionCall, [AttentionPattern])
  /// The gradients of its q, k and v, laid out like them.
  case attentionGradient(AttentionCall, [AttentionPattern], Tensor, into: Tensor)
  /// A group normalisation over stacked images.
  case groupNorm(GroupNormCall, into: Tensor)
  /// Its gradients, from what the call saved.
  case groupNormGradient(GroupNormCall, Tensor, into: GroupNormGradients)
  /// A normalisation of each row.
  case layerNorm(Tensor, NormalizationWeight, into: Tensor)
  /// Its gradients.
  case layerNormGradient(
    Tensor, input: Tensor, NormalizationWeight, into: Tensor, weight: Tensor, bias: Tensor)

  // MARK: Elementwise

  case gatedGELU(Tensor, into: Tensor)
  case gatedGELUGradient(Tensor, input: Tensor, into: Tensor)
  case gelu(Tensor, into: Tensor)
  case geluGradient(Tensor, input: Tensor, into: Tensor)
  case silu(Tensor, into: Tensor)
  case siluGradient(Tensor, input: Tensor, into: Tensor)
  case tanh(Tensor, scale: Float, into: Tensor)
  case tanhGradient(Tensor, result: Tensor, scale: Float, into: Tensor)
  case leakyReLU(Tensor, slope: Float, into: Tensor)
  case leakyReLUGradient(Tensor, result: Tensor, slope: Float, into: Tensor)
  case add(Tensor, Tensor, into: Tensor)
  case addRows(Tensor, row: Tensor, into: Tensor)
  case scale(Tensor, by: Float, into: Tensor)
  /// Every element times the single float32 number of a tensor.
  case scaleByNumber(Tensor, Tensor, into: Tensor)
  /// The same numbers in the precision of the result.
  case convert(Tensor, into: Tensor)
  /// The sum of the rows of each of `batch` samples, float32.
  case sumRows(Tensor, batch: Int, into: Tensor)
  /// The sum over the middle axis of `[outer, extent, inner]`.
  case sumAxis(Tensor, outer: Int, extent: Int, into: Tensor)

  // MARK: Movement

  case concatenateChannels(Tensor, Tensor, into: Tensor)
  case splitChannels(Tensor, into: Tensor, Tensor)
  /// `[outer, first, second, inner]` to `[outer, second, first, inner]`.
  case transpose(Tensor, outer: Int, first: Int, second: Int, into: Tensor)
  /// `result[i] = x[indices[i]]`, float32.
  case gather(Tensor, [Int32], into: Tensor)
  /// `result[indices[i]] += x[i]`, beginning with zeros, float32.
  case scatter(Tensor, [Int32], into: Tensor)
  case resample(Resampling, Tensor, from: ImageStack, to: ImageStack, into: Tensor)
  /// The maximum of each 2x2 pixels of `[batch, height * width, channels]`.
  case maximumPool(Tensor, height: Int, width: Int, into: Tensor)
  /// Its gradient, to the first element of each block that holds the maximum.
  case maximumPoolGradient(Tensor, input: Tensor, height: Int, width: Int, into: Tensor)
  case sumPlanes(front: Tensor, side: Tensor, top: Tensor, TokenVolume, into: Tensor)
  case gatherSequences(
    Tensor, AttentionPattern, token: Tensor, positions: Tensor, into: Tensor)
  case scatterSequences(Tensor, AttentionPattern, into: Tensor)

  // MARK: Losses and learning

  /// The mean distance over all parts, one float32 number.
  case meanDistance(DistanceCall, into: Tensor)
  /// Its gradient, times the single number of a tensor; zeros outside the parts.
  case meanDistanceGradient(DistanceCall, Tensor, into: Tensor)
  /// The mean of a function of every element, one float32 number.
  case mean(MeanFunction, Tensor, into: Tensor)
  /// Its gradient, times the single number of a tensor.
  case meanGradient(MeanFunction, Tensor, input: Tensor, into: Tensor)
  /// A perceptual distance.
  case featureDistance(FeatureDistanceCall)
  /// The mean absolute difference of two tensors' changes, summed over kinds of neighbours, one float32
  /// number; its gradient too, if wanted.
  case finiteDifference(Tensor, Tensor, [Neighbors], into: Tensor, gradient: Tensor?)
  /// The Euclidean norm of all gradients together, one float64 number.
  case gradientNorm([OptimizedTensors], into: Tensor)
  /// One step of AdamW.
  case adamW([OptimizedTensors], AdamWStep)

  /// What is done to every image of a stack on the way to another; zeros between the images.
  package enum Resampling: Sendable {
    /// The mean of 2x2 tokens.
    case averagePool
    /// Each token four times.
    case upsample
    /// The same images at another distance.
    case copy
  }
}

extension DeviceOperation {
  /// What it is called in errors, for example `attention`: its case.
  var name: String { Mirror(reflecting: self).children.first?.label ?? "an operation" }
}
