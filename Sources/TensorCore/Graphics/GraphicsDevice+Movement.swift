internal import CGraphicsKernels

extension GraphicsDevice {
  func elementwise(
    _ function: gk_function, _ x: Tensor, _ other: Tensor? = nil, factor: Float = 1, rows: Int = 1,
    into result: Tensor
  ) throws {
    try launch(
      "gk_elementwise_\(x.kernelSuffix)",
      gk_elementwise(
        source: x.onCard, other: other?.onCard ?? 0, target: result.onCard,
        count: Int64(result.count), function: Int32(function.rawValue),
        width: Int32(result.channels), rows: Int32(rows), factor: factor),
      blocks: Self.count(result.count, by: Self.elementBlock))
  }

  func convert(_ x: Tensor, into result: Tensor) throws {
    try launch(
      "gk_convert_\(x.kernelSuffix)_\(result.kernelSuffix)",
      gk_convert(source: x.onCard, target: result.onCard, count: Int64(x.count)),
      blocks: Self.count(x.count, by: Self.elementBlock))
  }

  func concatenate(_ a: Tensor, _ b: Tensor, into result: Tensor) throws {
    try move(
      "gk_concatenate", result,
      gk_concatenate(
        first: a.onCard, second: b.onCard, target: result.onCard, rows: Int64(a.rows),
        first_channels: Int32(a.channels), second_channels: Int32(b.channels)))
  }

  func transpose(_ x: Tensor, outer: Int, first: Int, second: Int, into result: Tensor) throws {
    try move(
      "gk_transpose", result,
      gk_transpose(
        source: x.onCard, target: result.onCard, count: Int64(x.count), first: Int32(first),
        second: Int32(second), inner: Int32(x.count / (outer * first * second))))
  }

  func resample(
    _ kind: DeviceOperation.Resampling, _ x: Tensor, from source: ImageStack,
    to destination: ImageStack, into result: Tensor
  ) throws {
    var problem = gk_resample()
    problem.source = x.onCard
    problem.target = result.onCard
    (problem.images, problem.image_count) = parts(
      source.heights.indices.map { image in
        gk_image(
          source_row: Int32(source.firstRow(of: image)),
          source_height: Int32(source.heights[image]),
          target_row: Int32(destination.firstRow(of: image)),
          target_height: Int32(destination.heights[image]))
      }, none: gk_image())
    let kind =
      switch kind {
      case .averagePool: GK_AVERAGE_POOL
      case .upsample: GK_UPSAMPLE
      case .copy: GK_COPY
      }
    problem.kind = Int32(kind.rawValue)
    problem.batch = Int32(x.shape[0])
    problem.source_rows = Int32(source.rowCount)
    problem.source_width = Int32(source.width)
    problem.target_rows = Int32(destination.rowCount)
    problem.target_width = Int32(destination.width)
    problem.channels = Int32(x.channels)
    try move("gk_resample", result, problem)
  }

  func sumPlanes(
    front: Tensor, side: Tensor, top: Tensor, _ volume: TokenVolume, into result: Tensor
  ) throws {
    try move(
      "gk_sum_planes", result,
      gk_sum_planes(
        front: front.onCard, side: side.onCard, top: top.onCard, target: result.onCard,
        depth: Int32(volume.depth), height: Int32(volume.height), width: Int32(volume.width),
        channels: Int32(front.channels)))
  }

  func gatherSequences(
    _ x: Tensor, _ pattern: AttentionPattern, token: Tensor, positions: Tensor,
    into result: Tensor
  ) throws {
    try move(
      "gk_gather_sequences", result,
      gk_gather_sequences(
        source: x.onCard, token: token.onCard, positions: positions.onCard, target: result.onCard,
        sequences: Int32(pattern.sequences), length: Int32(pattern.length),
        channels: Int32(x.channels), inner: Int32(pattern.inner),
        outer_stride: Int32(pattern.outerStride), inner_stride: Int32(pattern.innerStride),
        token_step: Int32(pattern.tokenStep)))
  }

  func scatterSequences(
    _ x: Tensor, _ pattern: AttentionPattern, into result: Tensor
  ) throws {
    let count = pattern.sequences * pattern.length * x.channels
    try launch(
      "gk_scatter_sequences_\(x.kernelSuffix)",
      gk_scatter_sequences(
        source: x.onCard, target: result.onCard, sequences: Int32(pattern.sequences),
        length: Int32(pattern.length), channels: Int32(x.channels), inner: Int32(pattern.inner),
        outer_stride: Int32(pattern.outerStride), inner_stride: Int32(pattern.innerStride),
        token_step: Int32(pattern.tokenStep)),
      blocks: Self.count(count, by: Self.movedBlock))
  }

  /// Channels of each row to two tensors.
  func split(_ x: Tensor, into a: Tensor, _ b: Tensor) {
    let size = x.elementType.byteCount
    var first = x.address
    for part in [a, b] {
      let row = part.channels * size
      memory.copy(
        DeviceRows(first, stride: x.channels * size), to: DeviceRows(part.address, stride: row),
        rowCount: x.rows, byteCount: row)
      first = first + row
    }
  }

  func gather(_ x: Tensor, _ indices: [Int32], into result: Tensor) throws {
    try gather(x, places: indices, starts: (0...result.count).map(Int32.init), into: result)
  }

  /// Every place of the result adds up what belongs to it, in the order of the indices.
  func scatter(_ x: Tensor, _ indices: [Int32], into result: Tensor) throws {
    var starts = [Int32](repeating: 0, count: result.count + 1)
    for index in indices { starts[Int(index) + 1] += 1 }
    for place in 0..<result.count { starts[place + 1] += starts[place] }
    var next = starts
    var places = [Int32](repeating: 0, count: indices.count)
    for (i, index) in indices.enumerated() {
      places[Int(next[Int(index)])] = Int32(i)
      next[Int(index)] += 1
    }
    try gather(x, places: places, starts: starts, into: result)
  }

  private func gather(
    _ x: Tensor, places: [Int32], starts: [Int32], into result: Tensor
  ) throws {
    let tables = try (places: table(places), starts: table(starts))
    try withExtendedLifetime(tables) {
      try move(
        "gk_gather", result,
        gk_gather(
          source: x.onCard, places: tables.places.address.onCard,
          starts: tables.starts.address.onCard, target: result.onCard, count: Int64(result.count)))
    }
  }

  func maximumPool(_ x: Tensor, height: Int, width: Int, into result: Tensor) throws {
    try move(
      "gk_maximum_pool", result,
      gk_maximum_pool(
        source: x.onCard, gradient: 0, target: result.onCard, batch: Int32(x.shape[0]),
        height: Int32(height), width: Int32(width), channels: Int32(x.channels)))
  }

  func maximumPoolGradient(
    _ gradient: Tensor, _ x: Tensor, height: Int, width: Int, into result: Tensor
  ) throws {
    try launch(
      "gk_maximum_pool_gradient_\(x.kernelSuffix)",
      gk_maximum_pool(
        source: x.onCard, gradient: gradient.onCard, target: result.onCard,
        batch: Int32(x.shape[0]), height: Int32(height), width: Int32(width),
        channels: Int32(x.channels)),
      blocks: Self.count(gradient.count, by: Self.movedBlock))
  }

  /// Launches a kernel with a thread for each element of its result.
  private func move<Arguments: BitwiseCopyable>(
    _ name: String, _ result: Tensor, _ arguments: Arguments
  ) throws {
    try launch(
      "\(name)_\(result.kernelSuffix)", arguments,
      blocks: Self.count(result.count, by: Self.movedBlock))
  }
}
