/// How each role looks. Loaded from TOML files (see `ThemeLoader`), or one of the built-in two.
public struct Theme: Sendable, Hashable {
  /// How one role looks; what is nil comes from the role `text`.
  public struct Look: Sendable, Hashable {
    /// Colour of text.
    public var foreground: Color?
    /// Colour behind it.
    public var background: Color?
    /// Attributes of the role.
    public var attributes: Attributes

    /// A look; without arguments that of `text`.
    public init(
      foreground: Color? = nil, background: Color? = nil, attributes: Attributes = []
    ) {
      self.foreground = foreground
      self.background = background
      self.attributes = attributes
    }
  }

  /// The name shown in lists of themes.
  public var name: String
  /// Looks by role; a role that is missing looks like `text`, but for the colours of channels.
  public var looks: [Role: Look] {
    didSet { table = Self.makeTable(looks) }
  }
  /// `looks` in role order, since resolving happens for every cell of every frame.
  private var table: [ResolvedStyle]

  /// A theme from the looks of its roles.
  public init(name: String, looks: [Role: Look]) {
    self.name = name
    self.looks = looks
    table = Self.makeTable(looks)
  }

  /// The colours and attributes of a style under this theme.
  public func resolve(_ style: Style) -> ResolvedStyle {
    var resolved = table[style.role.rawValue]
    if let ground = style.ground, looks[style.role]?.background == nil {
      resolved.background = table[ground.rawValue].background
    }
    if let foreground = style.foreground { resolved.foreground = foreground }
    if let background = style.background { resolved.background = background }
    resolved.attributes.formUnion(style.attributes)
    return resolved
  }

  private static func makeTable(_ looks: [Role: Look]) -> [ResolvedStyle] {
    let base = looks[.text] ?? Look()
    return Role.allCases.map { role in
      let look = looks[role] ?? Self.usual(role) ?? base
      return ResolvedStyle(
        foreground: look.foreground ?? base.foreground ?? .terminalDefault,
        background: look.background ?? base.background ?? .terminalDefault,
        attributes: look.attributes)
    }
  }

  /// Looks that themes of earlier versions do not name, where those of `text` would say nothing.
  private static func usual(_ role: Role) -> Look? {
    switch role {
    case .graphRed: Look(foreground: .indexed(9))
    case .graphGreen: Look(foreground: .indexed(10))
    case .graphBlue: Look(foreground: .indexed(12))
    default: nil
    }
  }

  /// A theme without colours that sets things apart by bold, dim, underline and reverse: what is
  /// used on a terminal without colours and where no theme file is found.
  public static let plain = Theme(
    name: "plain",
    looks: [
      .secondary: Look(attributes: .dim), .title: Look(attributes: .bold),
      .accent: Look(attributes: .bold), .key: Look(attributes: .bold),
      .borderFocused: Look(attributes: .bold), .selection: Look(attributes: .reverse),
      .selectionInactive: Look(attributes: .underline), .match: Look(attributes: .underline),
      .input: Look(attributes: .underline),
      .placeholder: Look(attributes: .dim), .statusBar: Look(attributes: .reverse),
      .tabActive: Look(attributes: .reverse), .progressDone: Look(attributes: .bold),
      .progressLeft: Look(attributes: .dim), .warning: Look(attributes: .bold),
      .error: Look(attributes: [.bold, .reverse]), .graphAxis: Look(attributes: .dim),
    ])
}
