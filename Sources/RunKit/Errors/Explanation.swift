/// An error in words for people: what was found, and what to do next.
public struct Explanation: Sendable, Hashable {
  /// Whose turn it is, and the program's exit status.
  public enum Category: Int32, Sendable {
    /// A file or setting that was given cannot be used.
    case badInput = 2
    /// Something that is not the user's doing went wrong.
    case internalFault = 70
    /// Standard output could not be written.
    case outputFailure = 74
    /// The user ended it.
    case interrupted = 130
  }

  /// What was found and what was expected: one sentence, without a capital or a full stop.
  public let sentence: String
  /// What to do next; empty if the sentence says it.
  public let remedy: String
  /// Whose turn it is.
  public let category: Category

  /// The sentence and the remedy as one text.
  public var text: String { remedy.isEmpty ? sentence : "\(sentence). \(remedy)" }

  /// Explains an error: in its own words if it is an ``ExplainedError``, and as a fault of the program if
  /// nobody thought of words for it.
  public init(_ error: any Error) {
    if let error = error as? any ExplainedError {
      self.init(error.sentence, error.remedy, error.category)
    } else {
      self.init("\(error)", "", .internalFault)
    }
  }

  /// An explanation in words that the caller has.
  public init(sentence: String, remedy: String, category: Category = .badInput) {
    self.init(sentence, remedy, category)
  }

  private init(_ sentence: String, _ remedy: String, _ category: Category = .badInput) {
    self.sentence = sentence
    self.remedy = remedy
    self.category = category
  }
}

extension Explanation {
  /// The remedy for a form, where the options of the command, which stand in brackets, mean nothing.
  package var remedyWithoutOptions: String {
    remedy.replacing(#/ \(--[a-z0-9-]+( and --[a-z0-9-]+)*\)/#, with: "")
      .replacing(#/\(--[a-z0-9-]+; /#, with: "(")
  }
}
