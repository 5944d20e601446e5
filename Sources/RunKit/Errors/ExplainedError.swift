/// An error that says, to people, what was found and what to do next.
///
/// A type of errors answers beside itself. Those of the engine, which knows no command and no option, are
/// answered for in `EngineErrors.swift`.
package protocol ExplainedError: Error {
  /// What was found and what was expected: one sentence, without a capital or a full stop.
  var sentence: String { get }
  /// What to do next; empty if the sentence says it.
  var remedy: String { get }
  /// Whose turn it is.
  var category: Explanation.Category { get }
}

extension ExplainedError {
  package var remedy: String { "" }
  package var category: Explanation.Category { .badInput }
}

extension CancellationError: ExplainedError {
  package var sentence: String { "stopped" }
  package var category: Explanation.Category { .interrupted }
}
