/// The characters that pictures are drawn with. More dots a cell show more detail, but fewer
/// fonts have them.
public enum SymbolSet: String, CaseIterable, Sendable, Hashable, Codable {
  /// Upper and lower half blocks: two dots a cell, on practically every terminal.
  case halfBlocks = "half"
  /// Quarter blocks: four dots a cell, two colours.
  case quadrants = "quad"
  /// Sixths of a cell, from Unicode 13: six dots a cell, two colours.
  case sextants = "sextant"
  /// Letters and punctuation only, for terminals without UTF-8.
  case ascii

  /// The code points of these characters. Blank and full cells belong to each set; without them
  /// a flat area would show an edge.
  var codePoints: [ClosedRange<UInt32>] {
    let halves: [ClosedRange<UInt32>] = [
      0x20...0x20, 0x2580...0x2580, 0x2584...0x2584, 0x2588...0x2588,
    ]
    let quarters: [ClosedRange<UInt32>] = [0x258C...0x258C, 0x2590...0x2590, 0x2596...0x259F]
    return switch self {
    case .halfBlocks: halves
    case .quadrants: halves + quarters
    case .sextants: halves + quarters + [0x1FB00...0x1FB3B]
    case .ascii: [0x20...0x7E]
    }
  }

  /// The size of one dot in eighths of a cell, as powers of two, which is what chafa takes.
  var grain: (width: Int32, height: Int32) {
    switch self {
    case .halfBlocks: (8, 4)
    case .quadrants: (4, 4)
    case .sextants: (4, 2)
    case .ascii: (8, 8)
    }
  }
}
