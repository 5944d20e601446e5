/// Which entry of the terminal database to draw by, for the colours that are wanted.
package struct TerminalEntry: Sendable, Hashable {
  /// The entry's name.
  package var name: String
  /// The colours to use, never more than were wanted.
  package var colorMode: ColorMode

  package init(name: String, colorMode: ColorMode) {
    self.name = name
    self.colorMode = colorMode
  }

  /// Chooses an entry.
  ///
  /// - Parameters:
  ///   - term: the value of `TERM`.
  ///   - wanted: the colours that the terminal is thought to show.
  ///   - colors: the number of colours of an entry, nil where there is no such entry.
  /// - Throws: `TerminalError.unsupportedTerminal` if `term` itself has no entry.
  package static func choose(
    term: String, wanted: ColorMode, colors: (String) -> Int?
  ) throws(TerminalError) -> TerminalEntry {
    guard !term.isEmpty else {
      throw .unsupportedTerminal(name: term, reason: "the variable TERM is not set")
    }
    guard let own = colors(term) else {
      throw .unsupportedTerminal(name: term, reason: "the terminal database has no such entry")
    }
    let family = term.split(separator: "-").first.map(String.init) ?? term
    func first(_ names: [String], atLeast minimum: Int) -> String? {
      names.first { (colors($0) ?? 0) >= minimum }
    }
    let direct = 1 << 24
    switch wanted {
    case .mono: return TerminalEntry(name: term, colorMode: .mono)
    case .trueColor:
      if own >= direct { return TerminalEntry(name: term, colorMode: .trueColor) }
      if let name = first(["\(family)-direct", "xterm-direct"], atLeast: direct) {
        return TerminalEntry(name: name, colorMode: .trueColor)
      }
      // Without the package of further entries there is no direct colour.
      return try choose(term: term, wanted: .indexed256, colors: colors)
    case .indexed256:
      if own >= 256, own < direct { return TerminalEntry(name: term, colorMode: .indexed256) }
      if let name = first(["\(family)-256color", "xterm-256color"], atLeast: 256) {
        return TerminalEntry(name: name, colorMode: .indexed256)
      }
      return try choose(term: term, wanted: .ansi16, colors: colors)
    case .ansi16:
      if own >= 16, own < direct { return TerminalEntry(name: term, colorMode: .ansi16) }
      let names = ["\(family)-16color", "\(family)-256color"] + (own >= 8 ? [] : ["xterm-16color"])
      if let name = first(names, atLeast: 16) {
        return TerminalEntry(name: name, colorMode: .ansi16)
      }
      return TerminalEntry(name: term, colorMode: own >= 8 ? .ansi16 : .mono)
    }
  }
}
