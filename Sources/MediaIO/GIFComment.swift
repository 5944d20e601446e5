/// The settings text in a GIF, as a Comment Extension (GIF89a specification, section 24).
///
/// GIF comments carry no key, so ours begin with `pvdm:`. They stand just before the trailer, where
/// they can be added to a finished file without moving a byte of it.
package enum GIFComment {
  private static let prefix = Array("\(MediaMetadata.key):".utf8)
  private static let trailer: UInt8 = 0x3B
  private static let extensionStart: UInt8 = 0x21
  private static let commentLabel: UInt8 = 0xFE
  private static let imageStart: UInt8 = 0x2C

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

  /// The text of our comment in the GIF, nil if there is none or the file is damaged before it.
  package static func text(in gif: [UInt8]) -> String? {
    guard gif.starts(with: Array("GIF8".utf8)), gif.count >= 13 else { return nil }
    var position = 13 + colourTableLength(flags: gif[10])
    while position + 1 < gif.count {
      switch gif[position] {
      case extensionStart:
        let isComment = gif[position + 1] == commentLabel
        position += 2
        let content = isComment ? subBlocks(in: gif, at: &position) : nil
        if isComment {
          guard let content else { return nil }
          if content.starts(with: prefix) {
            return String(decoding: content[prefix.count...], as: UTF8.self)
          }
        } else if !skipSubBlocks(in: gif, at: &position) {
          return nil
        }
      case imageStart:
        guard position + 10 < gif.count else { return nil }
        // Descriptor, local colour table, minimum code size, data.
        position += 10 + colourTableLength(flags: gif[position + 9]) + 1
        guard skipSubBlocks(in: gif, at: &position) else { return nil }
      default:
        return nil
      }
    }
    return nil
  }

  private static func colourTableLength(flags: UInt8) -> Int {
    flags & 0x80 == 0 ? 0 : 3 << (Int(flags & 0x07) + 1)
  }

  /// The joined sub-blocks from `position` on, which moves past them; nil if the data ends first.
  private static func subBlocks(in gif: [UInt8], at position: inout Int) -> [UInt8]? {
    var content: [UInt8] = []
    while position < gif.count {
      let length = Int(gif[position])
      let start = position + 1
      guard start + length <= gif.count else { return nil }
      content += gif[start..<start + length]
      position = start + length
      if length == 0 { return content }
    }
    return nil
  }

  private static func skipSubBlocks(in gif: [UInt8], at position: inout Int) -> Bool {
    while position < gif.count {
      let length = Int(gif[position])
      position += 1 + length
      if length == 0 { return true }
    }
    return false
  }
}
