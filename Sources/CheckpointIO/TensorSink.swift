import TensorCore

/// Takes the elements of one tensor, in row-major order and in as many pieces as the giver likes,
/// and passes them on to the file.
public final class TensorSink {
  private let file: AtomicFile
  private let tensor: TensorDescription
  private let expected: Int
  private let countsChecksum: Bool
  private var checksum = CRC32()
  private var count = 0
  private static let blockElements = 64 * 1024

  init(_ tensor: TensorDescription, byteCount: Int, file: AtomicFile, countsChecksum: Bool) {
    self.tensor = tensor
    self.file = file
    self.countsChecksum = countsChecksum
    expected = byteCount
  }

  /// Adds stored elements as they are: little-endian, of the tensor's type.
  ///
  /// - Throws: `CheckpointError` if that is more than the tensor holds, or the disk is full.
  public func append(_ bytes: UnsafeRawBufferPointer) throws(CheckpointError) {
    guard bytes.count <= expected - count else { throw wrongLength(count + bytes.count) }
    if countsChecksum { checksum.update(bytes) }
    try file.write(bytes)
    count += bytes.count
  }

  /// Adds float32 numbers, rounded to the tensor's floating type: to the nearest, ties to even.
  ///
  /// - Throws: as `append(_:)`, and `elementType` if the tensor's type is not a floating one.
  public func append(converting values: UnsafeBufferPointer<Float>) throws(CheckpointError) {
    guard tensor.elementType.isFloatingPoint else {
      throw CheckpointError(
        path: file.path,
        kind: .elementType(
          tensor: tensor.name, found: tensor.elementType, expected: "a floating type"))
    }
    if tensor.elementType == .float32 {
      // Stored float32 and the processor's are the same bytes on a little-endian machine.
      try append(UnsafeRawBufferPointer(values))
      return
    }
    var rest = values[...]
    while !rest.isEmpty {
      let piece = UnsafeBufferPointer(rebasing: rest.prefix(Self.blockElements))
      let block = ElementConversion.stored(piece, as: tensor.elementType)
      try block.withUnsafeBufferPointer { buffer throws(CheckpointError) in
        try append(UnsafeRawBufferPointer(buffer))
      }
      rest = rest.dropFirst(piece.count)
    }
  }

  /// Adds float32 numbers, rounded to the tensor's floating type.
  ///
  /// - Throws: as for a buffer of numbers.
  public func append(converting values: [Float]) throws(CheckpointError) {
    try values.withUnsafeBufferPointer { buffer throws(CheckpointError) in
      try append(converting: buffer)
    }
  }

  /// The CRC-32 of the elements, once all of them were given.
  func finish() throws(CheckpointError) -> UInt32 {
    guard count == expected else { throw wrongLength(count) }
    return checksum.value
  }

  private func wrongLength(_ found: Int) -> CheckpointError {
    CheckpointError(
      path: file.path,
      kind: .length(tensor: tensor.name, found: found, expected: expected, unit: "bytes"))
  }
}
