import TensorCore

extension Checkpoint {
  /// Elements converted between two updates of a checksum, so that both passes find them in cache.
  private static let blockElements = 32 * 1024

  /// Reads a tensor of any floating type as float32 into `buffer`, in row-major order whatever its
  /// strides. float64 is rounded to the nearest.
  ///
  /// The checksum of a zip record is compared on the first read of one of its tensors; if it
  /// fails, the buffer's content is undefined.
  ///
  /// - Parameter buffer: as many elements as the tensor has.
  /// - Throws: `elementType` for integers, `length` for a buffer of another size,
  ///   `checksumMismatch`, `fileChanged`.
  public func readFloat32(
    _ entry: TensorEntry, into buffer: UnsafeMutableBufferPointer<Float>
  ) throws(CheckpointError) {
    try reading { bytes throws(CheckpointError.Kind) in
      guard entry.elementType.isFloatingPoint else {
        throw .elementType(
          tensor: entry.name, found: entry.elementType, expected: "a floating type")
      }
      guard buffer.count == entry.elementCount else {
        throw .length(
          tensor: entry.name, found: buffer.count, expected: entry.elementCount,
          unit: "buffer elements")
      }
      guard let target = buffer.baseAddress, !buffer.isEmpty else { return }
      if try readWholeRecord(entry, bytes, into: target) { return }
      let span = try verifiedSpan(of: entry, bytes)
      guard let source = bytes.baseAddress.map({ $0 + span.lowerBound }) else { return }
      StridedRuns(shape: entry.shape, strides: entry.strides).visit { run in
        ElementConversion.float32(
          from: source + run.source * entry.elementType.byteCount, type: entry.elementType,
          count: run.count, stride: run.stride, into: target + run.destination)
      }
    }
  }

  /// The elements of a tensor of any floating type as float32, in row-major order.
  ///
  /// - Throws: as `readFloat32(_:into:)`.
  public func float32Values(_ entry: TensorEntry) throws(CheckpointError) -> [Float] {
    var failure: CheckpointError?
    let values = [Float](unsafeUninitializedCapacity: entry.elementCount) { buffer, count in
      do throws(CheckpointError) {
        let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<entry.elementCount])
        try readFloat32(entry, into: whole)
        count = entry.elementCount
      } catch {
        failure = error
      }
    }
    if let failure { throw failure }
    return values
  }

  /// The elements of a tensor of integers or booleans (as 0 and 1), in row-major order.
  ///
  /// - Throws: `elementType` for floating types, `checksumMismatch`, `fileChanged`.
  public func int64Values(_ entry: TensorEntry) throws(CheckpointError) -> [Int64] {
    try reading { bytes throws(CheckpointError.Kind) in
      guard !entry.elementType.isFloatingPoint else {
        throw .elementType(
          tensor: entry.name, found: entry.elementType, expected: "integers or booleans")
      }
      let span = try verifiedSpan(of: entry, bytes)
      var values: [Int64] = []
      values.reserveCapacity(entry.elementCount)
      guard let base = bytes.baseAddress, entry.elementCount > 0 else { return values }
      let source = base + span.lowerBound
      StridedRuns(shape: entry.shape, strides: entry.strides).visit { run in
        for index in 0..<run.count {
          let position = (run.source + index * run.stride) * entry.elementType.byteCount
          values.append(ElementConversion.integer(at: source + position, type: entry.elementType))
        }
      }
      return values
    }
  }

  /// Converts and checks the checksum in one pass over the file, for a contiguous tensor that is
  /// the whole of a record not yet checked; false for any other, with nothing done.
  private func readWholeRecord(
    _ entry: TensorEntry, _ bytes: UnsafeRawBufferPointer, into target: UnsafeMutablePointer<Float>
  ) throws(CheckpointError.Kind) -> Bool {
    guard entry.isContiguous, let index = dueRecord(of: entry),
      entry.span == 0..<record(index).size
    else { return false }
    let span = try span(of: entry, bytes)
    let size = entry.elementType.byteCount
    var checksum = CRC32()
    for first in stride(from: 0, to: entry.elementCount, by: Self.blockElements) {
      let count = min(Self.blockElements, entry.elementCount - first)
      let start = span.lowerBound + first * size
      let block = UnsafeRawBufferPointer(rebasing: bytes[start..<start + count * size])
      checksum.update(block)
      if let source = block.baseAddress {
        ElementConversion.float32(
          from: source, type: entry.elementType, count: count, stride: 1, into: target + first)
      }
    }
    try record(index).check(checksum.value)
    markVerified(index)
    return true
  }
}
