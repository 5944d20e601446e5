internal import CNcurses
internal import Glibc

/// What can be asked of the terminal behind a file descriptor. A value of answers, so that tests
/// can give their own.
public struct TerminalProbe: Sendable, Hashable {
  /// Whether it is a terminal at all.
  public var isTerminal: Bool
  /// Its size, or nil where it does not say.
  public var size: TerminalSize?
  /// The number of colours its terminfo entry names (below 1 for none), or nil without an entry.
  public var terminfoColors: Int?
  /// Whether the terminal itself said that it shows 24-bit colours, or that it does not; nil if it was
  /// not asked or did not answer.
  public var showsTrueColor: Bool?

  /// Answers as given; `live` asks for them.
  public init(
    isTerminal: Bool, size: TerminalSize? = nil, terminfoColors: Int? = nil,
    showsTrueColor: Bool? = nil
  ) {
    self.isTerminal = isTerminal
    self.size = size
    self.terminfoColors = terminfoColors
    self.showsTrueColor = showsTrueColor
  }

  /// Asks the terminal behind `fileDescriptor`.
  ///
  /// - Parameters:
  ///   - fileDescriptor: for example 1 for standard output.
  ///   - environment: the process's environment; `TERM` names the terminfo entry.
  public static func live(
    fileDescriptor: Int32, environment: [String: String]
  ) -> TerminalProbe {
    TerminalProbe(
      isTerminal: isatty(fileDescriptor) == 1, size: windowSize(of: fileDescriptor),
      terminfoColors: environment["TERM"].flatMap(colors(ofTerminal:)))
  }

  /// The size in characters, at most ``TerminalSize/largest``, of the terminal behind a file descriptor; nil for a pipe, and for a
  /// terminal that says 0, as serial lines do.
  public static func windowSize(of fileDescriptor: Int32) -> TerminalSize? {
    var window = winsize()
    guard ioctl(fileDescriptor, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0,
      window.ws_row > 0
    else { return nil }
    return .window(columns: Int(window.ws_col), rows: Int(window.ws_row))
  }

  /// The pixels of a character, from the size of the window in both; nil where the terminal does not tell the
  /// system, as over most lines.
  static func cellPixels(of fileDescriptor: Int32) -> CellPixels? {
    var window = winsize()
    guard ioctl(fileDescriptor, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0,
      window.ws_row > 0
    else { return nil }
    return CellPixels(
      width: Int(window.ws_xpixel / window.ws_col), height: Int(window.ws_ypixel / window.ws_row))
  }

  /// The number of colours in a terminfo entry, or nil if there is no such entry.
  public static func colors(ofTerminal name: String) -> Int? {
    // setupterm replaces the current terminal, which a running screen still needs.
    let previous = set_curterm(nil)
    defer { _ = set_curterm(previous) }
    var status: Int32 = 0
    guard setupterm(name, 1, &status) == OK, let terminal = set_curterm(nil) else { return nil }
    defer { _ = del_curterm(terminal) }
    _ = set_curterm(terminal)
    let colors = Int(tigetnum("colors"))
    _ = set_curterm(nil)
    return colors
  }
}
