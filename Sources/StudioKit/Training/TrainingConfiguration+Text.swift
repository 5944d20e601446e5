extension TrainingConfiguration {
  /// The configuration as its file says it: TOML, every setting with its meaning and what it may be.
  /// Reading it gives the same configuration.
  public var fileText: String {
    var lines = [
      "# A configuration of \"pvdm train\". A setting that is left out is as in the preset that is",
      "# named at the top, for example: preset = \"skies-64\". Without one it is as published.",
    ]
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
