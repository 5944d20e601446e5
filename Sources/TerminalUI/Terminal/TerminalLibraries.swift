internal import CChafa
internal import CNcurses

/// The libraries that this module draws with.
public enum TerminalLibraries {
  /// ncurses as it calls itself, for example `ncurses 6.4.20221231`.
  public static var ncurses: String {
    curses_version().map { String(cString: $0) } ?? "ncurses"
  }

  /// The version of chafa that the program was built with; the library does not tell its own.
  public static var chafa: String {
    "\(CHAFA_MAJOR_VERSION).\(CHAFA_MINOR_VERSION).\(CHAFA_MICRO_VERSION)"
  }
}
