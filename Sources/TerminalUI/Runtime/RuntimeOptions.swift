/// How a program meets its terminal.
public struct RuntimeOptions: Sendable, Hashable {
  /// The value of `--color`, or nil if it was not given.
  public var colorOption: String?
  /// Mark frames so that the terminal shows each as a whole, where it can.
  public var usesSynchronizedOutput: Bool
  /// Ask for mouse events. The terminal's own selection of text then needs Shift.
  public var usesMouse: Bool
  /// The process's environment.
  public var environment: [String: String]
  /// The descriptor that has to be a terminal for keys; standard input.
  public var inputDescriptor: Int32 = 0
  /// The descriptor of the terminal to draw on; standard output.
  public var outputDescriptor: Int32 = 1

  /// Options with the defaults of a command line without any.
  public init(
    colorOption: String? = nil, usesSynchronizedOutput: Bool = true, usesMouse: Bool = false,
    environment: [String: String]
  ) {
    self.colorOption = colorOption
    self.usesSynchronizedOutput = usesSynchronizedOutput
    self.usesMouse = usesMouse
    self.environment = environment
  }

  /// Whether the terminal understands private modes and questions beyond the database: those that call
  /// themselves VT100 or so would print them.
  var understandsModes: Bool {
    let term = environment["TERM", default: ""]
    return !["vt", "ansi", "linux", "cons", "dumb"].contains { term.hasPrefix($0) }
  }

  /// Whether tmux, or screen, stands between us and the terminal.
  var isThroughTmux: Bool {
    let term = environment["TERM", default: ""]
    return environment["TMUX", default: ""] != "" || term.hasPrefix("tmux")
      || term.hasPrefix("screen")
  }

  /// Whether the terminal is to be asked for its colours: where nobody chose them and the environment tells
  /// of fewer than there may be.
  func asksForColors(_ found: ColorMode) -> Bool {
    let isChosen = colorOption.map { $0.lowercased() != "auto" } ?? false
    return !isChosen && understandsModes && found < .trueColor && found > .mono
  }

  /// Checks that there is a terminal to run on, before anything else is begun.
  ///
  /// - Throws: `TerminalError.notATerminal` if input or output is none,
  ///   `TerminalError.unsupportedTerminal` if the terminal database does not know it.
  public func checkTerminal() throws(TerminalError) {
    try TerminalDevice.check(input: inputDescriptor, output: outputDescriptor)
    _ = try TerminalEntry.choose(
      term: environment["TERM", default: ""], wanted: .mono,
      colors: TerminalProbe.colors(ofTerminal:))
  }
}
