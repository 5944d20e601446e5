/// How finely pictures are drawn, from best to least. Poorer details need fewer bytes a frame.
public enum ImageDetail: Int, CaseIterable, Sendable, Hashable, Comparable {
  /// As the terminal can.
  case full
  /// 24-bit colours with the lower half of each channel cleared: neighbours repeat more often,
  /// which saves about 60 %.
  case coarse
  /// At most 256 colours.
  case indexed256
  /// At most 16 colours.
  case ansi16
  /// As `ansi16`, and pictures are refreshed only now and then.
  case rare

  /// Whether `left` is finer than `right`: details are listed from best to least.
  public static func < (left: ImageDetail, right: ImageDetail) -> Bool {
    left.rawValue < right.rawValue
  }

  /// The colour mode for pictures on a terminal with `mode`.
  public func colorMode(on mode: ColorMode) -> ColorMode {
    switch self {
    case .full, .coarse: mode
    case .indexed256: min(mode, .indexed256)
    case .ansi16, .rare: min(mode, .ansi16)
    }
  }

  /// The next poorer detail that makes a difference in `mode`; `rare` stays.
  package func poorer(on mode: ColorMode) -> ImageDetail {
    Self.allCases.first { $0 > self && ($0 == .rare || $0.differs(on: mode)) } ?? .rare
  }

  /// The next richer detail that makes a difference in `mode`; `full` stays.
  package func richer(on mode: ColorMode) -> ImageDetail {
    Self.allCases.last { $0 < self && ($0 == .full || $0.differs(on: mode)) } ?? .full
  }

  private func differs(on mode: ColorMode) -> Bool {
    self == .coarse ? mode == .trueColor : colorMode(on: mode) < mode
  }
}
