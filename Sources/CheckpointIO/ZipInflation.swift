internal import CZlib
import Glibc

/// Unpacks deflated records of zip archives (RFC 1951), which `torch.save` never writes but tools that pack
/// archives anew do.
enum ZipInflation {
  /// Bytes given to zlib at once, whose counts have 32 bits; between two pieces a cancelled task ends.
  private static let pieceLength = 4 << 20

  /// The `count` bytes that `packed` stands for.
  ///
  /// - Throws: `malformed` if they are no deflated data or of another number, `cancelled`.
  static func unpack(
    _ packed: UnsafeRawBufferPointer, count: Int, part: String
  ) throws(CheckpointError.Kind) -> [UInt8] {
    var stream = z_stream()
    guard czlib_start_raw_inflation(&stream) == Z_OK else {
      throw .fileSystem(operation: "unpack \(part)", code: ENOMEM)
    }
    defer { inflateEnd(&stream) }
    // One byte more than asked for, so that data which go on are noticed.
    var bytes = [UInt8](repeating: 0, count: count + 1)
    var read = 0
    var written = 0
    var status = Z_OK
    while status == Z_OK {
      if Task.isCancelled { throw .cancelled }
      let given = min(pieceLength, packed.count - read)
      let room = min(pieceLength, bytes.count - written)
      status = bytes.withUnsafeMutableBufferPointer { target in
        stream.next_in = packed.baseAddress.map {
          UnsafeMutablePointer(mutating: ($0 + read).assumingMemoryBound(to: UInt8.self))
        }
        stream.avail_in = UInt32(given)
        stream.next_out = target.baseAddress.map { $0 + written }
        stream.avail_out = UInt32(room)
        return inflate(&stream, Z_NO_FLUSH)
      }
      read += given - Int(stream.avail_in)
      written += room - Int(stream.avail_out)
    }
    guard status == Z_STREAM_END, written == count else {
      throw .malformed(
        part: part,
        found: status == Z_STREAM_END
          ? "\(written) bytes once unpacked" : "data that do not unpack",
        expected: "\(count) bytes")
    }
    bytes.removeLast()
    return bytes
  }
}
