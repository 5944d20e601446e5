import Glibc
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
/// A checkpoint may lie in several files (`CheckpointShards`); any of them, or their index, opens all.
/// Opening is bounded in time and memory whatever the file holds, and ends early with `cancelled` if its task
/// is cancelled. All methods may be called from several threads at once.
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
  /// The file's size in bytes; that of all files together for a checkpoint in several.
  public let fileSize: Int

  private let parts: [CheckpointPart]

  /// Opens the checkpoint at `path` and reads its structure; elements are not touched.
  ///
  /// - Throws: if the file cannot be opened, is no checkpoint, is damaged or cut short, holds a
  ///   pickle that wants to run commands, has a tensor that reaches beyond its storage, or passes a limit;
  ///   or if another file of the checkpoint is missing.
  public init(
    contentsOf path: String, checksums: ChecksumPolicy = .onFirstRead
  ) throws(CheckpointError) {
    self.path = path
    let shards: CheckpointShards?
    do throws(CheckpointError.Kind) {
      shards = try CheckpointShards(of: path)
    } catch {
      throw CheckpointError(path: path, kind: error)
    }
    var parts: [CheckpointPart] = []
    for file in shards?.paths ?? [path] {
      do throws(CheckpointError.Kind) {
        parts.append(try CheckpointPart(path: file, checksums: checksums))
      } catch {
        if let shards, case .fileSystem(_, ENOENT) = error, file != path {
          throw CheckpointError(path: path, kind: shards.missing(file))
        }
        throw CheckpointError(path: file, kind: error)
      }
    }
    do throws(CheckpointError.Kind) {
      root = try CheckpointShards.merge(parts.map(\.contents.root))
      try shards?.check(root)
    } catch {
      throw CheckpointError(path: path, kind: error)
    }
    container = parts[0].contents.container
    metadata = parts.reduce(into: [:]) { all, part in
      all.merge(part.contents.metadata) { first, _ in first }
    }
    fileSize = parts.reduce(0) { $0 + $1.file.count }
    self.parts = parts
    var tensors: [TensorEntry] = []
    root.appendTensors(to: &tensors)
    self.tensors = tensors
  }

  /// Compares every stored CRC-32 with the bytes, at memory speed; returns at once for containers
  /// without checksums.
  ///
  /// - Throws: `checksumMismatch` for the first damaged record.
  public func verifyChecksums() throws(CheckpointError) {
    for part in parts {
      do throws(CheckpointError.Kind) {
        try part.verifyChecksums()
      } catch {
        throw part.error(error)
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
    let part = try part(of: entry)
    guard entry.isContiguous else {
      throw part.error(.notContiguous(tensor: entry.name))
    }
    return try part.withSpan(
      of: entry, failure: { part.error($0) as any Error }, body)
  }

  /// Where a contiguous tensor's elements lie in its file, in order and little-endian; nil for a
  /// tensor that is not contiguous.
  ///
  /// - Throws: if the zip record that holds them has a damaged header.
  package func byteRange(of entry: TensorEntry) throws(CheckpointError) -> Range<Int>? {
    guard entry.isContiguous else { return nil }
    let part = try part(of: entry)
    do throws(CheckpointError.Kind) {
      try part.file.checkUnchanged()
      return try part.file.withBytes { bytes throws(CheckpointError.Kind) in
        try part.fileSpan(of: entry, bytes)
      }
    } catch {
      throw part.error(error)
    }
  }

  /// Tells the kernel that the tensor's pages are no longer needed. They are clean, so nothing is
  /// written, and a later read brings them back.
  public func releasePages(of entry: TensorEntry) { advise(entry) { $0.release($1) } }

  /// Tells the kernel that the tensor will be read soon, so that it starts fetching its pages.
  package func willNeed(_ entry: TensorEntry) { advise(entry) { $0.willNeed($1) } }

  /// Advice about a tensor that cannot be found is dropped; reading it gives the error.
  private func advise(_ entry: TensorEntry, _ advice: (MappedFile, Range<Int>) -> Void) {
    guard let part = try? part(of: entry) else { return }
    part.file.withBytes { bytes in
      if let span = try? part.fileSpan(of: entry, bytes) { advice(part.file, span) }
    }
  }

  /// The file that holds the tensor.
  func part(of entry: TensorEntry) throws(CheckpointError) -> CheckpointPart {
    guard parts.indices.contains(entry.part) else {
      throw CheckpointError(
        path: path,
        kind: .outOfBounds(
          tensor: entry.name, found: "file \(entry.part + 1)",
          expected: "a tensor of this checkpoint, which has \(parts.count)"))
    }
    return parts[entry.part]
  }
}
