import TensorCore

extension ComputeContext {
  /// A normalisation's weight and bias, `[channels]` each.
  public func prepareNormalization(weight: [Float], bias: [Float]) throws -> NormalizationWeight {
    NormalizationWeight(
      weight: try tensor(weight, shape: [weight.count]),
      bias: try tensor(bias, shape: [bias.count]))
  }
}
