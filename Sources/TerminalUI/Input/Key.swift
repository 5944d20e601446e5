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
    /// One bit for each modifier.
    public let rawValue: UInt8
    /// A set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    /// Shift, told only for keys without a character.
    public static let shift = Modifiers(rawValue: 1)
    /// Alt, or Meta.
    public static let alt = Modifiers(rawValue: 2)
    /// Control.
    public static let control = Modifiers(rawValue: 4)
  }

  /// The key without modifiers.
  public var code: Code
  /// The modifiers held down with it.
  public var modifiers: Modifiers

  /// A key with modifiers.
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
  /// Enter, also Ctrl-J and Ctrl-M.
  public static let enter = Key(.enter)
  /// Escape.
  public static let escape = Key(.escape)
  /// Tab, also Ctrl-I.
  public static let tab = Key(.tab)
  /// Shift-Tab.
  public static let backTab = Key(.tab, modifiers: .shift)
  /// Backspace, also Ctrl-H.
  public static let backspace = Key(.backspace)
  /// Delete.
  public static let delete = Key(.delete)
  /// Arrow up.
  public static let up = Key(.up)
  /// Arrow down.
  public static let down = Key(.down)
  /// Arrow left.
  public static let left = Key(.left)
  /// Arrow right.
  public static let right = Key(.right)
  /// Home.
  public static let home = Key(.home)
  /// End.
  public static let end = Key(.end)
  /// Page up.
  public static let pageUp = Key(.pageUp)
  /// Page down.
  public static let pageDown = Key(.pageDown)
  /// The space bar.
  public static let space = Key(.character(" "))

  /// The character that this key types into a text, or nil for a command key.
  public var typedCharacter: Character? {
    guard case .character(let character) = code,
      modifiers.isDisjoint(with: [.alt, .control])
    else { return nil }
    return character
  }

  /// The digit that this key types, or nil.
  public var digit: Int? { typedCharacter.flatMap { $0.isASCII ? $0.wholeNumberValue : nil } }
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

  private static let codes: [String: Code] = {
    let named: [Code] = [
      .character(" "), .enter, .escape, .tab, .backspace, .delete, .insert, .up, .down, .left,
      .right, .home, .end, .pageUp, .pageDown,
    ]
    return Dictionary(
      uniqueKeysWithValues: (named + (1...24).map { .function($0) }).map {
        (Key($0).codeName.lowercased(), $0)
      })
  }()

  /// A key by the name that `description` gives, such as `R`, `Ctrl-R`, `Alt-3`, `Space` or `F5`; names of
  /// more than one letter in capitals or not.
  ///
  /// - Returns: `nil` if there is no such key.
  public init?(named name: String) {
    var rest = Substring(name)
    var modifiers: Modifiers = []
    let prefixes: [(String, Modifiers)] = [
      ("ctrl-", .control), ("alt-", .alt), ("shift-", .shift),
    ]
    while let (prefix, modifier) = prefixes.first(where: {
      rest.count > $0.0.count && rest.lowercased().hasPrefix($0.0)
    }) {
      rest = rest.dropFirst(prefix.count)
      modifiers.insert(modifier)
    }
    if rest.count == 1, let character = rest.first {
      // With Control the letter has no case, and Tab and Enter are what two of them send.
      let isControl = modifiers.contains(.control)
      self.init(
        .character(isControl ? Character(character.lowercased()) : character), modifiers: modifiers)
    } else if let code = Self.codes[rest.lowercased()] {
      self.init(code, modifiers: modifiers)
    } else {
      return nil
    }
  }
}
