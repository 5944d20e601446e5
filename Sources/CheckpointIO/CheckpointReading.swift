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
    let part = try part(of: entry)
    guard entry.elementType.isFloatingPoint else {
      throw part.error(
        .elementType(tensor: entry.name, found: entry.elementType, expected: "a floating type"))
    }
    guard buffer.count == entry.elementCount else {
      throw part.error(
        .length(
          tensor: entry.name, found: buffer.count, expected: entry.elementCount,
          unit: "buffer elements"))
    }
    guard let target = buffer.baseAddress, !buffer.isEmpty else { return }
    do throws(CheckpointError.Kind) {
      if try readWholeRecord(entry, part, into: target) { return }
    } catch {
      throw part.error(error)
    }
    try part.withSpan(of: entry, failure: part.error) { span throws(CheckpointError) in
      Self.withLittleEndian(span, entry) { bytes in
        guard let source = bytes.baseAddress else { return }
        StridedRuns(shape: entry.shape, strides: entry.strides).visit { run in
          ElementConversion.float32(
            from: source + run.source * entry.elementType.byteCount, type: entry.elementType,
            count: run.count, stride: run.stride, into: target + run.destination)
        }
      }
    }
    if entry.encoding.isNegated {
      for index in buffer.indices { buffer[index] = -buffer[index] }
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
    let part = try part(of: entry)
    guard !entry.elementType.isFloatingPoint else {
      throw part.error(
        .elementType(tensor: entry.name, found: entry.elementType, expected: "integers or booleans")
      )
    }
    guard entry.elementCount > 0 else { return [] }
    return try part.withSpan(of: entry, failure: part.error) { span throws(CheckpointError) in
      var values: [Int64] = []
      values.reserveCapacity(entry.elementCount)
      Self.withLittleEndian(span, entry) { bytes in
        guard let source = bytes.baseAddress else { return }
        StridedRuns(shape: entry.shape, strides: entry.strides).visit { run in
          for index in 0..<run.count {
            let position = (run.source + index * run.stride) * entry.elementType.byteCount
            let value = ElementConversion.integer(at: source + position, type: entry.elementType)
            values.append(entry.encoding.isNegated ? 0 &- value : value)
          }
        }
      }
      return values
    }
  }

  /// Gives `body` the bytes of `span`, or a copy with each element's bytes turned round if they are stored
  /// with the highest first.
  private static func withLittleEndian(
    _ span: UnsafeRawBufferPointer, _ entry: TensorEntry, _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    guard entry.encoding.isBigEndian else { return body(span) }
    ElementConversion.reversed(span, width: entry.elementType.byteCount).withUnsafeBytes(body)
  }

  /// Converts and checks the checksum in one pass over the file, for a contiguous tensor that is
  /// the whole of a record not yet checked; false for any other, with nothing done.
  private func readWholeRecord(
    _ entry: TensorEntry, _ part: CheckpointPart, into target: UnsafeMutablePointer<Float>
  ) throws(CheckpointError.Kind) -> Bool {
    guard entry.isContiguous, let index = part.dueRecord(of: entry),
      entry.span == 0..<part.contents.records[index].size
    else { return false }
    try part.file.checkUnchanged()
    try part.file.withBytes { bytes throws(CheckpointError.Kind) in
      let span = try part.fileSpan(of: entry, bytes)
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
      try part.contents.records[index].check(checksum.value)
    }
    part.markVerified(index)
    return true
  }
}
