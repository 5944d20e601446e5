import Glibc

/// Frames kept on the disk, in a file without a name, until a second pass reads them: a GIF's
/// palette can only be chosen when all frames are known.
final class FrameSpool {
  private let descriptor: Int32
  private let target: String

  /// A spool beside `path`; errors name `target`.
  init(beside path: String, target: String) throws {
    self.target = target
    let name = path + ".spool"
    descriptor = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileSystem.writeError(target) }
    // Without a name the system removes it however this process ends.
    unlink(name)
  }

  deinit { close(descriptor) }

  /// Adds a frame at the end.
  func append(_ pixels: [UInt8]) throws {
    try pixels.withUnsafeBytes { try FileSystem.write($0, to: descriptor, file: target) }
  }

  /// Reads frame `number` into `pixels`, which has the size of one frame.
  func read(_ number: Int, into pixels: inout [UInt8]) throws {
    let offset = number * pixels.count
    try pixels.withUnsafeMutableBytes { buffer in
      var done = 0
      while done < buffer.count {
        let got = pread(
          descriptor, buffer.baseAddress.map { $0 + done }, buffer.count - done, offset + done)
        if got < 0, errno == EINTR { continue }
        guard got > 0 else {
          throw MediaError(
            .cannotWrite, file: target,
            found: "cannot be written (its frames could not be read back from the disk)")
        }
        done += got
      }
    }
  }
}
