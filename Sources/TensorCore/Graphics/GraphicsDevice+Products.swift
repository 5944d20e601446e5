internal import CGraphicsKernels

extension GraphicsDevice {
  func linear(_ call: LinearCall) throws {
    let weight = weight(call.weight)
    let rows = call.input.rows
    var product = product(weight, call.input, bias: call.bias, call.residual, call.result)
    product.source_width = Int32(rows)
    product.pixels = Int32(rows)
    product.gated = call.isGated ? 1 : 0
    if weight.isForVectors, !call.isGated { return try multiplyVectors(product, weight) }
    try multiply(&product, weight)
  }

  func stackedConvolution(_ call: StackedConvolutionCall) throws {
    let weight = weight(call.weight)
    let (stack, stride) = (call.stack, call.stride)
    var product = product(weight, call.input, bias: call.bias, call.residual, call.result)
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
    product.batch = Int32(batch)
    product.source_tokens = Int32(call.input.shape[1])
    product.target_tokens = Int32(call.result.shape[1])
    product.source_width = Int32(stack.width)
    product.target_width = Int32(stack.width / stride)
    product.pixels = Int32(batch * pixels)
    try multiply(&product, weight)
  }

  /// What all products say alike.
  private func product(
    _ weight: GraphicsWeight, _ x: Tensor, bias: Tensor?, _ residual: Tensor?, _ result: Tensor
  ) -> gk_product {
    var product = gk_product()
    product.source = x.onCard
    product.weights = weight.storage.address.onCard
    product.bias = bias?.onCard ?? 0
    product.residual = residual?.onCard ?? 0
    product.target = result.onCard
    product.side = Int32(weight.side)
    product.stride = 1
    product.inputs = Int32(weight.inputs)
    product.weight_inputs = Int32(weight.paddedInputs)
    product.outputs = Int32(weight.outputs)
    product.splits = Int32(weight.splits)
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
  private func multiply(_ product: inout gk_product, _ weight: GraphicsWeight) throws {
    let (pixels, splits) = (Int(product.pixels), weight.splits)
    // Values and gates stand in groups, as the kernels' threads hold them.
    let group = weight.elementType == .bfloat16 ? 8 : 16
    let columns =
      product.gated != 0
      ? Self.count(weight.outputs / 2, by: group) * 2 * group : weight.outputs
    func blocks(_ tile: Int) -> (Int, Int, Int) {
      (Self.count(pixels, by: tile), Self.count(columns, by: tile), splits)
    }
    let large = blocks(Self.largeTile)
    func kernel(_ tile: Int) -> String {
      "gk_product_\(weight.elementType.kernelSuffix)_\(tile)x\(tile)"
    }
    // Large tiles read less, where there are enough of them for every processor of a card. They add in
    // the same order.
    let tile =
      large.0 * large.1 * large.2 >= Self.enoughBlocks && connection.has(kernel(Self.largeTile))
      ? Self.largeTile : Self.smallTile
    var partials: TensorStorage?
    if splits > 1 {
      let storage = try TensorStorage(byteCount: 4 * splits * pixels * weight.outputs, memory)
      product.partials = storage.address.onCard
      partials = storage
    }
    try withExtendedLifetime(partials) {
      try launch(kernel(tile), product, blocks: blocks(tile))
      guard splits > 1 else { return }
      let width = product.gated != 0 ? weight.outputs / 2 : weight.outputs
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
