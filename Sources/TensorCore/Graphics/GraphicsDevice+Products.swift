internal import CGraphicsKernels

extension GraphicsDevice {
  func linear(_ call: LinearCall) throws {
    let weight = weight(call.weight)
    let rows = call.input.rows
    var product = try product(
      weight, call.weight.version, call.input, bias: call.bias, call.residual, call.result)
    product.source_width = Int32(rows)
    product.pixels = Int32(rows)
    product.gated = call.isGated ? 1 : 0
    if weight.isForVectors, !call.isGated { return try multiplyVectors(product, weight) }
    try multiply(&product, weight)
  }

  func stackedConvolution(_ call: StackedConvolutionCall) throws {
    let weight = weight(call.weight)
    let (stack, stride) = (call.stack, call.stride)
    var product = try product(
      weight, call.weight.version, call.input, bias: call.bias, call.residual, call.result)
    (product.images, product.image_count) = parts(
      stack.heights.indices.map { image in
        gk_image(
          source_row: Int32(stack.firstRow(of: image)), source_height: Int32(stack.heights[image]),
          target_row: Int32(stack.firstRow(of: image) / stride),
          target_height: Int32(stack.heights[image] / stride))
      }, none: gk_image())
    let batch = call.input.shape[0]
    let pixels = stack.heights.reduce(0) { $0 + $1 / stride } * (stack.width / stride)
    product.stride = Int32(stride)
    product.padding = 1
    product.batch = Int32(batch)
    product.source_tokens = Int32(call.input.shape[1])
    product.target_tokens = Int32(call.result.shape[1])
    product.source_width = Int32(stack.width)
    product.target_width = Int32(stack.width / stride)
    product.pixels = Int32(batch * pixels)
    // Gradients of later layers add up all rows, times zero between the images.
    if weight.master != nil { try clearGaps(of: product, in: call.result) }
    try multiply(&product, weight)
  }

  /// Sets to zero what lies between the images of a product's target.
  private func clearGaps(of product: gk_product, in result: Tensor) throws {
    let images = withUnsafeBytes(of: product.images) {
      Array($0.bindMemory(to: gk_image.self).prefix(Int(product.image_count)))
    }
    guard images.count > 1 else { return }
    var gaps = gk_clear_gaps()
    let runs = zip(images, images.dropFirst()).map { upper, lower in
      let end = upper.target_row + upper.target_height
      return gk_run(
        start: end * product.target_width,
        count: (lower.target_row - end) * product.target_width)
    }
    (gaps.gaps, gaps.gap_count) = parts(runs, none: gk_run())
    gaps.target = result.onCard
    gaps.batch = product.batch
    gaps.tokens = product.target_tokens
    gaps.channels = Int32(result.channels)
    let count = runs.reduce(0) { $0 + Int($1.count) } * result.channels * result.shape[0]
    try launch(
      "gk_clear_gaps_\(result.kernelSuffix)", gaps, blocks: Self.count(count, by: Self.movedBlock))
  }

  func spatialConvolution(
    _ problem: SpatialProblem, _ x: Tensor, _ prepared: DeviceWeight, _ bias: Tensor,
    into result: Tensor
  ) throws {
    let weight = weight(prepared)
    var product = try product(weight, prepared.version, x, bias: bias, nil, result)
    place(problem, in: &product)
    try multiply(&product, weight)
  }

  /// Says where the pixels of a convolution lie.
  func place(_ problem: SpatialProblem, in product: inout gk_product) {
    let (sides, outputs) = (problem.sides.suffix(2), problem.outputSides.suffix(2))
    let isVolume = problem.sides.count == 3
    product.images.0 = gk_image(
      source_row: 0, source_height: Int32(sides[sides.startIndex]), target_row: 0,
      target_height: Int32(outputs[0 + outputs.startIndex]))
    product.image_count = 1
    product.side = Int32(problem.kernel)
    product.depth_side = isVolume ? product.side : 1
    product.stride = Int32(problem.stride)
    product.dilation = 1
    product.padding = Int32(problem.padding)
    product.depth_padding = product.padding
    product.source_depth = isVolume ? Int32(problem.sides[0]) : 1
    product.target_depth = isVolume ? Int32(problem.outputSides[0]) : 1
    product.batch = Int32(problem.batch)
    product.source_tokens = Int32(problem.sides.reduce(1, *))
    product.target_tokens = Int32(problem.outputSides.reduce(1, *))
    product.source_width = Int32(sides[sides.startIndex + 1])
    product.target_width = Int32(outputs[outputs.startIndex + 1])
    product.pixels = product.batch * product.target_tokens
  }

