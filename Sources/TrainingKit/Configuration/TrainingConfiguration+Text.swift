extension TrainingConfiguration {
  /// The configuration as its file says it: TOML, every setting with its meaning and what it may be.
  /// Reading it gives the same configuration.
  public var fileText: String { Self.head + tables }

  /// The first lines of every file that the program writes.
  package static let head = """
    # A configuration of "pvdm train". A setting that is left out is as in the preset that is
    # named at the top, for example: preset = "skies-64". Without one it is as published.

    """

  fileprivate var tables: String {
    var lines: [String] = []
    for table in TrainingSetting.Table.allCases {
      lines += ["", "# \(table.meaning).", "[\(table.rawValue)]"]
      for setting in TrainingSetting.settings(of: table) {
        lines += [
          "", "# \(setting.meaning):", "# \(setting.range).",
          "\(setting.key) = \(setting.value(in: self).text)",
        ]
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}

extension TrainingPreset {
  /// The preset as a file to be edited, with what to know about it at the top.
  public var fileText: String {
    var comment = summary + "."
    if !departures.isEmpty {
      comment += "\n\nWhere it departs from the authors' scripts, and why:\n" + departures
    }
    let lines = comment.split(separator: "\n", omittingEmptySubsequences: false)
    return TrainingConfiguration.head + "#\n"
      + lines.map { $0.isEmpty ? "#\n" : "# \($0)\n" }.joined() + configuration.tables
  }
}
