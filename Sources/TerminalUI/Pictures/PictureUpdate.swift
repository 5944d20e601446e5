/// What of pictures may be sent with a frame.
struct PictureAllowance {
  /// Whether a picture may be sent that the terminal does not have.
  var sendsNew: Bool
  /// Bytes of such pictures, after which the rest waits for the next frame; at least one is sent. Nil for no
  /// limit.
  var bytes: Int?
  /// The longer side in pixels of what is sent; nil for all there is.
  var longestSide: Int?

  init(sendsNew: Bool, bytes: Int? = nil, longestSide: Int? = nil) {
    self.sendsNew = sendsNew
    self.bytes = bytes
    self.longestSide = longestSide
  }
}

/// The bytes that bring the pictures on a terminal in line with a frame.
package struct PictureUpdate: Sendable, Hashable {
  /// To be sent after the frame's text.
  package var bytes: [UInt8] = []
  /// Bytes of them for pictures that the terminal did not have.
  package var newBytes = 0
  /// Whether a picture was left as it was, or not shown yet, since it may not be sent now.
  package var isHeldBack = false

  /// Nothing to send.
  package init() {}

  /// Whether the terminal may be sent another picture with this frame.
  func hasRoom(_ allowance: PictureAllowance) -> Bool {
    guard allowance.sendsNew else { return false }
    guard let limit = allowance.bytes else { return true }
    return newBytes == 0 || newBytes < limit
  }
}

/// Shows pictures on a terminal in one of the ways that terminals have, and knows what is there.
protocol PictureSender: Sendable {
  /// Whether this very picture is on the screen, as well as it can be.
  func isShown(_ picture: PlacedPicture) -> Bool

  /// Shows these pictures and no others.
  mutating func show(_ pictures: [PlacedPicture], _ allowance: PictureAllowance) -> PictureUpdate

  /// The screen is about to be cleared, or left to another program. kitty forgets all pictures with the screen,
  /// those that are not on it too.
  ///
  /// - Returns: What is to be sent so that the terminal keeps nothing.
  mutating func end() -> [UInt8]
}

/// Escape sequences around pictures.
enum PictureSequence {
  /// Keeps the cursor with its colours, and brings it back (DECSC and DECRC): curses goes on where it was.
  static let saveCursor = Array("\u{1B}7".utf8)
  static let restoreCursor = Array("\u{1B}8".utf8)

  /// Puts the cursor on a cell.
  static func move(to area: Rectangle, row: Int = 0) -> [UInt8] {
    Array("\u{1B}[\(area.row + row + 1);\(area.column + 1)H".utf8)
  }
}
