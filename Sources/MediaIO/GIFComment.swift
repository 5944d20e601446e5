/// The settings text in a GIF, as a Comment Extension (GIF89a specification, section 24).
///
/// GIF comments carry no key, so ours begin with `pvdm:`. They stand just before the trailer, where
/// they can be added to a finished file without moving a byte of it, and found without reading what is
/// before them. Other programs that write a GIF anew put comments before its first picture.
enum GIFComment {
  private static let prefix = Array("\(MediaMetadata.key):".utf8)
  private static let trailer: UInt8 = 0x3B
  private static let extensionStart: UInt8 = 0x21
  private static let commentLabel: UInt8 = 0xFE

  /// Bytes in which the longest comment fits: each 255 of it have one more in front.
  private static let longestBlock = MediaMetadata.longestText * 256 / 255 + 1024

  /// A comment block for `text` and the trailer that must follow it: what replaces the last byte
  /// of a finished GIF.
  static func blockAndTrailer(for text: String) -> [UInt8] {
    var block: [UInt8] = [extensionStart, commentLabel]
    let content = prefix + Array(text.utf8)
    for start in stride(from: 0, to: content.count, by: 255) {
      let piece = content[start..<min(start + 255, content.count)]
      block.append(UInt8(piece.count))
      block += piece
    }
    return block + [0, trailer]
  }

  /// The text of our comment before the GIF's end or before its first picture; nil if there is none.
  /// Only these two places are read.
  static func text(in gif: InputFile) throws -> String? {
    let start = try gif.read(limit: 13 + 3 * 256 + longestBlock)
    guard start.starts(with: Array("GIF8".utf8)), start.count >= 13 else { return nil }
    let end = try gif.read(from: max(gif.size - longestBlock, 13), limit: longestBlock)
    return textBeforeEnd(end) ?? textBeforePictures(start)
  }

  /// The comment whose last block is followed by the trailer and nothing else but zeros.
  private static func textBeforeEnd(_ bytes: [UInt8]) -> String? {
    guard let last = bytes.lastIndex(where: { $0 != 0 }), bytes[last] == trailer else { return nil }
    var position = 0
    while position + 3 + prefix.count <= last {
      defer { position += 1 }
      guard bytes[position] == extensionStart, bytes[position + 1] == commentLabel,
        bytes[(position + 3)...].starts(with: prefix)
      else { continue }
      var end = position + 2
      if let content = subBlocks(in: bytes, at: &end), end == last { return text(of: content) }
    }
    return nil
  }

  /// The comment among the extensions that follow the header.
  private static func textBeforePictures(_ bytes: [UInt8]) -> String? {
    let hasColourTable = bytes[10] & 0x80 != 0
    var position = 13 + (hasColourTable ? 3 << (Int(bytes[10] & 0x07) + 1) : 0)
    while position + 1 < bytes.count, bytes[position] == extensionStart {
      let isComment = bytes[position + 1] == commentLabel
      position += 2
      guard let content = subBlocks(in: bytes, at: &position) else { return nil }
      if isComment, let text = text(of: content) { return text }
    }
    return nil
  }

  private static func text(of content: [UInt8]) -> String? {
    guard content.starts(with: prefix) else { return nil }
    return String(decoding: content.dropFirst(prefix.count), as: UTF8.self)
  }

  /// The joined sub-blocks from `position` on, which moves past them; nil if the data ends first.
  private static func subBlocks(in bytes: [UInt8], at position: inout Int) -> [UInt8]? {
    var content: [UInt8] = []
    while position < bytes.count {
      let length = Int(bytes[position])
      let start = position + 1
      guard start + length <= bytes.count else { return nil }
      content += bytes[start..<start + length]
      position = start + length
      if length == 0 { return content }
    }
    return nil
  }
}
