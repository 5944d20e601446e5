internal import Foundation
internal import HandwrittenText

/// What a program tells the terminal beside what it draws.
public enum TerminalSignal: Sendable, Hashable {
  /// Puts a text into the clipboard of the machine where the terminal is (OSC 52), also over SSH.
  case copy(String)
  /// Rings the bell.
  case bell
  /// Has the desktop tell something (OSC 9), with the bell for terminals that know no such thing.
  case announce(String)

  /// Texts longer than this are not copied: many terminals take no more.
  public static let copyLimit = 74_000

  /// The bytes to send.
  ///
  /// - Parameters:
  ///   - understandsModes: Whether the terminal passes over what it does not know, rather than printing it.
  ///   - isThroughTmux: Whether tmux stands between, which passes on only what is wrapped for it. Its own
  ///     clipboard takes what is not wrapped.
  public func bytes(understandsModes: Bool, isThroughTmux: Bool) -> [UInt8] {
    guard understandsModes else { return self.isCopy ? [] : [0x07] }
    switch self {
    case .bell: return [0x07]
    case .copy(let text):
      guard text.utf8.count <= Self.copyLimit else { return [] }
      return Array("\u{1B}]52;c;\(Data(text.utf8).base64EncodedString())\u{07}".utf8)
    case .announce(let text):
      let sequence = "\u{1B}]9;\(PrintableText.field(text))\u{07}"
      // The bell after it is for tmux and its window list.
      let wrapped =
        isThroughTmux
        ? TmuxWrapping.wrapped(sequence) : sequence
      return Array("\(wrapped)\u{07}".utf8)
    }
  }

  private var isCopy: Bool { if case .copy = self { true } else { false } }
}
