internal import CGraphicsKernels
import Glibc

extension GraphicsDevice {
  func adamW(_ parameters: [OptimizedTensors], _ step: AdamWStep) throws {
    let number = Double(step.number)
    try withTable(parameters, averaging: step.averageDecay < 1) { table, count, blocks in
      try launch(
        "gk_adamw_f32",
        gk_adamw(
          parameters: table, parameter_count: count, gradient_factor: Float(step.gradientFactor),
          decay_factor: Float(1 - step.learningRate * step.weightDecay), beta1: Float(step.beta1),
          beta2: Float(step.beta2),
          step_size: Float(step.learningRate / (1 - pow(step.beta1, number))),
          second_correction: Float((1 - pow(step.beta2, number)).squareRoot()),
          epsilon: Float(step.epsilon), average_share: Float(1 - step.averageDecay)),
        blocks: blocks)
    }
  }

  func gradientNorm(_ parameters: [OptimizedTensors], into result: Tensor) throws {
    try withTable(parameters, averaging: false) { table, count, blocks in
      let sums = try blockNumbers(blocks)
      try launch(
        "gk_squared_gradients_f32",
        gk_gradient_norm(
          parameters: table, target: sums.address.onCard, parameter_count: count), blocks: blocks)
      try addNumbers(sums, count: blocks, root: true, into: result)
    }
  }

  private func withTable(
    _ parameters: [OptimizedTensors], averaging: Bool,
    _ body: (_ table: UInt64, _ count: Int32, _ blocks: Int) throws -> Void
  ) throws {
    var blocks = 0
    let entries = parameters.map { tensors in
      defer { blocks += Self.count(tensors.values.count, by: Self.sumBlock) }
      return gk_parameter(
        values: tensors.values.onCard, gradient: tensors.gradient?.onCard ?? 0,
        first_moment: tensors.firstMoment.onCard, second_moment: tensors.secondMoment.onCard,
        average: averaging ? tensors.average?.onCard ?? 0 : 0, count: Int64(tensors.values.count),
        block: Int64(blocks))
    }
    let table = try table(entries)
    try withExtendedLifetime(table) {
      try body(table.address.onCard, Int32(entries.count), blocks)
    }
  }
}
