import CheckpointIO
import Foundation

/// Names a checkpoint by its content, wherever it lies: SHA-256 of the whole file.
public enum CheckpointHash {
  /// Bytes that are read at once: enough to keep a disk busy, little beside a model.
  private static let blockSize = 4 << 20

  /// Computes a file's hash on the calling thread; a block is in memory at a time.
  ///
  /// - Parameters:
  ///   - path: Any file.
  ///   - onProgress: Called after each block with the bytes hashed and their total; throwing ends the
  ///     work.
  /// - Returns: 64 hexadecimal digits.
  /// - Throws: `CheckpointError` if the file cannot be read or changes meanwhile, `CancellationError`
  ///   if the task was cancelled.
  public static func sha256(
    of path: String, onProgress: (_ hashed: Int, _ total: Int) throws -> Void = { _, _ in }
  ) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure(path, "open the file") }
    defer { close(descriptor) }
    let before = try status(of: descriptor, path)
    let total = Int(before.st_size)
    let hash = SHA256Digest()
    var hashed = 0
    let block = UnsafeMutableRawBufferPointer.allocate(byteCount: blockSize, alignment: 64)
    defer { block.deallocate() }
    while true {
      try Task.checkCancellation()
      let count = read(descriptor, block.baseAddress, blockSize)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw failure(path, "read the file") }
      guard count > 0 else { break }
      hash.update(UnsafeRawBufferPointer(rebasing: block[..<count]))
      hashed += count
      try onProgress(hashed, max(total, hashed))
    }
    let after = try status(of: descriptor, path)
    guard hashed == total, after.st_size == before.st_size,
      after.st_mtim.tv_sec == before.st_mtim.tv_sec,
      after.st_mtim.tv_nsec == before.st_mtim.tv_nsec
    else {
      throw CheckpointError(path: path, kind: .fileChanged(found: hashed, expected: total))
    }
    return hash.hexadecimal
  }

  private static func status(of descriptor: Int32, _ path: String) throws -> stat {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw failure(path, "look at the file") }
    return status
  }

  private static func failure(_ path: String, _ operation: String) -> CheckpointError {
    CheckpointError(path: path, kind: .fileSystem(operation: operation, code: errno))
  }
}
