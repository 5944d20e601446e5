/// "Select graphic rendition": writes the shortest escape sequence from one style to another.
package struct SGR: Sendable {
  /// The style that the terminal has now.
  private(set) var current = ResolvedStyle()
  private let mode: ColorMode

  package init(mode: ColorMode) { self.mode = mode }

  /// Appends what changes the terminal's style to `style`; nothing if it already has it.
  package mutating func change(to style: ResolvedStyle, into output: inout String) {
    let style = style.reduced(to: mode)
    guard style != current else { return }
    guard style != ResolvedStyle() else {
      output += "\u{1B}[0m"
      current = style
      return
    }
    var codes: [String] = []
    appendAttributes(style.attributes, to: &codes)
    if style.foreground != current.foreground {
      codes.append(Self.code(style.foreground, base: 30))
    }
    if style.background != current.background {
      codes.append(Self.code(style.background, base: 40))
    }
    output += "\u{1B}[" + codes.joined(separator: ";") + "m"
    current = style
  }

  private func appendAttributes(_ attributes: Attributes, to codes: inout [String]) {
    let weights: Attributes = [.bold, .dim]
    var kept = current.attributes
    // 22 ends bold and dim together.
    if !kept.intersection(weights).isSubset(of: attributes) {
      codes.append("22")
      kept.subtract(weights)
    }
    let ends: [(Attributes, String)] = [(.italic, "23"), (.underline, "24"), (.reverse, "27")]
    for (attribute, code) in ends
    where kept.contains(attribute) && !attributes.contains(attribute) {
      codes.append(code)
    }
    let starts: [(Attributes, String)] = [
      (.bold, "1"), (.dim, "2"), (.italic, "3"), (.underline, "4"), (.reverse, "7"),
    ]
    for (attribute, code) in starts
    where attributes.contains(attribute) && !kept.contains(attribute) {
      codes.append(code)
    }
  }

  /// The code for a colour; `base` is 30 for foregrounds and 40 for backgrounds.
  private static func code(_ color: Color, base: Int) -> String {
    switch color {
    case .terminalDefault: "\(base + 9)"
    case .indexed(let index) where index < 8: "\(base + Int(index))"
    case .indexed(let index) where index < 16: "\(base + 60 + Int(index) - 8)"
    case .indexed(let index): "\(base + 8);5;\(index)"
    case .rgb(let red, let green, let blue): "\(base + 8);2;\(red);\(green);\(blue)"
    }
  }
}
