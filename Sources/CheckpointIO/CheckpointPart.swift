import Synchronization

/// One opened file of a checkpoint: its mapped bytes and what was checked of them.
final class CheckpointPart: Sendable {
  /// The path as the caller gave it, or as the index of a checkpoint in several files does.
  let path: String
  let file: MappedFile
  let contents: CheckpointContents
  private let checksums: ChecksumPolicy
  private let verifiedRecords = Mutex<Set<Int>>([])
  /// The deflated record that was read last. Tensors of one storage are mostly read one after the other,
  /// and unpacking it for each would take the square of their number.
  private let unpacked = Mutex<(record: Int, bytes: [UInt8])?>(nil)

  /// Opens the file and reads its structure.
  init(path: String, checksums: ChecksumPolicy) throws(CheckpointError.Kind) {
    self.path = path
    self.checksums = checksums
    let file = try MappedFile(path: path)
    self.file = file
    contents = try file.withBytes { bytes throws(CheckpointError.Kind) in
      try CheckpointContents.read(bytes, checksums: checksums)
    }
  }

  /// Compares every stored CRC-32 with the bytes.
  func verifyChecksums() throws(CheckpointError.Kind) {
    try file.checkUnchanged()
    try file.withBytes { bytes throws(CheckpointError.Kind) in
      for index in contents.records.indices {
        try verify(index, bytes)
        file.release(try contents.records[index].range(in: bytes))
      }
    }
  }

  /// The bytes of the file from the first element of `entry` used to the last; those of its whole record
  /// if that is deflated.
  func fileSpan(
    of entry: TensorEntry, _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError.Kind) -> Range<Int> {
    var container = 0..<bytes.count
    if let record = record(of: entry) {
      container = try record.range(in: bytes)
      if record.isPacked { return container }
    }
    guard entry.span.upperBound <= container.count else {
      throw .outOfBounds(
        tensor: entry.name, found: "bytes up to \(entry.span.upperBound)",
        expected: "a tensor of this file, which has \(container.count)")
    }
    let start = container.lowerBound
    return start + entry.span.lowerBound..<start + entry.span.upperBound
  }

  /// Gives `body` the stored bytes from the first element of `entry` used to the last: unpacked, and once
  /// the checksum of the record that holds them was compared, if that is due.
  func withSpan<Result, Failure: Error>(
    of entry: TensorEntry, failure: (CheckpointError.Kind) -> Failure,
    _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    var lent = 0..<0
    var owned: [UInt8]?
    do throws(CheckpointError.Kind) {
      try file.checkUnchanged()
      try file.withBytes { bytes throws(CheckpointError.Kind) in
        if let index = entry.record, let record = record(of: entry), record.isPacked {
          owned = try unpack(index, bytes)
          lent = entry.span
          guard lent.upperBound <= record.unpackedSize else {
            throw .outOfBounds(
              tensor: entry.name, found: "bytes up to \(lent.upperBound)",
              expected: "a tensor of this file, which has \(record.unpackedSize)")
          }
        } else {
          if let record = dueRecord(of: entry) { try verify(record, bytes) }
          lent = try fileSpan(of: entry, bytes)
        }
      }
    } catch {
      throw failure(error)
    }
    if let owned {
      return try owned.withUnsafeBufferPointer { bytes throws(Failure) in
        try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[lent]))
      }
    }
    return try file.withBytes { bytes throws(Failure) in
      try body(UnsafeRawBufferPointer(rebasing: bytes[lent]))
    }
  }

  /// The stored record whose checksum must be compared before `entry` may be trusted; nil if none.
  func dueRecord(of entry: TensorEntry) -> Int? {
    guard checksums == .onFirstRead, let index = entry.record, let record = record(of: entry),
      !record.isPacked
    else { return nil }
    return verifiedRecords.withLock { $0.contains(index) } ? nil : index
  }

  /// Notes that the record was found intact, so that it is not checked again.
  func markVerified(_ index: Int) { verifiedRecords.withLock { _ = $0.insert(index) } }

  private func record(of entry: TensorEntry) -> ZipDirectory.Record? {
    guard let index = entry.record, contents.records.indices.contains(index) else { return nil }
    return contents.records[index]
  }

  private func unpack(
    _ index: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError.Kind) -> [UInt8] {
    if let known = unpacked.withLock({ $0 }), known.record == index { return known.bytes }
    unpacked.withLock { $0 = nil }
    let fresh = try contents.records[index].unpack(bytes, checksums: checksums)
    unpacked.withLock { $0 = (index, fresh) }
    return fresh
  }

  private func verify(
    _ index: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError.Kind) {
    try contents.records[index].verify(bytes)
    markVerified(index)
  }
}

extension CheckpointPart {
  /// A problem with this file.
  func error(_ kind: CheckpointError.Kind) -> CheckpointError {
    CheckpointError(path: path, kind: kind)
  }
}
