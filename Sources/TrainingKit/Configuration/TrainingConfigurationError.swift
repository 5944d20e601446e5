import RunKit

/// A training's configuration that cannot be used.
public struct TrainingConfigurationError: Error, Sendable, Hashable {
  /// The file that it stands in; `nil` for the command line.
  public let file: String?
  /// The line from 1, where it is known.
  public let line: Int?
  /// What is wrong.
  public let problem: Problem

  /// What is wrong.
  public enum Problem: Sendable, Hashable {
    /// Neither a preset nor a file of this name is there.
    case notFound(suggestion: String?)
    /// The file cannot be read, or is no short text.
    case unreadable
    /// The file's text breaks the rules of its format.
    case syntax(format: String, reason: String)
    /// There is no such preset.
    case unknownPreset(found: String, suggestion: String?)
    /// There is no such table; perhaps another was meant.
    case unknownTable(String, suggestion: String?)
    /// There is no such setting; perhaps another was meant.
    case unknownSetting(String, suggestion: String?)
    /// A short name that several tables have.
    case ambiguousSetting(String, candidates: [String])
    /// `--set` without a value.
    case noValue(String)
    /// A value of another kind, or out of range.
    case value(setting: String, found: String, expected: String)
    /// Values that are each in range and do not fit together.
    case unfit(setting: String, found: String, expected: String, reason: String)
    /// A YAML file that states no network of the authors'.
    case noNetwork
  }

  /// Describes a problem.
  public init(file: String? = nil, line: Int? = nil, _ problem: Problem) {
    self.file = file
    self.line = line
    self.problem = problem
  }
}

extension TrainingConfigurationError: ExplainedError {
  /// What was found and what was expected.
  package var sentence: String {
    guard let file else { return problem.text }
    return (line.map { "\(file):\($0): " } ?? "\(file): ") + problem.text
  }

  /// What to do next.
  package var remedy: String {
    let presets = TrainingPreset.allCases.map(\.rawValue).joined(separator: ", ")
    switch problem {
    case .notFound:
      return "Name a preset (\(presets)) or a .toml or .yaml file; \"pvdm train config PRESET\" "
        + "writes one"
    case .unreadable: return "Check the path and its permissions"
    case .syntax: return "\"pvdm train config PRESET\" shows how such a file looks"
    case .unknownPreset: return "Choose one of \(presets)"
    case .unknownTable, .unknownSetting:
      return "\"pvdm train config published\" shows every setting"
    case .ambiguousSetting(_, let candidates):
      return "Say one of \(candidates.joined(separator: ", "))"
    case .noValue: return "Write it as --set denoiser.base_width=64"
    case .value, .unfit: return ""
    case .noNetwork:
      return
        "Give the authors' configs/autoencoder or configs/latent-diffusion file, or one in TOML"
    }
  }
}

extension TrainingConfigurationError.Problem {
  fileprivate var text: String {
    func meant(_ suggestion: String?) -> String {
      suggestion.map { "; did you mean '\($0)'?" } ?? ""
    }
    return switch self {
    case .notFound(let suggestion):
      "there is no such preset or file" + meant(suggestion)
    case .unreadable: "cannot be read, or is no short text in UTF-8"
    case .syntax(let format, let reason): "is no \(format): \(reason)"
    case .unknownPreset(let found, let suggestion):
      "there is no preset '\(found)'" + meant(suggestion)
    case .unknownTable(let name, let suggestion): "unknown table '\(name)'" + meant(suggestion)
    case .unknownSetting(let name, let suggestion):
      "unknown setting '\(name)'" + meant(suggestion)
    case .ambiguousSetting(let name, _): "several settings are called '\(name)'"
    case .noValue(let text): "'\(text)' names no value"
    case .value(let setting, let found, let expected):
      "\(setting) is \(found); expected \(expected)"
    case .unfit(let setting, let found, let expected, let reason):
      "\(setting) is \(found); expected \(expected), because \(reason)"
    case .noNetwork: "states no network: neither ddconfig nor unet_config is there"
    }
  }
}
