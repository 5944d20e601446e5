/// Everything that can go wrong in this module, with what is needed to explain it.
public enum TerminalError: Error, Hashable, Sendable {
  /// An image whose byte count is not `3 * width * height`, or without any pixel.
  case invalidImage(width: Int, height: Int, byteCount: Int)
  /// The image library could not set up a drawing of this many columns and rows.
  case imageConversionFailed(columns: Int, rows: Int)
  /// A colour mode that is none of `ColorMode`'s names.
  case unknownColorMode(String)
  /// The file descriptor is a pipe or a file; a screen needs a terminal.
  case notATerminal(fileDescriptor: Int32)
  /// The terminal database knows no such terminal, or knows it as one that cannot move its cursor.
  case unsupportedTerminal(name: String, reason: String)
  /// A system call failed with this `errno`.
  case systemCall(name: String, code: Int32)
  /// The terminal went away (hang-up); nothing more can be read or drawn.
  case hangup
  /// A theme file could not be read at all.
  case unreadableTheme(file: String, line: Int, column: Int, reason: String)
}

extension TerminalError: CustomStringConvertible {
  /// The error for a log; sentences for people are phrased above this module.
  public var description: String {
    switch self {
    case .invalidImage(let width, let height, let byteCount):
      "an image of \(width)x\(height) RGB pixels cannot have \(byteCount) bytes"
    case .imageConversionFailed(let columns, let rows):
      "no image could be drawn with \(columns)x\(rows) characters"
    case .unknownColorMode(let name):
      "unknown colour mode '\(name)': one of \(ColorMode.optionNames.joined(separator: ", "))"
    case .notATerminal(let fileDescriptor):
      switch fileDescriptor {
      case 0: "standard input is not a terminal"
      case 1: "standard output is not a terminal"
      default: "file descriptor \(fileDescriptor) is not a terminal"
      }
    case .unsupportedTerminal(let name, let reason):
      "the terminal '\(name)' cannot be used: \(reason)"
    case .systemCall(let name, let code):
      "\(name) failed with error number \(code)"
    case .hangup:
      "the terminal was closed"
    case .unreadableTheme(let file, let line, let column, let reason):
      "\(file):\(line):\(column): \(reason)"
    }
  }
}
