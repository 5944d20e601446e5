internal import CGraphicsKernels

/// What the networks that judge videos have: windows over frames, rows and columns.
extension GraphicsDevice {
  func volumeConvolution(
    _ problem: VolumeProblem, _ x: Tensor, _ prepared: DeviceWeight, _ bias: Tensor,
    into result: Tensor
  ) throws {
    let weight = weight(prepared)
    var product = try product(weight, prepared.version, x, bias: bias, nil, result)
    if weight.axes < 3 || problem.isSingle {
      let pixels = result.count / problem.outputs
      guard pixels * weight.inputs == x.count else {
        throw problem.refusal("a window as large as the volume that it was prepared for moves")
      }
      product.source_width = Int32(pixels)
      product.pixels = Int32(pixels)
    } else {
      try place(problem, in: &product)
    }
    try multiply(&product, weight)
    guard case .convolution(appliesReLU: true) = problem.kind else { return }
    // Each number takes its own place.
    try elementwise(GK_LEAKY_RELU, result, factor: 0, into: result)
  }

  private func place(_ problem: VolumeProblem, in product: inout gk_product) throws {
    let (extents, results) = (problem.extents, problem.window.outputs(of: problem.extents))
    let before = problem.window.margins(of: extents).before
    let strides = Set(problem.window.stride.axes)
    guard let stride = strides.first, strides.count == 1, before[1] == before[2] else {
      throw problem.refusal("its steps or margins differ from axis to axis")
    }
    product.images.0 = gk_image(
      source_row: 0, source_height: Int32(extents.height), target_row: 0,
      target_height: Int32(results.height))
    product.image_count = 1
    product.depth_side = product.side
    product.stride = Int32(stride)
    product.padding = Int32(before[1])
    product.depth_padding = Int32(before[0])
    product.source_depth = Int32(extents.depth)
    product.target_depth = Int32(results.depth)
    product.batch = Int32(problem.batch)
    product.source_tokens = Int32(extents.count)
    product.target_tokens = Int32(results.count)
    product.source_width = Int32(extents.width)
    product.target_width = Int32(results.width)
    product.pixels = product.batch * product.target_tokens
  }

  func volumePooling(_ problem: VolumeProblem, _ x: Tensor, into result: Tensor) throws {
    let (window, extents) = (problem.window, problem.extents)
    func axes(_ values: [Int]) -> (Int32, Int32, Int32) {
      (Int32(values[0]), Int32(values[1]), Int32(values[2]))
    }
    try launch(
      "gk_volume_pool_f32",
      gk_volume_pool(
        source: x.onCard, target: result.onCard, extents: axes(extents.axes),
        results: axes(window.outputs(of: extents).axes), size: axes(window.size.axes),
        stride: axes(window.stride.axes), before: axes(window.margins(of: extents).before),
        batch: Int32(problem.batch), channels: Int32(x.channels),
        average: problem.kind == .average ? 1 : 0),
      blocks: Self.count(result.count, by: Self.movedBlock))
  }
}

extension VolumeProblem {
  /// Whether the window is the whole volume, so that it has one place.
  var isWhole: Bool {
    window.size == extents && window.size.count > 1
      && window.margins(of: extents).before.allSatisfy { $0 == 0 }
  }

  /// Whether each position is computed from itself alone.
  fileprivate var isSingle: Bool { window.size.count == 1 && window.stride.count == 1 }

  fileprivate func refusal(_ reason: String) -> TensorError {
    TensorError(
      operation: "volumeConvolution",
      reason: "\(reason), which is not computed on graphics processors: use the processor")
  }
}
