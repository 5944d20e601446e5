/// How a sequence gets past tmux to the terminal that tmux itself runs on, if `allow-passthrough` is set.
enum TmuxWrapping {
  static func wrapped(_ bytes: [UInt8]) -> [UInt8] {
    // Each escape of the sequence stands twice.
    Array("\u{1B}Ptmux;".utf8) + bytes.flatMap { $0 == 0x1B ? [0x1B, 0x1B] : [$0] }
      + Array("\u{1B}\\".utf8)
  }

  static func wrapped(_ text: String) -> String {
    String(decoding: wrapped(Array(text.utf8)), as: UTF8.self)
  }
}
