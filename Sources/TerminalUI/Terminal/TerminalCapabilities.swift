/// What a terminal can show: found from the command line, the environment and terminfo.
public struct TerminalCapabilities: Sendable, Hashable {
  /// The colours to use.
  public var colorMode: ColorMode
  /// Whether characters beyond ASCII arrive as such.
  public var isUTF8: Bool
  /// Whether output goes to a terminal, not to a file or a pipe.
  public var isTerminal: Bool
  /// The terminal's size; 80x24 where nothing says otherwise.
  public var size: TerminalSize
  /// How pictures are shown: by block characters unless something better was found.
  public var pictureGrade: PictureGrade
  /// The pixels of a character, where the terminal said.
  public var cellPixels: CellPixels?

  /// Capabilities as given; `detect` finds them, but for those of pictures, which the terminal is asked for
  /// while it runs.
  public init(
    colorMode: ColorMode, isUTF8: Bool, isTerminal: Bool, size: TerminalSize,
    pictureGrade: PictureGrade = .cells, cellPixels: CellPixels? = nil
  ) {
    self.colorMode = colorMode
    self.isUTF8 = isUTF8
    self.isTerminal = isTerminal
    self.size = size
    self.pictureGrade = pictureGrade
    self.cellPixels = cellPixels
  }

  /// Width of a character divided by its height, where pictures are pixels and the terminal said it.
  var pixelRatio: Double? { pictureGrade == .cells ? nil : cellPixels?.ratio }

  /// The same terminal with a new size.
  package func with(size: TerminalSize) -> TerminalCapabilities {
    var capabilities = self
    capabilities.size = size
    return capabilities
  }

  /// The characters for pictures that are safe here.
  public var symbols: SymbolSet {
    guard isUTF8 else { return .ascii }
    // Without colours only the shape of a character carries the picture.
    return colorMode == .mono ? .quadrants : .halfBlocks
  }

  /// The characters for pictures that do not move: finer ones, where they can be had.
  ///
  /// - Parameter asked: those that the user wants; `nil` for what most fonts have.
  public func stillSymbols(asked: SymbolSet? = nil) -> SymbolSet {
    isUTF8 ? asked ?? .quadrants : .ascii
  }

  /// Finds what a terminal can show.
  ///
  /// Colours come from the first that decides: the `--color` option; `NO_COLOR`, if not empty;
  /// no terminal (then none); `TERM=dumb`; `COLORTERM`; what the terminal answered; terminfo; the name in
  /// `TERM`.
  ///
  /// - Parameters:
  ///   - colorOption: the value of `--color`, or nil if it was not given.
  ///   - environment: the process's environment.
  ///   - probe: answers of the terminal itself.
  /// - Throws: `TerminalError.unknownColorMode` for a bad option.
  public static func detect(
    colorOption: String? = nil, environment: [String: String], probe: TerminalProbe
  ) throws(TerminalError) -> TerminalCapabilities {
    var chosen: ColorMode?
    if let colorOption { chosen = try ColorMode.parse(option: colorOption) }
    let size =
      probe.size
      ?? .window(
        columns: positive(environment["COLUMNS"]) ?? TerminalSize.standard.columns,
        rows: positive(environment["LINES"]) ?? TerminalSize.standard.rows)
    return TerminalCapabilities(
      colorMode: chosen ?? detectColors(environment: environment, probe: probe),
      isUTF8: isUTF8(environment), isTerminal: probe.isTerminal, size: size)
  }

  private static func detectColors(
    environment: [String: String], probe: TerminalProbe
  ) -> ColorMode {
    let term = environment["TERM"] ?? ""
    // https://no-color.org: present and not an empty string.
    if environment["NO_COLOR", default: ""] != "" { return .mono }
    if !probe.isTerminal || term == "dumb" { return .mono }
    let colorTerm = environment["COLORTERM", default: ""].lowercased()
    if colorTerm == "truecolor" || colorTerm == "24bit" { return .trueColor }
    // Only one that shows many colours anyway is believed: a wrong answer would leave it without any.
    if probe.showsTrueColor == true, probe.terminfoColors ?? 256 >= 8 { return .trueColor }
    if let colors = probe.terminfoColors {
      // Terminals with 8 colours in terminfo understand the bright ones as well.
      return colors >= 1 << 24
        ? .trueColor : colors >= 256 ? .indexed256 : colors >= 8 ? .ansi16 : .mono
    }
    if term.hasSuffix("-direct") { return .trueColor }
    if term.contains("256color") { return .indexed256 }
    return term.isEmpty ? .mono : .ansi16
  }

  /// Whether the locale's character set is UTF-8: `LC_ALL`, `LC_CTYPE` and `LANG`, the first that
  /// is not empty. The set may stand alone, as macOS sends it over SSH (`LC_CTYPE=UTF-8`), and the
  /// locale need not be known here.
  private static func isUTF8(_ environment: [String: String]) -> Bool {
    let locale =
      ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }
      .first { !$0.isEmpty } ?? ""
    let parts = locale.split(separator: ".", maxSplits: 1)
    let characterSet = parts.last ?? ""
    let name = characterSet.prefix { $0 != "@" }.lowercased()
    return name == "utf-8" || name == "utf8"
  }

  private static func positive(_ text: String?) -> Int? {
    text.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
  }
}
