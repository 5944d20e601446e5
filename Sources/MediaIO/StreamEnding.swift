internal import CFFmpeg

/// Whether a file that FFmpeg has read to its end lacks its last part.
///
/// FFmpeg ends such files as quietly as whole ones, but each container says somewhere how long it
/// is.
enum StreamEnding {
  /// Whether the file, read to its end, is cut short. `packetCount` is the number of packets that
  /// came from `stream`, or nil if it was not read from its start.
  static func isMissing(
    of input: MediaInput, stream: UnsafeMutablePointer<AVStream>, packetCount: Int?
  ) -> Bool {
    switch input.containerName {
    case "mov", "mp4", "m4a", "3gp", "3g2", "mj2":
      return packetCount.map { $0 < Int(avformat_index_get_entries_count(stream)) } ?? false
    case "avi":
      return riffEndsEarly(input.path)
    case "matroska", "webm":
      return matroskaEndsEarly(input.path)
    case "gif":
      return gifEndsEarly(input.path)
    default:
      return false
    }
  }

  /// Whether the file is shorter than its first chunk claims: `RIFF` and a little-endian length.
  /// (The number of frames in the header counts repeated ones, which have no packet.)
  private static func riffEndsEarly(_ path: String) -> Bool {
    guard let bytes = try? FileSystem.read(path, limit: 8), bytes.count == 8,
      bytes.starts(with: Array("RIFF".utf8))
    else { return false }
    let length = bytes[4...].reversed().reduce(0) { $0 << 8 | Int($1) }
    return FileSystem.size(of: path) - 8 < length
  }

  /// Whether the file lacks a GIF's trailer, a semicolon; some programs add zeros behind it.
  private static func gifEndsEarly(_ path: String) -> Bool {
    let start = max(FileSystem.size(of: path) - 16, 0)
    guard let bytes = try? FileSystem.read(path, from: start) else { return false }
    return bytes.last { $0 != 0 } != UInt8(ascii: ";")
  }

  /// Whether the file is shorter than its segment claims (RFC 8794, sections 4 and 5: elements
  /// of identifier, length and content).
  private static func matroskaEndsEarly(_ path: String) -> Bool {
    guard let bytes = try? FileSystem.read(path, limit: 4096), bytes.count > 4,
      bytes.starts(with: [0x1A, 0x45, 0xDF, 0xA3])
    else { return false }
    var position = 4
    guard let headerLength = variableLength(in: bytes, at: &position),
      headerLength < bytes.count - position
    else { return false }
    position += headerLength
    guard bytes[position...].starts(with: [0x18, 0x53, 0x80, 0x67]) else { return false }
    position += 4
    guard let segmentLength = variableLength(in: bytes, at: &position) else { return false }
    return FileSystem.size(of: path) - position < segmentLength
  }

  /// The length at `position`, which moves past it; nil where the data ends or the length is
  /// declared unknown. The first byte's leading zeros count the bytes that follow.
  private static func variableLength(in bytes: [UInt8], at position: inout Int) -> Int? {
    guard position < bytes.count, bytes[position] != 0 else { return nil }
    let following = bytes[position].leadingZeroBitCount
    guard position + following < bytes.count else { return nil }
    var value = Int(bytes[position]) & (0x7F >> following)
    for byte in bytes[(position + 1)...].prefix(following) { value = value << 8 | Int(byte) }
    position += 1 + following
    let unknown = (1 << (7 * (following + 1))) - 1
    return value == unknown ? nil : value
  }
}
