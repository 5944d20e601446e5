import TensorCore

/// The order and widths of a denoiser's blocks, worked out once from its configuration.
struct DenoiserPlan {
  /// One numbered entry of `input_blocks` or `output_blocks`.
  struct Stage {
    /// Its number in the checkpoint.
    var index: Int
    var inputs: Int
    var outputs: Int
    /// The planes before the stage.
    var stack: ImageStack
    var hasPlaneAttention: Bool
    /// What the stage does to the resolution, after its residual block if it has one of its own.
    var resampling: Resampling
    /// Whether it begins with a residual block that keeps the resolution.
    var hasResidualBlock: Bool
    /// Whether an input stage's result is joined to its input.
    var takesSkip: Bool
  }

  private(set) var inputs: [Stage] = []
  private(set) var outputs: [Stage] = []
  let firstWidth: Int
  let middleWidth: Int
  let middleStack: ImageStack

  init(_ configuration: DenoiserConfiguration) {
    let widths = configuration.widthMultipliers.map { $0 * configuration.baseWidth }
    let levels = widths.count
    var stack = configuration.geometry.stack
    var factor = 1
    var width = widths[0]
    firstWidth = width
    var skipWidths = [width]
    for level in 0..<levels {
      for _ in 0..<configuration.residualBlocks {
        inputs.append(
          Stage(
            index: inputs.count + 1, inputs: width, outputs: widths[level], stack: stack,
            hasPlaneAttention: configuration.attentionFactors.contains(factor),
            resampling: .none, hasResidualBlock: true, takesSkip: false))
        width = widths[level]
        skipWidths.append(width)
      }
      if level < levels - 1 {
        inputs.append(
          Stage(
            index: inputs.count + 1, inputs: width, outputs: width, stack: stack,
            hasPlaneAttention: false, resampling: .down, hasResidualBlock: false,
            takesSkip: false))
        skipWidths.append(width)
        stack = stack.halved
        factor *= 2
      }
    }
    middleWidth = width
    middleStack = stack
    for level in (0..<levels).reversed() {
      for number in 0...configuration.residualBlocks {
        let isLast = number == configuration.residualBlocks
        let goesUp = level > 0 && isLast
        outputs.append(
          Stage(
            index: outputs.count, inputs: width + skipWidths.removeLast(),
            outputs: widths[level], stack: stack,
            hasPlaneAttention: configuration.attentionFactors.contains(factor),
            resampling: goesUp ? .up : .none, hasResidualBlock: true, takesSkip: true))
        width = widths[level]
        if goesUp {
          stack = stack.doubled
          factor /= 2
        }
      }
    }
  }
}
