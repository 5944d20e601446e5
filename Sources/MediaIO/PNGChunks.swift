internal import CPNG

/// The chunks of a PNG file around its pixels: its size, our text, and whether it is animated.
///
/// A PNG is an 8-byte signature and then chunks of length (4 bytes), type (4), data and checksum
/// (4), all big-endian (PNG specification, section 5).
enum PNGChunks {
  static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]

  /// Signature and IHDR: what is needed to know a file's size.
  static let headerLength = 33

  /// Chunks that are looked at; pixels come in chunks too, of 8 KB in most files.
  private static let mostChunks = 1 << 16

  /// One chunk: its type, and where its data lies in the file.
  private struct Chunk {
    let type: String
    let data: Range<Int>
  }

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
    body += textPrefix
    body += text.utf8
    let checksum = UInt32(truncatingIfNeeded: crc32(0, body, UInt32(body.count)))
    return png[..<headerLength] + bytes(of: UInt32(body.count - 4)) + body + bytes(of: checksum)
      + png[headerLength...]
  }

  /// The text that `inserting` put in, if any; damaged or foreign chunks are passed over unread.
  static func text(in png: InputFile) throws -> String? {
    let found = try first(in: png) { chunk in
      guard chunk.type == "iTXt",
        (textPrefix.count...textPrefix.count + MediaMetadata.longestText)
          .contains(chunk.data.count)
      else { return false }
      return try png.read(from: chunk.data.lowerBound, limit: textPrefix.count) == textPrefix
    }
    guard let found else { return nil }
    let body = try png.read(from: found.data.lowerBound, limit: found.data.count)
    return String(decoding: body.dropFirst(textPrefix.count), as: UTF8.self)
  }

  /// Whether the PNG is an animation: it has an acTL chunk before its pixels (third edition of the
  /// specification, section 11.3.6.1).
  static func isAnimated(_ png: InputFile) throws -> Bool {
    try first(in: png) { $0.type == "acTL" || $0.type == "IDAT" }?.type == "acTL"
  }

  /// The first chunk that satisfies `isWanted`, nil where the file ends or is damaged before it.
  /// Only the heads of chunks are read.
  private static func first(
    in png: InputFile, where isWanted: (Chunk) throws -> Bool
  ) throws -> Chunk? {
    guard try png.read(limit: signature.count) == signature else { return nil }
    var position = signature.count
    for _ in 0..<mostChunks {
      let head = try png.read(from: position, limit: 8)
      guard head.count == 8 else { return nil }
      let (start, length) = (position + 8, number(in: head, at: 0))
      guard length <= png.size - start - 4 else { return nil }
      let chunk = Chunk(type: type(in: head, at: 4), data: start..<start + length)
      if try isWanted(chunk) { return chunk }
      if chunk.type == "IEND" { return nil }
      position = start + length + 4
    }
    return nil
  }

  /// Keyword and its end, then no compression (flag and method), no language, no translated keyword.
  private static let textPrefix = Array(MediaMetadata.key.utf8) + [0, 0, 0, 0, 0]

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
