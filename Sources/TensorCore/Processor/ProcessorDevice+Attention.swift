internal import CKernels

extension ProcessorDevice {
  func attention(_ call: AttentionCall, _ patterns: [AttentionPattern]) {
    for pattern in patterns { withProblem(call, pattern) { ck_attention(&$0, threads) } }
  }

  func attentionGradient(
    _ call: AttentionCall, _ patterns: [AttentionPattern], _ gradient: Tensor, into result: Tensor
  ) {
    let part = call.partStride * call.input.elementType.byteCount
    for pattern in patterns {
      withProblem(call, pattern) { forward in
        withUnsafePointer(to: forward) { forward in
          var problem = ck_attention_gradient_problem(
            forward: forward, gradient: pointer(gradient), query_gradient: pointer(result),
            key_gradient: pointer(result) + part, value_gradient: pointer(result) + 2 * part)
          ck_attention_gradient(&problem, threads)
        }
      }
    }
  }

  /// Describes the call for one pattern to the kernels.
  private func withProblem(
    _ call: AttentionCall, _ pattern: AttentionPattern,
    _ body: (inout ck_attention_problem) -> Void
  ) {
    let input = call.input
    let isPerHead = call.layout == .perHead
    let part = call.partStride * input.elementType.byteCount
    let runs = pattern.runs.map { ck_run(start: $0.lowerBound, count: $0.count) }
    runs.withUnsafeBufferPointer { runs in
      var problem = ck_attention_problem(
        type: input.kernelType, query: pointer(input), key: pointer(input) + part,
        value: pointer(input) + 2 * part, output: pointer(call.output),
        input_stride: input.channels, output_stride: call.heads * call.width,
        input_head_stride: isPerHead ? 3 * call.width : call.width,
        output_head_stride: call.width, heads: Int32(call.heads), width: Int32(call.width),
        sequences: pattern.sequences, inner: pattern.inner, outer_stride: pattern.outerStride,
        inner_stride: pattern.innerStride, token_step: pattern.tokenStep,
        runs: runs.baseAddress, run_count: Int32(runs.count),
        query_count: pattern.queryCount ?? 0, scale: call.scale,
        rotary_cosine: call.rotary.map { floats($0.cosine) },
        rotary_sine: call.rotary.map { floats($0.sine) },
        log_sums: call.logSums.map { floats($0) })
      body(&problem)
    }
  }
}
