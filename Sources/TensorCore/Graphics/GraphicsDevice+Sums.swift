internal import CGraphicsKernels

extension GraphicsDevice {
  /// How rows are added up: in chunks, whose sums are added again.
  struct Chunks {
    /// Of a chunk.
    let rows: Int
    let count: Int

    /// At least 64 rows a chunk, and at most 256 chunks.
    init(rows all: Int) {
      rows = max(64, GraphicsDevice.count(all, by: 256))
      count = GraphicsDevice.count(all, by: rows)
    }
  }

  func sumRows(_ x: Tensor, batch: Int, into result: Tensor) throws {
    try addRows(
      x.address, x.elementType, batch: batch, rows: x.rows / batch, width: x.channels,
      into: result.address)
  }

  /// The sums of the rows of each sample, float32.
  func addRows(
    _ source: DeviceAddress, _ type: ElementType, batch: Int, rows: Int, width: Int,
    into result: DeviceAddress
  ) throws {
    let chunks = Chunks(rows: rows)
    let partials =
      chunks.count > 1
      ? try TensorStorage(byteCount: 4 * batch * chunks.count * width, memory) : nil
    try withExtendedLifetime(partials) {
      try launch(
        "gk_sum_rows_\(type.kernelSuffix)",
        gk_sum_rows(
          source: source.onCard, target: (partials?.address ?? result).onCard,
          batch: Int32(batch), rows: Int32(rows), width: Int32(width),
          chunk_rows: Int32(chunks.rows), chunks: Int32(chunks.count)),
        blocks: (Self.count(width, by: Self.movedBlock), chunks.count, batch))
      guard let partials else { return }
      try launch(
        "gk_sum_rows_f32",
        gk_sum_rows(
          source: partials.address.onCard, target: result.onCard, batch: Int32(batch),
          rows: Int32(chunks.count), width: Int32(width), chunk_rows: Int32(chunks.count),
          chunks: 1),
        blocks: (Self.count(width, by: Self.movedBlock), 1, batch))
    }
  }

  func sumAxis(_ x: Tensor, outer: Int, extent: Int, into result: Tensor) throws {
    try launch(
      "gk_sum_axis_\(x.kernelSuffix)",
      gk_sum_axis(
        source: x.onCard, target: result.onCard, count: Int64(result.count), extent: Int32(extent),
        inner: Int64(x.count / (outer * extent))),
      blocks: Self.count(result.count, by: Self.movedBlock))
  }

  /// Adds up the numbers that blocks have left.
  ///
  /// - Parameters:
  ///   - factor: Of the sum.
  ///   - root: Whether the root of it is wanted, in float64; else it is a float32.
  func addNumbers(
    _ numbers: TensorStorage, count: Int, factor: Double = 1, root: Bool = false,
    into result: Tensor
  ) throws {
    try launch(
      "gk_sum_numbers_f64",
      gk_sum_numbers(
        source: numbers.address.onCard, target: result.onCard, count: Int64(count), factor: factor,
        root: root ? 1 : 0), blocks: 1)
  }

  /// Room for a float64 of each block.
  func blockNumbers(_ blocks: Int) throws -> TensorStorage {
    try TensorStorage(byteCount: 8 * max(blocks, 1), memory)
  }

  /// A table on the card.
  func table<Entry: BitwiseCopyable>(_ entries: [Entry]) throws -> TensorStorage {
    try entries.withUnsafeBytes { bytes in
      let storage = try TensorStorage(byteCount: bytes.count, memory)
      memory.upload(bytes, to: storage.address)
      return storage
    }
  }

  /// Elements that a block of a sum has.
  static let sumBlock = Int(GK_SUM_BLOCK)
}
