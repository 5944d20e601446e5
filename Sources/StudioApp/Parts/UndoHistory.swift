/// What a form was before each of its changes, to go back to and to come back from.
struct UndoHistory<Value: Sendable & Hashable>: Sendable, Hashable {
  private var undoable: [Value] = []
  private var redoable: [Value] = []

  /// Changes that are kept at most.
  private static var limit: Int { 100 }

  /// What undo goes back to; `nil` if there is nothing to undo.
  var last: Value? { undoable.last }

  /// Takes note of a change.
  ///
  /// - Parameter old: What was there before it.
  mutating func note(_ old: Value) {
    undoable = (undoable + [old]).suffix(Self.limit)
    redoable = []
  }

  /// Takes the last change back.
  ///
  /// - Returns: What was there before it; `nil` if there is none.
  mutating func undo(from now: Value) -> Value? {
    guard let last = undoable.popLast() else { return nil }
    redoable.append(now)
    return last
  }

  /// Makes the change again that was taken back last.
  ///
  /// - Returns: What it led to; `nil` if there is none.
  mutating func redo(from now: Value) -> Value? {
    guard let next = redoable.popLast() else { return nil }
    undoable.append(now)
    return next
  }
}
