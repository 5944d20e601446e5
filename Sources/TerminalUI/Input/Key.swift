/// A key press, with the modifiers that terminals report.
public struct Key: Sendable, Hashable {
  /// Which key, without modifiers.
  public enum Code: Sendable, Hashable {
    /// A printable character, as typed: capitals come as capitals, without a Shift modifier.
    case character(Character)
    case enter, escape, tab, backspace, delete, insert
    case up, down, left, right, home, end, pageUp, pageDown
    /// F1 to F24.
    case function(Int)
  }

  /// Modifiers held down. Terminals tell Shift only for keys without a character.
  public struct Modifiers: OptionSet, Sendable, Hashable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let shift = Modifiers(rawValue: 1)
    public static let alt = Modifiers(rawValue: 2)
    public static let control = Modifiers(rawValue: 4)
  }

  public var code: Code
  public var modifiers: Modifiers

  public init(_ code: Code, modifiers: Modifiers = []) {
    self.code = code
    self.modifiers = modifiers
  }

  /// A key with a character.
  public static func character(_ character: Character) -> Key { Key(.character(character)) }
  /// Control with a character, given in lower case.
  public static func control(_ character: Character) -> Key {
    Key(.character(character), modifiers: .control)
  }
  public static let enter = Key(.enter)
  public static let escape = Key(.escape)
  public static let tab = Key(.tab)
  public static let backTab = Key(.tab, modifiers: .shift)
  public static let backspace = Key(.backspace)
  public static let delete = Key(.delete)
  public static let up = Key(.up)
  public static let down = Key(.down)
  public static let left = Key(.left)
  public static let right = Key(.right)
  public static let home = Key(.home)
  public static let end = Key(.end)
  public static let pageUp = Key(.pageUp)
  public static let pageDown = Key(.pageDown)
  public static let space = Key(.character(" "))

  /// The character that this key types into a text, or nil for a command key.
  public var typedCharacter: Character? {
    guard case .character(let character) = code,
      modifiers.isDisjoint(with: [.alt, .control])
    else { return nil }
    return character
  }
}

extension Key: CustomStringConvertible {
  /// The name shown in hints and help, such as `j`, `Ctrl-R`, `Space` or `PgUp`.
  public var description: String {
    var prefix = ""
    if modifiers.contains(.control) { prefix += "Ctrl-" }
    if modifiers.contains(.alt) { prefix += "Alt-" }
    if modifiers.contains(.shift) { prefix += "Shift-" }
    return prefix + codeName
  }

  private var codeName: String {
    switch code {
    case .character(" "): "Space"
    case .character(let character):
      // Ctrl-R is how people write it, although no Shift is held.
      modifiers.contains(.control) ? character.uppercased() : String(character)
    case .enter: "Enter"
    case .escape: "Esc"
    case .tab: "Tab"
    case .backspace: "Backspace"
    case .delete: "Del"
    case .insert: "Ins"
    case .up: "Up"
    case .down: "Down"
    case .left: "Left"
    case .right: "Right"
    case .home: "Home"
    case .end: "End"
    case .pageUp: "PgUp"
    case .pageDown: "PgDn"
    case .function(let number): "F\(number)"
    }
  }
}
