/// How many colours a terminal can show, from fewest to most.
public enum ColorMode: String, CaseIterable, Sendable, Hashable, Comparable, Codable {
  /// No colours: only bold, underline and reverse video.
  case mono
  /// The 16 ANSI colours, whose exact shades the user's terminal chooses.
  case ansi16 = "16"
  /// The 256-colour palette of xterm.
  case indexed256 = "256"
  /// 24-bit colours.
  case trueColor = "truecolor"

  /// The values a `--color` option takes, in the order to list them in a help text.
  public static let optionNames = ["auto"] + allCases.map(\.rawValue)

  /// Reads the value of a `--color` option.
  ///
  /// - Returns: the mode, or nil for `auto`, which asks for detection.
  /// - Throws: `TerminalError.unknownColorMode` for any other word.
  public static func parse(option: String) throws(TerminalError) -> ColorMode? {
    switch option.lowercased() {
    case "auto": return nil
    case "mono", "none", "never", "1": return .mono
    case "16", "ansi": return .ansi16
    case "256": return .indexed256
    case "truecolor", "truecolour", "24bit", "direct": return .trueColor
    default: throw .unknownColorMode(option)
    }
  }

  /// Whether `left` has fewer colours than `right`.
  public static func < (left: ColorMode, right: ColorMode) -> Bool { left.rank < right.rank }

  private var rank: Int {
    switch self {
    case .mono: 0
    case .ansi16: 1
    case .indexed256: 2
    case .trueColor: 3
    }
  }

  /// The next poorer mode, which needs fewer bytes a cell; `mono` stays `mono`.
  public var poorer: ColorMode {
    switch self {
    case .trueColor: .indexed256
    case .indexed256: .ansi16
    case .ansi16, .mono: .mono
    }
  }
}