  /// What all products say alike.
  func product(
    _ weight: GraphicsWeight, _ version: Int, _ x: Tensor, bias: Tensor?, _ residual: Tensor?,
    _ result: Tensor, _ direction: GraphicsWeight.Direction = .forward
  ) throws -> gk_product {
    var product = gk_product()
    product.source = x.onCard
    product.weights = try weight.storage(direction, version: version, self).address.onCard
    product.bias = bias?.onCard ?? 0
    product.residual = residual?.onCard ?? 0
    product.target = result.onCard
    product.side = Int32(weight.side)
    product.stride = 1
    product.dilation = 1
    product.depth_side = 1
    product.source_depth = 1
    product.target_depth = 1
    let (from, to) = weight.widths(direction)
    product.inputs = Int32(from)
    product.weight_inputs = Int32(weight.padded(direction))
    product.outputs = Int32(to)
    product.splits = Int32(direction == .forward ? weight.splits : weight.backwardSplits)
    product.target_bf16 = result.elementType == .bfloat16 ? 1 : 0
    return product
  }

  /// Launches a product of single rows of samples.
  private func multiplyVectors(_ product: gk_product, _ weight: GraphicsWeight) throws {
    try launch(
      "gk_product_vector_\(weight.elementType.kernelSuffix)", product,
      blocks: (
        Self.count(weight.outputs, by: Self.vectorOutputs),
        Self.count(Int(product.pixels), by: Self.vectorRows), 1
      ))
  }

  /// Outputs and rows that a block for single rows computes.
  private static let vectorOutputs = 4
  private static let vectorRows = 4

  /// Launches a product, and what adds its parts.
  func multiply(_ product: inout gk_product, _ weight: GraphicsWeight) throws {
    let (pixels, splits) = (Int(product.pixels), Int(product.splits))
    let outputs = Int(product.outputs)
    // Values and gates stand in groups, as the kernels' threads hold them.
    let group = usesTensorCores(weight.elementType) ? 8 : 16
    let columns =
      product.gated != 0
      ? Self.count(outputs / 2, by: group) * 2 * group : outputs
    func blocks(_ tile: Int) -> (Int, Int, Int) {
      (Self.count(pixels, by: tile), Self.count(columns, by: tile), splits)
    }
    let large = blocks(Self.largeTile)
    func kernel(_ tile: Int) -> String {
      "gk_product_\(productSuffix(weight.elementType))_\(tile)x\(tile)"
    }
    // Large tiles read less, where there are enough of them for every processor of a card. They add in
    // the same order.
    let tile =
      large.0 * large.1 * large.2 >= Self.enoughBlocks && connection.has(kernel(Self.largeTile))
      ? Self.largeTile : Self.smallTile
    var partials: TensorStorage?
    if splits > 1 {
      let storage = try TensorStorage(byteCount: 4 * splits * pixels * outputs, memory)
      product.partials = storage.address.onCard
      partials = storage
    }
    try withExtendedLifetime(partials) {
      try launch(kernel(tile), product, blocks: blocks(tile))
      guard splits > 1 else { return }
      let width = product.gated != 0 ? outputs / 2 : outputs
      try launch(
        "gk_add_partials", product,
        blocks: Self.count(pixels * Self.count(width, by: 4), by: Self.movedBlock))
    }
  }

  private static let enoughBlocks = 120

  /// Up to four parts as the kernels take them, and how many they are.
  func parts<Part>(_ parts: [Part], none: Part) -> ((Part, Part, Part, Part), Int32) {
    precondition(parts.count <= Int(GK_MAX_PARTS))
    let all = parts + Array(repeating: none, count: Int(GK_MAX_PARTS) - parts.count)
    return ((all[0], all[1], all[2], all[3]), Int32(parts.count))
  }
}
