/// A setting of a run: its names, its meaning, its values, and where ``GenerationSettings`` keeps it.
///
/// Preset files, forms, sweeps, command lines and the stored settings all follow these rows; see ``all``.
public struct GenerationSetting: Sendable, Identifiable {
  /// What belongs together.
  package enum Group: Sendable, Hashable {
    /// How clips are sampled.
    case sampler
    /// What is made: how many clips, of which seed, and how one follows another.
    case video
    /// How the networks compute.
    case compute
    /// What is shown meanwhile.
    case display
  }

  /// A setting as a line of a form.
  package struct Line: Sendable {
    /// What stands before the value.
    package var label: String
    /// What it does: half a sentence.
    package var help: String
    /// What one key press adds to a number.
    package var step = 1.0
    /// The decimals that are shown of it.
    package var decimals = 0
    /// The largest number that is offered, where more would be allowed.
    package var limit: Double?
    /// The words of a choice, where they differ from those of files.
    package var words: (@Sendable (GenerationSettings) -> [String])?
    /// Whether a word of a choice is offered; one that is chosen is shown in any case.
    package var isOffered: @Sendable (String) -> Bool = { _ in true }
    /// What is shown while there is nothing to choose.
    package var fixed: @Sendable (GenerationSettings) -> String? = { _ in nil }
    /// What stands after the value.
    package var note: @Sendable (GenerationSettings) -> String = { _ in "" }
  }

  /// Its name in preset files, such as `later_steps`.
  public let key: String
  /// What it belongs to.
  package let group: Group
  /// What people call it.
  public let title: String
  /// What it does: a sentence without a full stop.
  public let meaning: String
  /// What it did for an output that was made with it: half a sentence.
  let explanation: String
  /// Its line of forms.
  package let line: Line
  /// What the help of commands says of its option; `nil` if the commands have none, or each its own.
  package let optionHelp: String?
  /// The option's name without its dashes.
  package let optionName: String
  /// Values to begin a sweep with; `nil` if sweeps do not vary it.
  package let sweepExample: String?
  /// Whether presets hold it.
  package let isInPresets: Bool
  let storage: Storage

  /// A row.
  ///
  /// - Parameters:
  ///   - title: `nil` for the key.
  ///   - explanation: `nil` for the help of its line.
  ///   - optionName: `nil` for the key, with hyphens.
  init(
    _ key: String, _ group: Group, _ storage: Storage, title: String? = nil, meaning: String,
    explanation: String? = nil, line: Line, optionHelp: String? = nil, optionName: String? = nil,
    sweepExample: String? = nil, isInPresets: Bool = true
  ) {
    self.key = key
    self.group = group
    self.storage = storage
    self.title = title ?? key
    self.meaning = meaning
    self.explanation = explanation ?? line.help
    self.line = line
    self.optionHelp = optionHelp
    self.optionName = optionName ?? String(key.map { $0 == "_" ? "-" : $0 })
    self.sweepExample = sweepExample
    self.isInPresets = isInPresets
  }

  public var id: String { key }

  /// The values that it may have.
  package var domain: SettingDomain { storage.domain }
  /// Those values in words, after "expected".
  public var range: String { domain.text }
}

extension GenerationSetting: Hashable {
  public static func == (left: GenerationSetting, right: GenerationSetting) -> Bool {
    left.key == right.key
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(key) }
}

extension GenerationSettings {
  /// A setting's value, as files say it.
  public subscript(setting: GenerationSetting) -> SettingValue {
    setting.storage.read(self) ?? setting.domain.none ?? .text("")
  }

  /// Changes a setting. A seed that is given is kept from run to run.
  ///
  /// - Returns: `false`, changing nothing, if the value is of another kind or out of range; see
  ///   ``GenerationSetting/range``.
  public mutating func set(_ setting: GenerationSetting, to value: SettingValue) -> Bool {
    guard setting.domain.contains(value) else { return false }
    put(setting, value)
    if setting == .seed { isSeedLocked = true }
    return true
  }

  /// Takes a value of its kind as files and forms say it, where 0 or a word may make no choice.
  package mutating func put(_ setting: GenerationSetting, _ value: SettingValue) {
    assign(setting, value == setting.domain.none ? nil : value)
  }

  /// Takes a value as it is, in its range or not; one of another kind changes nothing.
  ///
  /// - Parameter value: `nil` makes no choice.
  package mutating func assign(_ setting: GenerationSetting, _ value: SettingValue?) {
    setting.storage.write(&self, value)
  }
}

extension GenerationSetting: Codable {
  /// Reads a setting by its key.
  ///
  /// - Throws: `DecodingError` if there is none of that name.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let key = try container.decode(String.self)
    guard let setting = Self.all.first(where: { $0.key == key }) else {
      throw DecodingError.dataCorruptedError(
        in: container, debugDescription: "there is no setting \(key)")
    }
    self = setting
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(key)
  }
}
