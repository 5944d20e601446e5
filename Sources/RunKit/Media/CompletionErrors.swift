/// Errors of several pieces of work that are all done, whatever comes of the others.
struct CompletionErrors {
  /// The first error about an output's name that was taken meanwhile.
  private(set) var taken: (any Error)?
  /// The first other error.
  private(set) var failure: (any Error)?

  /// Does a piece and keeps its error.
  ///
  /// - Returns: Whether it was done.
  @discardableResult
  mutating func collect(_ work: () throws -> Void) -> Bool {
    do {
      try work()
      return true
    } catch  where error.isTakenName {
      taken = taken ?? error
    } catch {
      failure = failure ?? error
    }
    return false
  }
}
