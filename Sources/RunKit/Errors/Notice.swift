/// Something that a person should read.
public struct Notice: Sendable, Hashable, Codable {
  /// How much it matters.
  public enum Level: String, Sendable, Hashable, Codable {
    case information, success, warning, error
  }

  /// How much it matters.
  public var level: Level
  /// One sentence, without a full stop.
  public var sentence: String
  /// What to do about it; empty if nothing is.
  public var remedy: String

  /// Something to read.
  public init(_ level: Level, _ sentence: String, remedy: String = "") {
    self.level = level
    self.sentence = sentence
    self.remedy = remedy
  }

  /// An error, in words.
  public init(_ error: any Error) {
    let explanation = Explanation(error)
    self.init(.error, explanation.sentence, remedy: explanation.remedyWithoutOptions)
  }
}
