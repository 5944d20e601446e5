/// Something in a theme file that was left out, with where and why.
public struct ThemeIssue: Sendable, Hashable, CustomStringConvertible {
  /// What is wrong.
  public enum Reason: Sendable, Hashable {
    /// No such key; perhaps another was meant.
    case unknownKey(String, suggestion: String?)
    /// Not a colour.
    case badColor(String, suggestion: String?)
    /// A value of another kind was expected.
    case wrongType(String, expected: String)
  }

  /// The file's name.
  public var file: String
  /// The line from 1, or nil where it could not be found.
  public var line: Int?
  /// What is wrong, with what was meant.
  public var reason: Reason

  /// An issue at a place.
  public init(file: String, line: Int?, reason: Reason) {
    self.file = file
    self.line = line
    self.reason = reason
  }

  /// The issue as `file:line: what is wrong`.
  public var description: String {
    let place = line.map { "\(file):\($0)" } ?? file
    return "\(place): \(text)"
  }

  private var text: String {
    switch reason {
    case .unknownKey(let key, let suggestion):
      "unknown key '\(key)'" + Self.hint(suggestion)
    case .badColor(let color, let suggestion):
      "'\(color)' is no colour (#rrggbb, 0 to 255, a name, or one of [palette])"
        + Self.hint(suggestion)
    case .wrongType(let key, let expected): "'\(key)' must be \(expected)"
    }
  }

  private static func hint(_ suggestion: String?) -> String {
    suggestion.map { "; did you mean '\($0)'?" } ?? ""
  }
}
