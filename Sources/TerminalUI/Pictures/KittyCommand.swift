internal import Foundation

/// A command of kitty's graphics protocol: `APC G keys ; payload ST`
/// (https://sw.kovidgoyal.net/kitty/graphics-protocol).
struct KittyCommand {
  /// Keys and values in the order to send them, without `q`, which silences the answers of all of them.
  var keys: String
  /// Bytes that come along in base 64, cut into as many commands as it takes.
  var payload: [UInt8] = []

  /// The longest payload of one command, a multiple of four as all but the last must be.
  private static let longestChunk = 4_096

  /// The bytes to send.
  ///
  /// - Parameter isThroughTmux: Whether each command is wrapped for tmux, which passes it on to its terminal.
  func bytes(isThroughTmux: Bool) -> [UInt8] {
    let encoded = Array(Data(payload).base64EncodedString().utf8)
    guard encoded.count > Self.longestChunk else {
      return Self.sequence("\(keys),q=2", encoded[...], isThroughTmux: isThroughTmux)
    }
    var bytes: [UInt8] = []
    var start = 0
    while start < encoded.count {
      let end = min(start + Self.longestChunk, encoded.count)
      let more = "m=\(end < encoded.count ? 1 : 0)"
      bytes += Self.sequence(
        start == 0 ? "\(keys),q=2,\(more)" : "\(more),q=2", encoded[start..<end],
        isThroughTmux: isThroughTmux)
      start = end
    }
    return bytes
  }

  /// One sequence of the protocol.
  static func sequence(
    _ keys: String, _ payload: ArraySlice<UInt8>, isThroughTmux: Bool
  ) -> [UInt8] {
    var bytes = Array("\u{1B}_G\(keys)".utf8)
    if !payload.isEmpty { bytes += [UInt8(ascii: ";")] + payload }
    bytes += Array("\u{1B}\\".utf8)
    return isThroughTmux ? TmuxWrapping.wrapped(bytes) : bytes
  }
}
