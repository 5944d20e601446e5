/// How a cell looks: a role that the theme fills in, and what departs from it.
public struct Style: Sendable, Hashable {
  /// What the text is for; the theme gives its colours and attributes.
  public var role: Role
  /// A colour instead of the role's, or nil.
  public var foreground: Color?
  /// A background instead of the role's, or nil.
  public var background: Color?
  /// Attributes on top of the role's.
  public var attributes: Attributes
  /// The role of what the text stands on, such as a dialog: its background shows where the text's own
  /// role has none.
  public var ground: Role?

  /// A role with what departs from it.
  public init(
    _ role: Role = .text, foreground: Color? = nil, background: Color? = nil,
    attributes: Attributes = []
  ) {
    self.role = role
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }

  /// Ordinary text.
  public static let text = Style()

  /// This style with further attributes.
  public func adding(_ attributes: Attributes) -> Style {
    var style = self
    style.attributes.formUnion(attributes)
    return style
  }
}

/// Ways to set text apart without colour.
public struct Attributes: OptionSet, Sendable, Hashable {
  /// One bit for each attribute.
  public let rawValue: UInt8
  /// A set from its bits.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Heavier, or brighter on terminals with eight colours.
  public static let bold = Attributes(rawValue: 1)
  /// Fainter.
  public static let dim = Attributes(rawValue: 2)
  /// Slanted, where the font can.
  public static let italic = Attributes(rawValue: 4)
  /// With a line below.
  public static let underline = Attributes(rawValue: 8)
  /// With foreground and background exchanged.
  public static let reverse = Attributes(rawValue: 16)

  /// Each attribute with the name that themes and snapshots use.
  public static let named: [(name: String, attribute: Attributes)] = [
    ("bold", .bold), ("dim", .dim), ("italic", .italic), ("underline", .underline),
    ("reverse", .reverse),
  ]
}

/// A style after the theme has been applied: what a terminal is told.
public struct ResolvedStyle: Sendable, Hashable {
  /// Colour of the character.
  public var foreground: Color
  /// Colour behind the character.
  public var background: Color
  /// Attributes, all that the theme and the style ask for.
  public var attributes: Attributes

  /// The terminal's own look, or one that departs from it.
  public init(
    foreground: Color = .terminalDefault, background: Color = .terminalDefault,
    attributes: Attributes = []
  ) {
    self.foreground = foreground
    self.background = background
    self.attributes = attributes
  }

  /// This style with colours that `mode` can show.
  public func reduced(to mode: ColorMode) -> ResolvedStyle {
    ResolvedStyle(
      foreground: foreground.reduced(to: mode), background: background.reduced(to: mode),
      attributes: attributes)
  }
}
