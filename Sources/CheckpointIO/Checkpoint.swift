import Synchronization
import TensorCore

/// When the CRC-32 that zip files store beside each record is compared with the record's bytes.
public enum ChecksumPolicy: Sendable, Hashable {
  /// For the structure when the file is opened, and for a tensor's record when one of its tensors
  /// is first read. Reading then runs at the checksum's speed (measured: 2 GB/s in place of 7 for
  /// float32 in the page cache), which is still faster than most disks.
  case onFirstRead
  /// Only by `Checkpoint.verifyChecksums()`. For files written with
  /// `torch.serialization.set_crc32_options(False)`, which hold no true checksums.
  case never
}

/// An opened checkpoint: the names, types and shapes of its tensors, and their elements on demand.
///
/// The file is mapped, never loaded: opening reads the directory alone, and a tensor's pages come
/// in when it is read. `releasePages(of:)` lets them go again, so that a model of any size streams
/// into its buffers with no second copy in memory. The file must not be truncated in place while
/// it is open: a touch of pages that are gone kills the process (SIGBUS). Each read first compares
/// the file's size with the one at opening; files replaced by `AtomicFile` are always safe.
///
/// All methods may be called from several threads at once.
public final class Checkpoint: Sendable {
  /// The file's path as the caller gave it.
  public let path: String
  /// The kind of file, told by its content.
  public let container: CheckpointContainer
  /// Everything in the file as a tree.
  public let root: CheckpointValue
  /// All tensors of the tree, in the file's order. Names are unique unless keys hold dots.
  public let tensors: [TensorEntry]
  /// The strings under `__metadata__` of a safetensors file; empty for other containers.
  public let metadata: [String: String]
  /// The file's size in bytes.
  public let fileSize: Int

  private let file: MappedFile
  private let records: [ZipDirectory.Record]
  private let checksums: ChecksumPolicy
  private let verifiedRecords = Mutex<Set<Int>>([])

  /// Opens the checkpoint at `path` and reads its structure; elements are not touched.
  ///
  /// - Throws: if the file cannot be opened, is no checkpoint, is damaged or cut short, holds a
  ///   pickle that wants more than data, or has a tensor that reaches beyond its storage.
  public init(
    contentsOf path: String, checksums: ChecksumPolicy = .onFirstRead
  ) throws(CheckpointError) {
    self.path = path
    self.checksums = checksums
    do throws(CheckpointError.Kind) {
      file = try MappedFile(path: path)
      let contents = try file.withBytes { bytes throws(CheckpointError.Kind) in
        try CheckpointContents.read(bytes, checksums: checksums)
      }
      container = contents.container
      root = contents.root
      metadata = contents.metadata
      records = contents.records
    } catch {
      throw CheckpointError(path: path, kind: error)
    }
    var tensors: [TensorEntry] = []
    root.appendTensors(to: &tensors)
    self.tensors = tensors
    fileSize = file.count
  }

  /// Compares every stored CRC-32 with the bytes, at memory speed; returns at once for containers
  /// without checksums.
  ///
  /// - Throws: `checksumMismatch` for the first damaged record.
  public func verifyChecksums() throws(CheckpointError) {
    try reading { bytes throws(CheckpointError.Kind) in
      for index in records.indices {
        try verify(index, bytes)
        file.release(try records[index].range(in: bytes))
      }
    }
  }

  /// Gives `body` the stored bytes of a contiguous tensor, little-endian, without copying. The
  /// address has no particular alignment and is valid only during the call.
  ///
  /// - Throws: `notContiguous`, a failed checksum, or what `body` throws.
  public func withBytes<Result>(
    of entry: TensorEntry, _ body: (UnsafeRawBufferPointer) throws -> Result
  ) throws -> Result {
    try file.withBytes { bytes in
      let span: Range<Int>
      do throws(CheckpointError.Kind) {
        guard entry.isContiguous else { throw .notContiguous(tensor: entry.name) }
        try file.checkUnchanged()
        span = try verifiedSpan(of: entry, bytes)
      } catch {
        throw CheckpointError(path: path, kind: error)
      }
      return try body(UnsafeRawBufferPointer(rebasing: bytes[span]))
    }
  }

  /// Where a contiguous tensor's elements lie in the file, in order and little-endian; nil for a
  /// tensor that is not contiguous.
  ///
  /// - Throws: if the zip record that holds them has a damaged header.
  public func byteRange(of entry: TensorEntry) throws(CheckpointError) -> Range<Int>? {
    guard entry.isContiguous else { return nil }
    return try reading { bytes throws(CheckpointError.Kind) in try span(of: entry, bytes) }
  }

  /// Tells the kernel that the tensor's pages are no longer needed. They are clean, so nothing is
  /// written, and a later read brings them back.
  public func releasePages(of entry: TensorEntry) { advise(entry) { file.release($0) } }

  /// Tells the kernel that the tensor will be read soon, so that it starts fetching its pages.
  public func willNeed(_ entry: TensorEntry) { advise(entry) { file.willNeed($0) } }

  /// Advice about a tensor that cannot be found is dropped; reading it gives the error.
  private func advise(_ entry: TensorEntry, _ advice: (Range<Int>) -> Void) {
    file.withBytes { bytes in
      if let span = try? span(of: entry, bytes) { advice(span) }
    }
  }

  /// Runs `body` on the file's bytes after a look at its size, and adds the path to its errors.
  func reading<Result>(
    _ body: (UnsafeRawBufferPointer) throws(CheckpointError.Kind) -> Result
  ) throws(CheckpointError) -> Result {
    do throws(CheckpointError.Kind) {
      try file.checkUnchanged()
      return try file.withBytes(body)
    } catch {
      throw CheckpointError(path: path, kind: error)
    }
  }

  /// The bytes of the file from the first element of `entry` used to the last.
  func span(
    of entry: TensorEntry, _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError.Kind) -> Range<Int> {
    var container = 0..<bytes.count
    if let record = entry.record, records.indices.contains(record) {
      container = try records[record].range(in: bytes)
    }
    guard entry.span.upperBound <= container.count else {
      throw .outOfBounds(
        tensor: entry.name, found: "bytes up to \(entry.span.upperBound)",
        expected: "a tensor of this file, which has \(container.count)")
    }
    let start = container.lowerBound
    return start + entry.span.lowerBound..<start + entry.span.upperBound
  }

  /// The same, once the checksum of the record that holds them was compared, if that is due.
  func verifiedSpan(
    of entry: TensorEntry, _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError.Kind) -> Range<Int> {
    if let record = dueRecord(of: entry) { try verify(record, bytes) }
    return try span(of: entry, bytes)
  }

  /// The record whose checksum must be compared before `entry` may be trusted; nil if none.
  func dueRecord(of entry: TensorEntry) -> Int? {
    guard checksums == .onFirstRead, let record = entry.record, records.indices.contains(record)
    else { return nil }
    return verifiedRecords.withLock { $0.contains(record) } ? nil : record
  }

  /// The checksummed record number `index`.
  func record(_ index: Int) -> ZipDirectory.Record { records[index] }

  /// Notes that the record was found intact, so that it is not checked again.
  func markVerified(_ index: Int) { verifiedRecords.withLock { _ = $0.insert(index) } }

  private func verify(
    _ index: Int, _ bytes: UnsafeRawBufferPointer
  ) throws(CheckpointError.Kind) {
    try records[index].verify(bytes)
    markVerified(index)
  }
}
