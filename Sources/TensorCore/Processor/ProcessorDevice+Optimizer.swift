internal import CKernels
import Glibc

extension ProcessorDevice {
  func adamW(_ parameters: [OptimizedTensors], _ step: AdamWStep) {
    let number = Double(step.number)
    withKernelParameters(parameters, averaging: step.averageDecay < 1) { list in
      var problem = ck_adamw_step(
        parameters: list.baseAddress, parameter_count: list.count,
        gradient_factor: Float(step.gradientFactor),
        decay_factor: Float(1 - step.learningRate * step.weightDecay), beta1: Float(step.beta1),
        beta2: Float(step.beta2),
        step_size: Float(step.learningRate / (1 - pow(step.beta1, number))),
        second_correction: Float((1 - pow(step.beta2, number)).squareRoot()),
        epsilon: Float(step.epsilon), average_share: Float(1 - step.averageDecay))
      ck_adamw(&problem, threads)
    }
  }

  func gradientNorm(_ parameters: [OptimizedTensors], into result: Tensor) {
    withKernelParameters(parameters, averaging: false) { list in
      pointer(result).assumingMemoryBound(to: Double.self)[0] =
        ck_squared_gradient_norm(list.baseAddress, list.count, threads).squareRoot()
    }
  }

  private func withKernelParameters(
    _ parameters: [OptimizedTensors], averaging: Bool,
    _ body: (UnsafeBufferPointer<ck_parameter>) -> Void
  ) {
    parameters.map { tensors in
      ck_parameter(
        values: floats(tensors.values), gradient: tensors.gradient.map { floats($0) },
        first_moment: floats(tensors.firstMoment), second_moment: floats(tensors.secondMoment),
        average: averaging ? tensors.average.map { floats($0) } : nil, count: tensors.values.count)
    }.withUnsafeBufferPointer(body)
  }
}
