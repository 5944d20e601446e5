internal import CGraphicsKernels

extension GraphicsDevice {
  func linearInputGradient(
    _ gradient: Tensor, _ prepared: DeviceWeight, into result: Tensor
  ) throws {
    let weight = weight(prepared)
    var product = try product(
      weight, prepared.version, gradient, bias: nil, nil, result, .backward)
    product.source_width = Int32(gradient.rows)
    product.pixels = Int32(gradient.rows)
    try multiply(&product, weight)
  }

  /// The gradient of a convolution's input is a convolution of the result's gradient by the turned weights:
  /// where the stride is 2 or more, of that gradient with zeros between its pixels.
  func spatialInputGradient(
    _ problem: SpatialProblem, _ gradient: Tensor, _ prepared: DeviceWeight, into result: Tensor
  ) throws {
    let weight = weight(prepared)
    var product = try product(
      weight, prepared.version, gradient, bias: nil, nil, result, .backward)
    place(problem, in: &product)
    swap(&product.images.0.source_height, &product.images.0.target_height)
    swap(&product.source_depth, &product.target_depth)
    swap(&product.source_tokens, &product.target_tokens)
    swap(&product.source_width, &product.target_width)
    product.stride = 1
    product.dilation = Int32(problem.stride)
    product.padding = Int32(problem.kernel - 1 - problem.padding)
    product.depth_padding = product.padding
    product.pixels = product.batch * product.target_tokens
    try multiply(&product, weight)
  }

  func linearWeightGradient(_ gradient: Tensor, _ input: Tensor, into result: Tensor) throws {
    var product = gk_product()
    product.side = 1
    product.stride = 1
    product.dilation = 1
    product.depth_side = 1
    product.source_depth = 1
    product.target_depth = 1
    product.source_width = Int32(gradient.rows)
    product.pixels = Int32(gradient.rows)
    try weightGradient(product, gradient, input, taps: 1, into: result)
  }

  func spatialWeightGradient(
    _ problem: SpatialProblem, _ gradient: Tensor, _ input: Tensor, into result: Tensor
  ) throws {
    var product = gk_product()
    place(problem, in: &product)
    let taps = problem.sides.reduce(1) { count, _ in count * problem.kernel }
    try weightGradient(product, gradient, input, taps: taps, into: result)
  }

  private func weightGradient(
    _ product: gk_product, _ gradient: Tensor, _ input: Tensor, taps: Int, into result: Tensor
  ) throws {
    let (inputs, outputs) = (input.channels, gradient.channels)
    let tiles =
      Self.count(inputs, by: Self.smallTile) * Self.count(outputs, by: Self.smallTile) * taps
    let steps = Self.count(Int(product.pixels), by: Self.gradientPixels)
    let splits = max(1, min(Self.wantedGradientBlocks / tiles, steps / Self.leastGradientSteps))
    var call = gk_weight_gradient()
    call.product = product
    call.product.source = input.onCard
    call.product.inputs = Int32(inputs)
    call.product.outputs = Int32(outputs)
    call.gradient = gradient.onCard
    call.target = result.onCard
    call.taps = Int32(taps)
    call.splits = Int32(splits)
    // One part of one tap is what is wanted.
    let isWhole = splits * taps == 1
    let partials =
      isWhole
      ? nil : try TensorStorage(byteCount: 4 * splits * taps * inputs * outputs, memory)
    call.partials = partials?.address.onCard ?? result.onCard
    try withExtendedLifetime(partials) {
      try launch(
        "gk_weight_gradient_\(productSuffix(input.elementType))", call,
        blocks: (tiles / taps, taps, splits))
      guard !isWhole else { return }
      try launch(
        "gk_add_weight_partials_f32", call,
        blocks: Self.count(taps * inputs * outputs, by: Self.movedBlock))
    }
  }

  /// Blocks that fill a card with some hundred processors, and steps of as many pixels below which another part
  /// of a sum costs more than it brings: chosen as those of ``GraphicsWeight/splits``, not measured.
  private static let wantedGradientBlocks = 264
  private static let gradientPixels = 32
  private static let leastGradientSteps = 8
}
