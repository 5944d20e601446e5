internal import CPNG

/// The chunks of a PNG file that libpng's simplified interface does not reach: size and text.
///
/// A PNG is an 8-byte signature and then chunks of length (4 bytes), type (4), data and checksum
/// (4), all big-endian (PNG specification, section 5).
package enum PNGChunks {
  package static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Signature and IHDR: what is needed to know a file's size.
  static let headerLength = 33

  /// Width and height from the header. Throws `notMedia` when it is none.
  static func size(of bytes: [UInt8], file: String) throws -> (width: Int, height: Int) {
    guard bytes.count >= headerLength, bytes.starts(with: signature),
      type(in: bytes, at: 12) == "IHDR"
    else {
      throw MediaError(.notMedia, file: file, found: "is not a PNG", expected: "give a PNG")
    }
    let (width, height) = (number(in: bytes, at: 16), number(in: bytes, at: 20))
    guard width > 0, height > 0 else {
      throw MediaError(.notMedia, file: file, found: "is a damaged PNG (its size is 0)")
    }
    return (width, height)
  }

  /// The PNG with an uncompressed iTXt chunk (section 11.3.4.5) right after its header.
  static func inserting(text: String, into png: [UInt8]) -> [UInt8] {
    var body = Array("iTXt".utf8)
    body += MediaMetadata.key.utf8
    // Ends of keyword, then no compression (flag and method), no language, no translated keyword.
    body += [0, 0, 0, 0, 0]
    body += text.utf8
    let checksum = UInt32(truncatingIfNeeded: crc32(0, body, UInt32(body.count)))
    return png[..<headerLength] + bytes(of: UInt32(body.count - 4)) + body + bytes(of: checksum)
      + png[headerLength...]
  }

  /// The text that `inserting` put in, if any; damaged or foreign chunks are passed over.
  package static func text(in png: [UInt8]) -> String? {
    guard png.starts(with: signature) else { return nil }
    let prefix = Array(MediaMetadata.key.utf8) + [0, 0, 0, 0, 0]
    var position = signature.count
    while position + 12 <= png.count {
      let length = number(in: png, at: position)
      let start = position + 8
      guard length <= png.count - start - 4 else { return nil }
      let type = type(in: png, at: position + 4)
      if type == "iTXt", png[start..<start + length].starts(with: prefix) {
        return String(decoding: png[(start + prefix.count)..<(start + length)], as: UTF8.self)
      }
      if type == "IEND" { return nil }
      position = start + length + 4
    }
    return nil
  }

  private static func number(in bytes: [UInt8], at offset: Int) -> Int {
    bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
  }

  private static func type(in bytes: [UInt8], at offset: Int) -> String {
    String(decoding: bytes[offset..<offset + 4], as: UTF8.self)
  }

  private static func bytes(of number: UInt32) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
  }
}
