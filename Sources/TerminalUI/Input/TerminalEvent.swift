/// What comes from the terminal and from the system's signals.
public enum TerminalEvent: Sendable, Hashable {
  /// A key was pressed.
  case key(Key)
  /// Text was pasted; line ends come as line feeds.
  case paste(String)
  /// The mouse was used; only where the program asks for the mouse.
  case mouse(MouseEvent)
  /// The terminal's window came to the front, or left it; only from terminals that tell.
  case focus(Bool)
  /// The window has a new size.
  case resize(TerminalSize)
  /// Ctrl-C, or SIGINT from elsewhere.
  case interrupt
  /// SIGTERM, or SIGUSR1 of a scheduler: the program should save and end.
  case terminate
  /// The terminal is gone (SIGHUP or end of input). Nothing will be read or drawn any more, but
  /// the program goes on until it quits.
  case hangup
  /// The program runs again after it was suspended.
  case resumed
}

/// A use of the mouse.
public struct MouseEvent: Sendable, Hashable {
  /// What was done with the mouse.
  public enum Action: Sendable, Hashable { case press, release, drag, wheelUp, wheelDown }

  /// What was done.
  public var action: Action
  /// Column from 0.
  public var column: Int
  /// Row from 0.
  public var row: Int

  /// A use of the mouse at a cell.
  public init(action: Action, column: Int, row: Int) {
    self.action = action
    self.column = column
    self.row = row
  }
}
