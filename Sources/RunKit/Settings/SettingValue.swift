/// A value as files and command lines give it.
public enum SettingValue: Sendable, Hashable {
  case text(String)
  case integer(Int)
  case number(Double)
  case flag(Bool)
  case integers([Int])

  /// The value as TOML writes it.
  public var text: String {
    switch self {
    case .text(let text): text.quotedForTOML
    case .integer(let number): String(number)
    case .number(let number): String(number)
    case .flag(let flag): String(flag)
    case .integers(let list): "[\(list.map(String.init).joined(separator: ", "))]"
    }
  }

  /// The value as people read it.
  public var plainText: String {
    if case .text(let text) = self { return text }
    return text
  }

  /// The value as JSON.
  public var json: JSONValue {
    switch self {
    case .text(let text): .string(text)
    case .integer(let number): .integer(number)
    case .number(let number): .number(number)
    case .flag(let flag): .boolean(flag)
    case .integers(let list): .array(list.map { .integer($0) })
    }
  }

  package var integer: Int? {
    if case .integer(let value) = self { value } else { nil }
  }

  package var number: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }

  package var flag: Bool? {
    if case .flag(let value) = self { value } else { nil }
  }

  package var name: String? {
    if case .text(let text) = self { text } else { nil }
  }

  /// A whole number of 64 bits. TOML's have 63, so that a larger one is a text.
  package static func natural(_ number: UInt64) -> SettingValue {
    Int(exactly: number).map { .integer($0) } ?? .text(String(number))
  }

  package var natural: UInt64? {
    integer.flatMap { UInt64(exactly: $0) } ?? name.flatMap { UInt64($0) }
  }
}
