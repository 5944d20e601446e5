/// One thing that was found out about the program's surroundings, with what to do about it.
public struct Finding: Sendable, Hashable, Encodable {
  /// How good it is.
  public enum Status: String, Sendable, Hashable, Encodable {
    /// As it should be.
    case ok
    /// Works, with less than there could be.
    case note
    /// Something needed is missing.
    case problem
  }

  /// What it belongs to: `libraries`, `video`, `processor`, `memory`, `terminal` or `files`.
  public let area: String
  /// What was looked at, for example `oneDNN`.
  public let name: String
  /// What was found.
  public let value: String
  /// How good that is.
  public let status: Status
  /// What to do about it; empty if nothing needs doing.
  public let advice: String

  /// Describes a finding.
  public init(
    _ area: String, _ name: String, _ value: String, _ status: Status = .ok, advice: String = ""
  ) {
    self.area = area
    self.name = name
    self.value = value
    self.status = status
    self.advice = advice
  }
}

extension [Finding] {
  /// Whether nothing needed is missing.
  public var isUsable: Bool { !contains { $0.status == .problem } }
}
