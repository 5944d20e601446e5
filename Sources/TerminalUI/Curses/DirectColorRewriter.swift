/// Rewrites colours from the form `38:2::R:G:B`, which the terminal database has for direct
/// colour, to `38;2;R;G;B`, which terminals understood long before the other.
package enum DirectColorRewriter {
  /// The bytes with every such colour rewritten; all else stays as it is.
  package static func rewrite(_ bytes: [UInt8]) -> [UInt8] {
    var output: [UInt8] = []
    output.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      guard bytes[index] == 0x1B, index + 1 < bytes.count, bytes[index + 1] == UInt8(ascii: "[")
      else {
        output.append(bytes[index])
        index += 1
        continue
      }
      var end = index + 2
      while end < bytes.count, (0x30...0x3B).contains(bytes[end]) { end += 1 }
      guard end < bytes.count else {
        output += bytes[index...]
        break
      }
      let isRendition = bytes[end] == UInt8(ascii: "m")
      append(bytes[index...end], isRendition: isRendition, to: &output)
      index = end + 1
    }
    return output
  }

  private static func append(
    _ sequence: ArraySlice<UInt8>, isRendition: Bool, to output: inout [UInt8]
  ) {
    let colon = UInt8(ascii: ":")
    guard isRendition, sequence.contains(colon) else {
      output += sequence
      return
    }
    var previous: UInt8 = 0
    for byte in sequence {
      // The empty field between two colons is the colour space, which the old form lacks.
      if byte != colon {
        output.append(byte)
      } else if previous != colon {
        output.append(UInt8(ascii: ";"))
      }
      previous = byte
    }
  }
}
