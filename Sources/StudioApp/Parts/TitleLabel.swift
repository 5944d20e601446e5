import TerminalUI

/// Titles in few columns. What tells one from the others is kept: the start of titles is often the same,
/// such as the model's name, and what a cut at the end would take is the seed.
enum TitleLabel {
  /// A title in so many columns.
  ///
  /// - Parameter titles: Those that it stands among.
  static func text(_ title: String, among titles: [String], width: Int) -> String {
    guard CharacterWidth.columns(of: title) > width, width > 2 else { return title }
    let shared = titles.lazy.filter { $0 != title }.map { sharedLength(title, $0) }.max() ?? 0
    let rest = title.dropFirst(shared)
    let text = shared > 0 ? "…\(rest)" : title
    return CharacterWidth.columns(of: text) > width ? middle(text, width: width) : text
  }

  /// Characters at the start that two titles share, in whole words.
  private static func sharedLength(_ title: String, _ other: String) -> Int {
    let common = title.commonPrefix(with: other)
    guard let end = common.lastIndex(where: { " ,:/".contains($0) }) else { return 0 }
    return common.distance(from: common.startIndex, to: end) + 1
  }

  /// The beginning and the end of a text that is too long.
  private static func middle(_ text: String, width: Int) -> String {
    let head = CharacterWidth.truncate(text, to: (width + 1) / 2)
    var start = head
    if start.last == "…" { start.removeLast() }
    var tail = ""
    for character in text.reversed() {
      let longer = String(character) + tail
      guard CharacterWidth.columns(of: start) + 1 + CharacterWidth.columns(of: longer) <= width
      else { break }
      tail = longer
    }
    return start + "…" + tail
  }
}
