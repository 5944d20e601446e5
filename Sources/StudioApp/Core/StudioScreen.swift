import TerminalUI

/// A screen: a value that answers keys, follows the state and draws itself. Nothing in it waits or
/// touches a file; what it wants done, it returns as effects.
package protocol StudioScreen: Sendable {
  /// The tables of actions that count now, the innermost first, and beside them what other keys do.
  func sections(_ app: AppState) -> [HelpSection]

  /// Whether digits count how often the next action is to be done: `40e`.
  func takesCount(_ app: AppState) -> Bool

  /// Whether a text is being typed, so that no key means anything else.
  var isTyping: Bool { get }

  /// Whether a digit is typed into what is selected, rather than being the number of a screen.
  func takesDigits(_ app: AppState) -> Bool

  /// The hints while a text is typed.
  var typingHints: [HelpEntry] { get }

  /// The screen is shown from now on.
  mutating func appear(_ app: AppState)

  /// Does one of the actions of `sections`.
  ///
  /// - Parameter count: How often or how many, where that was said.
  /// - Returns: `nil` if it is none that counts now.
  mutating func perform(
    _ action: ActionName, count: Int?, _ app: AppState
  ) -> [StudioEffect]?

  /// Handles a key that is no action: movements, values and texts being typed.
  mutating func take(_ key: Key, _ app: AppState) -> [StudioEffect]

  /// Something was clicked that the screen drew under this name.
  mutating func click(_ name: String, _ app: AppState) -> [StudioEffect]

  /// Takes pasted text while `isTyping`.
  mutating func paste(_ text: String, _ app: AppState) -> [StudioEffect]

  /// Leaves a part of the screen, such as a picker. False if there is nothing to leave.
  mutating func goBack() -> Bool

  /// Follow the state after it changed, or when the screen is shown.
  mutating func refresh(_ app: AppState) -> [StudioEffect]

  /// Does what was promised and is due now, while another screen is shown; most promise nothing.
  mutating func followHidden(_ app: AppState) -> [StudioEffect]

  /// Time from one frame to the next while something moves on the screen; `nil` while nothing does.
  func frameInterval(_ app: AppState) -> Duration?

  /// The next frame is due.
  mutating func advance(_ app: AppState)

  /// Draws the screen. The area is at least 80 x 20 for the full layout; below that one pane at a
  /// time is shown.
  func draw(
    in buffer: inout CellBuffer, area: Rectangle, _ app: AppState, _ context: ViewContext)

  /// The hints at the bottom, the most important first.
  func hints(_ app: AppState) -> [HelpEntry]

  /// What `i` shows: names and values.
  func information(_ app: AppState) -> [(name: String, value: String)]

  /// Commands of the palette beside the studio's own.
  func commands(_ app: AppState) -> [CommandPalette.Entry]

  /// Carries out a command of `commands`, or the answer to an `ask`.
  mutating func run(_ command: String, argument: String, _ app: AppState) -> [StudioEffect]

  /// What undo would do, in a few words; `nil` if there is nothing to undo.
  func undoText(_ app: AppState) -> String?

  /// Undo and redo.
  mutating func undo(_ app: AppState) -> [StudioEffect]
  mutating func redo(_ app: AppState) -> [StudioEffect]
}

extension StudioScreen {
  /// Handles a key that means nothing to the whole studio: an action by the tables that count now, or else
  /// whatever the screen makes of it.
  ///
  /// - Parameter count: The number that was typed before it.
  package mutating func handle(
    _ key: Key, count: Int? = nil, _ app: AppState
  ) -> [StudioEffect] {
    guard !isTyping else { return take(key, app) }
    switch app.keys.meaning(of: key, in: sections(app)) {
    case .action(let action): return perform(action, repeating: count, app)
    case .given: return []
    case .none: break
    }
    let times = Movement(key) == nil ? 1 : min(count ?? 1, Self.repeatLimit)
    return (0..<times).flatMap { _ in take(key, app) }
  }

  /// Does an action as often as a number says, or tells it the number.
  package mutating func perform(
    _ action: ActionName, repeating count: Int?, _ app: AppState
  ) -> [StudioEffect] {
    guard let count, ActionRegistry.repeated.contains(action) else {
      return perform(action, count: count, app) ?? []
    }
    return (0..<min(count, Self.repeatLimit)).flatMap { _ in
      perform(action, count: nil, app) ?? []
    }
  }

  /// Repetitions at most.
  private static var repeatLimit: Int { 1_000 }

  package func takesCount(_ app: AppState) -> Bool { false }
  package mutating func click(_ name: String, _ app: AppState) -> [StudioEffect] { [] }
  package func undoText(_ app: AppState) -> String? { nil }
  package mutating func followHidden(_ app: AppState) -> [StudioEffect] { [] }

  package var isTyping: Bool { false }
  package func takesDigits(_ app: AppState) -> Bool { false }
  package var typingHints: [HelpEntry] { TextInput.hints }
  package mutating func appear(_ app: AppState) {}
  package mutating func paste(_ text: String, _ app: AppState) -> [StudioEffect] { [] }
  package mutating func goBack() -> Bool { false }
  package mutating func refresh(_ app: AppState) -> [StudioEffect] { [] }
  package func frameInterval(_ app: AppState) -> Duration? { nil }
  package mutating func advance(_ app: AppState) {}
  package func information(_ app: AppState) -> [(name: String, value: String)] { [] }
  package func commands(_ app: AppState) -> [CommandPalette.Entry] { [] }
  package mutating func run(_ command: String, argument: String, _ app: AppState) -> [StudioEffect]
  {
    []
  }
  package mutating func undo(_ app: AppState) -> [StudioEffect] { [.notify(.nothingToUndo)] }
  package mutating func redo(_ app: AppState) -> [StudioEffect] { [.notify(.nothingToRedo)] }
}
