import TerminalUI

/// A screen: a value that answers keys, follows the state and draws itself. Nothing in it waits or
/// touches a file; what it wants done, it returns as effects.
package protocol StudioScreen: Sendable {
  /// The screen's keys, for the page of help.
  var helpSections: [HelpSection] { get }

  /// Whether a text is being typed, so that no key means anything else.
  var isTyping: Bool { get }

  /// Whether a digit is typed into what is selected, rather than being the number of a screen.
  func takesDigits(_ app: AppState) -> Bool

  /// The hints while a text is typed.
  var typingHints: [HelpEntry] { get }

  /// The screen is shown from now on.
  mutating func appear(_ app: AppState)

  /// Handles a key that means nothing to the whole studio.
  mutating func handle(_ key: Key, _ app: AppState) -> [StudioEffect]

  /// Takes pasted text while `isTyping`.
  mutating func paste(_ text: String)

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
  var commands: [CommandPalette.Entry] { get }

  /// Carries out a command of `commands`, or the answer to an `ask`.
  mutating func run(_ command: String, argument: String, _ app: AppState) -> [StudioEffect]

  /// Undo and redo.
  mutating func undo(_ app: AppState) -> [StudioEffect]
  mutating func redo(_ app: AppState) -> [StudioEffect]
}

extension StudioScreen {
  package mutating func followHidden(_ app: AppState) -> [StudioEffect] { [] }

  package var isTyping: Bool { false }
  package func takesDigits(_ app: AppState) -> Bool { false }
  package var typingHints: [HelpEntry] { TextInput.hints }
  package mutating func appear(_ app: AppState) {}
  package mutating func paste(_ text: String) {}
  package mutating func goBack() -> Bool { false }
  package mutating func refresh(_ app: AppState) -> [StudioEffect] { [] }
  package func frameInterval(_ app: AppState) -> Duration? { nil }
  package mutating func advance(_ app: AppState) {}
  package func information(_ app: AppState) -> [(name: String, value: String)] { [] }
  package var commands: [CommandPalette.Entry] { [] }
  package mutating func run(_ command: String, argument: String, _ app: AppState) -> [StudioEffect]
  {
    []
  }
  package mutating func undo(_ app: AppState) -> [StudioEffect] { [] }
  package mutating func redo(_ app: AppState) -> [StudioEffect] { [] }
}
